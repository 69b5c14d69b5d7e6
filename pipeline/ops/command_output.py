"""What commands have in common: the option --json, what they print with it, and the exit codes."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
JsonObjectOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
JsonArrayOption = Annotated[bool, typer.Option("--json", help="Print one JSON array.")]
JsonLinesOption = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]


def print_json(value: Any) -> None:
    """Print one JSON value on a line."""
    typer.echo(msgspec.json.encode(value).decode())


FAILED: Final = 1
"""A command could not do what it was asked, or what it checked does not hold: a rejected line, a broken chain."""

MISUSED: Final = 2
"""Wrong usage, as typer has it: words that no command takes, or a command whose libraries are not installed."""
