"""`liaison ops backup` and `restore`; heavy imports live inside the functions."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.command_settings import from_environment
from pipeline.ops.json_output import JsonObjectOption

if TYPE_CHECKING:
    from pipeline.ops.backup.files import BackupManifest
    from pipeline.ops.backup.restore import RestoreSummary


def register(ops: typer.Typer) -> None:
    """Add `backup` and `restore` to `ops`."""
    ops.command("backup", epilog="Example: liaison ops backup /srv/backups/2026-11-25")(create_backup)
    ops.command("restore", epilog="Example: liaison ops restore /srv/backups/2026-11-25")(restore_backup)


def create_backup(
    folder: Annotated[Path, typer.Argument(help="An empty folder, or one with an unfinished backup.")],
    as_json: JsonObjectOption = False,
) -> None:
    """Copy cases, decisions, agencies, the model and the audit trail to files, without downtime; resumable.

    The files hold personal data. Store the keys of query text (LIAISON_AUDIT_KEYS) and the installation's secret
    (LIAISON_SECRET_FILE) separately: neither is in the backup, and a restore needs the secret.
    """
    from pipeline.ops.backup.files import BackupFolder
    from pipeline.ops.backup.run import copy_installation as copy
    from pipeline.ops.operation import audit_operation
    from pipeline.progress_bars import show_count
    from pipeline.times import now

    settings = from_environment()

    async def copied() -> BackupManifest:
        async with audit_operation(settings, f"backup {folder.name}"):
            with show_count("reads") as count:
                return await copy(settings, BackupFolder(folder), now, count)

    done = asyncio.run(copied())
    report = {
        "backup": done.id,
        "files": len(done.segments),
        "records": sum(segment.records for segment in done.segments),
        "bytes": sum(segment.size for segment in done.segments),
        "secrets": list(done.secrets),
    }
    if as_json:
        typer.echo(json.dumps(report))
        return
    typer.echo(
        f"backup {done.id}: {report['records']:,} records in {report['files']:,} files, {report['bytes']:,} bytes"
    )
    typer.echo(
        f"A restore needs the installation's secret, key id {', '.join(done.secrets)}: "
        f"keep {settings.secret_path} apart from the backup"
    )


def restore_backup(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A finished backup.")],
    as_json: JsonObjectOption = False,
) -> None:
    """Restore a backup into an empty installation, before any worker runs; resumable.

    Workers started afterwards compute links and indexes. Agencies send again what is newer than the backup.
    """
    from dataclasses import asdict

    from pipeline.ops.backup.files import BackupFolder
    from pipeline.ops.backup.restore import restore_installation as bring_back
    from pipeline.progress_bars import show_count

    settings = from_environment()

    async def brought() -> RestoreSummary:
        with show_count("files checked and transactions") as count:
            return await bring_back(settings, BackupFolder(folder), count)

    done = asyncio.run(brought())
    if as_json:
        typer.echo(json.dumps(asdict(done)))
        return
    typer.echo(f"backup {done.backup} restored: {done.records:,} records, {done.agencies} agencies")
    typer.echo(f"generation {done.generation} is active; start the workers")
