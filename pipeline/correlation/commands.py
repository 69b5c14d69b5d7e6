"""Commands; heavy imports live inside the functions so that `liaison --help` stays fast."""

from __future__ import annotations

import typer


def register(batch: typer.Typer) -> None:
    """Add `correlate` and `blocking-report` to `liaison batch`."""
