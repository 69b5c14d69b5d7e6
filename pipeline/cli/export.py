"""`liaison export`: the export service in this process, for the local operator, who is audited like everyone."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, Literal

import typer
from rich.console import Console
from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipeline.access.requester import parse_grounds
from pipeline.api.client import OPERATOR, OWN_GROUNDS
from pipeline.api.runtime import open_runtime
from pipeline.api.services.exports import ExportFormat, What, export_records
from pipeline.api.session import Session
from pipeline.cli.api import OPERATOR_NOTE
from pipeline.command_settings import from_environment
from pipeline.settings import Settings
from pipeline.streams.provisioning.users import as_role

AROUND: Final = {"csv": 1, "excel": 1, "stix": 2}
"""Lines of a file besides its records."""


def export(
    what: Annotated[Literal["links", "cases"], typer.Argument(help="What to export.")],
    form: Annotated[
        Literal["ndjson", "ftm", "stix", "csv", "excel"],
        typer.Option(
            "--format",
            help="JSON lines, FollowTheMoney entities, a STIX 2.1 bundle, or a table, also for Excel.",
        ),
    ] = "ndjson",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write; otherwise standard output.")
    ] = None,
) -> None:
    """Write all links or cases you have access to as a file."""
    typer.echo(OPERATOR_NOTE, err=True)
    own = as_role(from_environment(), "api")
    if output is None:
        count = asyncio.run(_write_export(own, what, form, sys.stdout.buffer.write))
    else:
        with output.open("wb") as file, _show_progress(what) as advance:
            count = asyncio.run(_write_export(own, what, form, lambda part: advance(file.write(part))))
    kind = {"ftm": "entities", "stix": "objects"}.get(form, what)
    typer.echo(f"{count:,} {kind} exported as {form}", err=True)


async def _write_export(settings: Settings, what: What, form: ExportFormat, write: Callable[[bytes], object]) -> int:
    """Write the parts; returns how many records they hold."""
    lines = 0
    async with open_runtime(settings.model_copy(update={"max_index_lag": 0.0})) as runtime:
        session = Session(runtime, OPERATOR, parse_grounds(*OWN_GROUNDS))
        async for part in export_records(session, what, form):
            write(part)
            lines += part.count(b"\n")
    return lines - AROUND.get(form, 0)


@contextmanager
def _show_progress(what: str) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how much has been written; how much is to come nobody knows before it has been checked."""
    columns = (SpinnerColumn(), TextColumn(what), DownloadColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda size: progress.advance(task, size)
