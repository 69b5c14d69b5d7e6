"""The fixtures of a whole installation."""

from whole_installation import records

__all__ = ["records"]
