"""The one exception that the command line turns into a one-line message."""

from __future__ import annotations


class LiaisonError(Exception):
    """An expected failure: its message is shown as one line, without a traceback, and the command exits with 1."""
