"""`liaison worker` and `liaison topics`."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from pipeline.command_settings import from_environment
from pipeline.logs import set_up_logging
from pipeline.ops.command_output import JsonObjectOption
from pipeline.streams.kafka.record_batches import require_codecs
from pipeline.streams.provisioning.setup import apply_all


class Worker(StrEnum):
    """What `liaison worker` runs."""

    INTAKE = "intake"
    CORRELATE = "correlate"
    PROJECT = "project"
    NOTIFY = "notify"
    DERIVE = "derive"
    ATTEST = "attest"
    ALL = "all"


def apply_topics(
    repair: Annotated[
        bool, typer.Option("--repair", help="Add missing replicas and settings to existing topics.")
    ] = False,
    as_json: JsonObjectOption = False,
) -> None:
    """Create missing topics, and report where existing ones differ from the catalogue.

    Waits up to 60 s for brokers to start. Safe to interrupt and repeat. Existing topics change only with --repair,
    which removes no replica; another partition count is refused.
    Example: liaison topics apply --repair
    """
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("Topics", total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, description="Partitions copied", completed=done, total=total)

        applied = asyncio.run(apply_all(from_environment(), advance if repair else None))
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(applied)))
        return
    typer.echo(f"{len(applied.created)} topics created, {len(applied.present)} already existed")
    for line in applied.repaired:
        typer.echo(f"repaired: {line}")
    for line in applied.differences:
        typer.echo(f"differs: {line}")


def start_worker(
    stage: Annotated[Worker, typer.Argument(help="The stage to run; `all` runs each in a process of its own.")],
    generation: Annotated[
        str, typer.Option(help="Work for this generation; by default follow the active one.", show_default=False)
    ] = "",
    attached: Annotated[bool, typer.Option("--attached", hidden=True)] = False,
) -> None:
    """Run a worker until it is interrupted. Start more of them, anywhere, to share the work.

    `all` runs every stage of every generation that is registered. Ended by SIGTERM, a worker may come back within 6
    seconds to what it was reading; Ctrl-C (SIGINT) ends it for good, and others take over at once.

    Example: liaison worker correlate
    """
    settings = from_environment()
    require_codecs()
    set_up_logging(stage, settings.log_level, generation)
    if stage is Worker.ALL:  # what a stage runs on (80 MB) is not imported into the process that only starts them
        from pipeline.streams.workers.supervisor import supervise_stages

        supervise_stages(settings)
    else:
        from pipeline.streams.workers.worker import run_worker

        run_worker(stage, settings, generation=generation, attached=attached)
