"""Liaison: event-driven case correlation across agencies and borders."""
