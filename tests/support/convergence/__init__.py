"""A small world of logs, workers and crashes around the pure core."""
