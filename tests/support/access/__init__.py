"""The disclosure rules a second time."""
