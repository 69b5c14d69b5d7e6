"""The fixtures of a whole installation."""

from support.installation.fixtures import installation, make_installation, ports, records, start_all, start_stage

__all__ = ["installation", "make_installation", "ports", "records", "start_all", "start_stage"]
