"""Backup of what can't be computed again, and restoring from it."""
