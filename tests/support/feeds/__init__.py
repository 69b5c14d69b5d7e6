"""Processes of agencies that push."""
