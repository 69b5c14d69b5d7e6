"""`liaison ops secret`: the installation's own secret."""

from __future__ import annotations

import asyncio
import json

import typer

from pipeline.command_settings import from_environment
from pipeline.ops.command_output import JsonObjectOption
from pipeline.ops.operation import audit_operation
from pipeline.secret_file import add_secret, make_secret
from pipeline.streams.registers.installation_secret import key_ring


def create_secret(as_json: JsonObjectOption = False) -> None:
    """Make the secret of a new installation; an existing one is never replaced.

    Give the file to every worker and server, and keep a copy apart from backups.
    """
    make_secret(from_environment())
    _print_key_ids(as_json)


def rotate_secret(as_json: JsonObjectOption = False) -> None:
    """Add a secret for new references and cursors; those issued before stay valid.

    Then give the file to every worker and server, and restart them. Hits, and disclosures already begun, keep their
    secret.
    """
    settings = from_environment()

    async def rotated() -> None:
        async with audit_operation(settings, "secret rotate"):
            await asyncio.to_thread(add_secret, settings)

    asyncio.run(rotated())
    _print_key_ids(as_json)


def show_secrets(as_json: JsonObjectOption = False) -> None:
    """Show the key ids of the installation's secrets, oldest first; never the secrets."""
    _print_key_ids(as_json)


def _print_key_ids(as_json: bool) -> None:
    settings = from_environment()
    ring = key_ring(settings)
    if as_json:
        typer.echo(json.dumps({"file": str(settings.secret_path), "key_ids": list(ring.ids), "current": ring.current}))
        return
    typer.echo(f"{settings.secret_path}: key ids {', '.join(ring.ids)}; new references use {ring.current}")
