"""Rules out pairs that cannot be linked, by upper bounds of their scores, before anything is compared."""
