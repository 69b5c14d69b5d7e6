"""Bounds that leave out pairs which can't be linked, before anything is compared."""
