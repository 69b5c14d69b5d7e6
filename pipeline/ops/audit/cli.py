"""`liaison ops audit`: whether the audit trail is whole."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.command_settings import from_environment
from pipeline.ops.exit_codes import FAILED
from pipeline.ops.json_output import JsonObjectOption

if TYPE_CHECKING:
    from pipeline.access.audit_verification import TrailFinding
    from pipeline.ops.audit.log_check import LogCheck


def audit_commands() -> typer.Typer:
    """The commands under `ops audit`."""
    group = typer.Typer(help="The audit trail.", no_args_is_help=True)
    group.command("verify", epilog="Example: liaison ops audit verify --json")(verify_audit_trail)
    group.command("key", epilog="Example: liaison ops audit key")(print_log_key)
    group.command("tag-keys", epilog="Example: liaison ops audit tag-keys fr-pj > fr-pj-tag-keys.json")(agency_tag_keys)
    return group


def verify_audit_trail(
    log_key: Annotated[str, typer.Option("--log-key", help="The log's verifier key; by default this machine's.")] = "",
    as_json: JsonObjectOption = False,
) -> None:
    """Check the whole audit trail and its log for missing, altered, reordered, cut or forked entries.

    Every entry is checked against its chain and its leaf, every signed head against the leaves. Exit 1 if anything does
    not match.
    """
    import msgspec

    entries, found, checked = asyncio.run(_check_trail_and_log(log_key))
    if as_json:
        report = {"entries": entries, "findings": msgspec.to_builtins(found), "log": msgspec.to_builtins(checked)}
        typer.echo(json.dumps(report))
    else:
        _print_findings(entries, found, checked)
    if found or checked.findings:
        raise typer.Exit(FAILED)


def _print_findings(entries: int, found: list[TrailFinding], checked: LogCheck) -> None:
    for finding in found:
        typer.echo(f"{finding.fault}\t{finding.chain}\t{finding.sequence}\t{finding.told}")
    for each in checked.findings:
        typer.echo(f"{each.fault}\tlog\t{each.at}\t{each.told}")
    heads = f"{checked.heads:,} heads" if checked.heads else "heads not checked (--log-key)"
    typer.echo(f"{checked.leaves:,} leaves, {heads}, {checked.waiting:,} entries not in the log yet")
    typer.echo(f"{entries:,} entries, {len(found) + len(checked.findings)} faults")


async def _check_trail_and_log(log_key: str) -> tuple[int, list[TrailFinding], LogCheck]:
    from rich.console import Console

    from pipeline.access.audit_verification import TrailVerifier
    from pipeline.ops.audit.log_check import check_log, known_log_key

    settings, verification = from_environment(), TrailVerifier()
    with Console(stderr=True).status("Reading the audit trail and its log ..."):
        checked = await check_log(settings, known_log_key(settings, log_key), verification.check_entry)
    return verification.entries, verification.findings(datetime.now(UTC)), checked


def print_log_key() -> None:
    """Print the audit log's verifier key, which every agency's witness needs once."""
    from pipeline.streams.audit.log_keys import signing_key

    typer.echo(signing_key(from_environment(), make=False).verifier.text)


def agency_tag_keys(agency: Annotated[str, typer.Argument(help="The agency.")]) -> None:
    """Print an agency's tag keys as JSON; give them to that agency only."""
    from pipeline.streams.audit.log_keys import tag_keys
    from pipeline.streams.registers.installation_secret import key_ring
    from pipeline.transparency.leaves import encode64

    encoded = {
        key_id: encode64(each) for key_id, each in tag_keys(key_ring(from_environment())).tag_keys_of(agency).items()
    }
    typer.echo(json.dumps({"keys": encoded}))
