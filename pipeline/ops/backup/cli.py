"""`liaison ops backup`, `unseal` and `restore`."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipeline.command_settings import from_environment
from pipeline.ops.backup.files import BackupFolder, BackupManifest
from pipeline.ops.backup.restore import RestoreSummary, restore_installation
from pipeline.ops.backup.run import copy_installation
from pipeline.ops.backup.sealed_keys import open_keys, put_keys, read_passphrase
from pipeline.ops.command_output import JsonObjectOption
from pipeline.ops.operation import audit_operation
from pipeline.progress_bars import show_count
from pipeline.settings import Settings
from pipeline.streams.provisioning.users import read_logins
from pipeline.times import now

PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase", exists=True, dir_okay=False, help="File with the passphrase of the sealed keys."),
]
FinishedBackup = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A finished backup.")]


def create_backup(
    folder: Annotated[Path, typer.Argument(help="An empty folder, or one with an unfinished backup.")],
    passphrase: Annotated[
        Path | None,
        typer.Option(
            "--passphrase",
            exists=True,
            dir_okay=False,
            help="File with a passphrase, mode 600: seal with it into the backup what else a restore needs.",
        ),
    ] = None,
    as_json: JsonObjectOption = False,
) -> None:
    """Copy cases, decisions, agencies, the model and the audit trail to files, without downtime; resumable.

    The files hold personal data. A restore also needs the installation's secret (LIAISON_SECRET_FILE), the audit log's
    signing key (LIAISON_AUDIT_LOG_KEY_FILE) and Kafka's users: with --passphrase the backup holds them, encrypted, else
    the command names what to keep apart. Keep the passphrase apart from backups. The keys of query text
    (LIAISON_AUDIT_KEYS) are never in a backup.
    """
    settings = from_environment()
    seal = read_passphrase(passphrase) if passphrase else b""

    async def copied() -> BackupManifest:
        async with audit_operation(settings, f"backup {folder.name}"):
            with show_count("reads") as count:
                return await copy_installation(settings, BackupFolder(folder), now, count, seal)

    done = asyncio.run(copied())
    kept = read_logins(settings)
    unkept = [user for user in done.users if user not in kept]
    report = {
        "backup": done.id,
        "files": len(done.segments),
        "records": sum(segment.records for segment in done.segments),
        "bytes": sum(segment.size for segment in done.segments),
        "secrets": list(done.secrets),
        "log": done.log,
        "users": list(done.users),
        "new_passwords": unkept,
        "sealed": bool(done.sealed),
    }
    if as_json:
        typer.echo(json.dumps(report))
        return
    typer.echo(
        f"backup {done.id}: {report['records']:,} records in {report['files']:,} files, {report['bytes']:,} bytes"
    )
    _print_needs(settings, done, unkept)


def _print_needs(settings: Settings, done: BackupManifest, unkept: list[str]) -> None:
    """What a restore needs beside the records, and where it is."""
    where = {
        f"the installation's secret, key id {', '.join(done.secrets)}": f": keep {settings.secret_path} apart",
        f"the signing key of the audit log {done.log}": f": keep {settings.audit_log_key_path} of `attest` apart",
    }
    typer.echo(f"A restore also needs{', which are sealed in the backup' if done.sealed else ''}:")
    for what, keep in where.items():
        if done.log or "audit log" not in what:
            typer.echo(f"- {what}{'' if done.sealed else keep}")
    if done.users:
        typer.echo(f"- Kafka's users {', '.join(done.users)}{'' if done.sealed else ': they get new passwords'}")
    if done.sealed and unkept:
        typer.echo(f"  of which {', '.join(unkept)} get new passwords, since another home made them")
    if done.sealed:
        typer.echo("Keep the passphrase apart from the backup: whoever has both can do what this installation can")


def unseal_keys(
    folder: FinishedBackup,
    passphrase: Annotated[
        Path, typer.Option("--passphrase", exists=True, dir_okay=False, help="File with the passphrase, mode 600.")
    ],
    as_json: JsonObjectOption = False,
) -> None:
    """Put the secret and the audit log's signing key of a sealed backup where the settings look for them.

    The first command of a restore: `liaison up` would make another secret in a new home. No other file is replaced.
    """
    keys = open_keys(BackupFolder(folder).read_sealed(), read_passphrase(passphrase))
    files = put_keys(from_environment(), keys)
    if as_json:
        typer.echo(json.dumps({"files": [str(path) for path in files.values()], "users": sorted(keys.logins)}))
        return
    for what, path in files.items():
        typer.echo(f"{what}: {path}")
    if keys.logins:
        typer.echo(f"`liaison ops restore` with the same passphrase brings the users {', '.join(sorted(keys.logins))}")


def restore_backup(
    folder: FinishedBackup, passphrase: PassphraseFile = None, as_json: JsonObjectOption = False
) -> None:
    """Restore a backup into an empty installation, before any worker runs; resumable.

    With --passphrase, Kafka's users get their passwords, rights and rates again. Workers started afterwards compute
    links and indexes. Agencies send again what is newer than the backup.
    """
    settings, held = from_environment(), BackupFolder(folder)
    keys = open_keys(held.read_sealed(), read_passphrase(passphrase)) if passphrase else None

    async def brought() -> RestoreSummary:
        with show_count("files checked and transactions") as count:
            return await restore_installation(settings, held, count, keys)

    done = asyncio.run(brought())
    if as_json:
        typer.echo(json.dumps(asdict(done)))
        return
    if done.replaced:
        typer.echo(done.replaced)
    typer.echo(f"backup {done.backup} restored: {done.records:,} records, {done.agencies} agencies")
    if done.users:
        typer.echo(f"Kafka's users {', '.join(done.users)} have the passwords that they had")
    if done.new_passwords:
        typer.echo(
            f"Kafka's users {', '.join(done.new_passwords)} need new passwords: "
            "`liaison ops agency add NAME --country XX --renew`, `liaison ops credentials ROLE --renew`"
        )
    typer.echo(f"generation {done.generation} is active; start the workers")
