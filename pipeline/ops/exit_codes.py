"""Exit codes of the `liaison` command; 2, for wrong usage, is typer's."""

from __future__ import annotations

from typing import Final

FAILED: Final = 1
"""A command could not do what it was asked, or what it checked does not hold: a rejected line, a broken chain."""
