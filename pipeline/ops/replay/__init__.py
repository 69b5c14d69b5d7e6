"""Rejected messages, replays, and batches that are given up."""
