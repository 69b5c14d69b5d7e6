"""Commands; heavy imports live inside the functions so that `liaison --help` stays fast."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from pipeline.ops import replay_commands
from pipeline.ops.audit import audit_commands
from pipeline.settings import settings as from_environment


def register(root: typer.Typer) -> None:
    """Add `ops` to the root command."""
    ops = typer.Typer(help="For those who operate the installation.", no_args_is_help=True)
    agency = typer.Typer(help="The agencies that take part.", no_args_is_help=True)
    agency.command("add")(add_agency)
    agency.command("list")(list_agencies)
    ops.add_typer(agency, name="agency")
    ops.add_typer(audit_commands(), name="audit")
    ops.command("lag")(show_lag)
    replay_commands.register(ops)
    root.add_typer(ops, name="ops")


def add_agency(
    name: Annotated[str, typer.Argument(help="1 to 32 of a-z, 0-9 and -; its topics bear it.")],
    country: Annotated[str, typer.Option(help="ISO 3166-1 alpha-2 code.")],
) -> None:
    """Register an agency and create its topics; running workers take it in within seconds.

    Example: liaison ops agency add fr-pj --country FR
    """
    from pipeline.records.agencies import Agency
    from pipeline.streams.registry import add

    applied = asyncio.run(add(from_environment(), Agency(name, country)))
    typer.echo(f"{name} ({country}) takes part; {len(applied.created)} topics created")


def list_agencies(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False) -> None:
    """List the registered agencies. Example: liaison ops agency list --json"""
    from pipeline.streams.registry import agencies

    held = asyncio.run(agencies(from_environment())).values()
    if as_json:
        typer.echo(json.dumps([{"name": a.name, "country": a.country, "state": a.state} for a in held]))
        return
    for agency in held:
        typer.echo(f"{agency.name}\t{agency.country}\t{agency.state}")


def show_lag(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False) -> None:
    """Show how many records each stage is behind, by topic and partition; nothing is shown for what is done.

    Example: liaison ops lag --json
    """
    from dataclasses import asdict

    from pipeline.streams.lag import lag

    found = asyncio.run(lag(from_environment()))
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found]))
        return
    for one in found:
        if one.lag:
            typer.echo(f"{one.group}\t{one.topic}\t{one.partition}\t{one.lag}")
    typer.echo(f"{sum(one.lag for one in found)} records behind in all")
