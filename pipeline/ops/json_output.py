"""What commands print with --json."""

from __future__ import annotations

from typing import Any

import typer


def print_json(value: Any) -> None:
    """Print one JSON value on a line."""
    import msgspec

    typer.echo(msgspec.json.encode(value).decode())
