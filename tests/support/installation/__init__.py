"""A whole installation on the real engines, its processes and what they may suffer."""
