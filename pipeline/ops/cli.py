"""`liaison ops`: assembled from its subjects, each of which has its own commands."""

from __future__ import annotations

import asyncio
import json

import typer

from pipeline.command_settings import from_environment
from pipeline.ops.agencies import cli as agency_commands
from pipeline.ops.audit.cli import audit_commands
from pipeline.ops.backup import cli as backup_commands
from pipeline.ops.generations import cli as generation_commands
from pipeline.ops.indexes import cli as index_commands
from pipeline.ops.json_output import JsonObjectOption
from pipeline.ops.policy import cli as policy_commands
from pipeline.ops.replay import cli as replay_commands
from pipeline.ops.retention import cli as retention_commands
from pipeline.ops.scorecard import cli as scorecard_commands
from pipeline.ops.secrets import cli as secret_commands
from pipeline.ops.sessions import cli as session_commands
from pipeline.ops.shadow import cli as shadow_commands
from pipeline.ops.status import accounting_cli as accounting_commands
from pipeline.ops.status import lag_cli as lag_commands
from pipeline.ops.subject_report import cli as subject_commands
from pipeline.ops.transactions import cli as transaction_commands


def register(root: typer.Typer) -> None:
    """Add `ops` to the root command."""
    ops = typer.Typer(help="For operators.", no_args_is_help=True)
    accounting_commands.register(ops)
    agency_commands.register(ops)
    backup_commands.register(ops)
    ops.add_typer(audit_commands(), name="audit")
    lag_commands.register(ops)
    policy_commands.register(ops)
    replay_commands.register(ops)
    retention_commands.register(ops)
    scorecard_commands.register(ops)
    secret_commands.register(ops)
    session_commands.register(ops)
    shadow_commands.register(ops)
    subject_commands.register(ops)
    transaction_commands.register(ops)
    generation_commands.register(ops)
    ops.command("sweep")(sweep_links)
    index_commands.register(ops)
    root.add_typer(ops, name="ops", rich_help_panel="For operators")


def sweep_links(as_json: JsonObjectOption = False) -> None:
    """Remove evidence about withdrawn and expired cases that is left in links; safe while workers run.

    Example: liaison ops sweep
    """
    from pipeline.ops.indexes.sweep import sweep_all
    from pipeline.ops.operation import audit_operation

    settings = from_environment()

    async def done() -> int | None:
        async with audit_operation(settings, "sweep"):
            return await sweep_all(settings)

    swept = asyncio.run(done())
    if as_json:
        typer.echo(json.dumps({"swept": swept or 0}))
    elif swept is None:
        typer.echo("there is no index yet, so there is nothing to clear")
    else:
        typer.echo(f"{swept} links cleared")
