"""The fixtures of a whole installation."""

from whole_installation import installation, make_installation, records, start_all, start_stage

__all__ = ["installation", "make_installation", "records", "start_all", "start_stage"]
