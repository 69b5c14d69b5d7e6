"""Generated entities."""
