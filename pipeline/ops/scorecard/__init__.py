"""The quality of each agency's data."""
