"""Reads agencies' tables and public lists, in whatever form they come, as rows of text."""
