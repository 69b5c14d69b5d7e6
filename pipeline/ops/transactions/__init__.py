"""Open transactions, and ending one that hangs."""
