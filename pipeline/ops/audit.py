"""`liaison ops audit`: whether the audit trail is whole."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.settings import settings as from_environment

if TYPE_CHECKING:
    from pipeline.access.audit_verification import Finding

FAILED = 1


def audit_commands() -> typer.Typer:
    """The commands under `ops audit`."""
    group = typer.Typer(help="The record of who did what.", no_args_is_help=True)
    group.command("verify", epilog="Example: liaison ops audit verify --json")(verify)
    return group


def verify(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Read the whole audit trail and say what is missing, altered, reordered or cut short; exit 1 if anything is."""
    import msgspec

    entries, found = asyncio.run(_verified())
    if as_json:
        typer.echo(json.dumps({"entries": entries, "findings": msgspec.to_builtins(found)}))
    else:
        for one in found:
            typer.echo(f"{one.fault}\t{one.chain}\t{one.sequence}\t{one.told}")
        typer.echo(f"{entries:,} entries, {len(found)} faults")
    if found:
        raise typer.Exit(FAILED)


async def _verified() -> tuple[int, list[Finding]]:
    from rich.console import Console

    from pipeline.access.audit_verification import Verification
    from pipeline.streams.audit_tail import entries

    console = Console(stderr=True)
    verification = Verification()
    with console.status("Reading the audit trail ..."):
        async for entry in entries(from_environment()):
            verification.see(entry)
    return verification.entries, verification.findings(datetime.now(UTC))
