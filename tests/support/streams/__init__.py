"""Stages for tests of what every stage does."""
