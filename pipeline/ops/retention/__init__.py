"""Retention: what ends and when, decided purely and then done."""
