"""A network that delays, repeats and reorders requests of transactions, and what takes place behind it."""
