"""Brokers, proxies before them, and record batches made by hand."""
