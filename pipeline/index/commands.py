"""Commands; heavy imports live inside the functions so that `liaison --help` stays fast."""

from __future__ import annotations

import typer


def register(root: typer.Typer) -> None:
    """Add `search`, `case`, `links` and `export` to the root command."""
