"""The option --json of commands, and what they print with it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
JsonObjectOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
JsonArrayOption = Annotated[bool, typer.Option("--json", help="Print one JSON array.")]
JsonLinesOption = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]


def print_json(value: Any) -> None:
    """Print one JSON value on a line."""
    import msgspec

    typer.echo(msgspec.json.encode(value).decode())
