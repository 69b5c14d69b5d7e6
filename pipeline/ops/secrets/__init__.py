"""The installation's own secret."""
