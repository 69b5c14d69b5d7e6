"""Generations: a new model or stop list beside the one in use, and what the old one leaves."""
