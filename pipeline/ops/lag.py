"""`liaison ops lag`."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, Final

import typer
from rich.console import RenderableType
from rich.live import Live
from rich.table import Table

from pipeline.command_settings import from_environment
from pipeline.errors import LiaisonError
from pipeline.ops.command_output import JsonArrayOption
from pipeline.streams.monitoring.lag import Lag, measure_lag

EVERY_S: Final = 2.0
"""Seconds between two looks of --watch: one costs the broker a read of every group's offsets."""


def show_lag(
    as_json: JsonArrayOption = False,
    watch: Annotated[bool, typer.Option("--watch", help="Refresh every 2 s until Ctrl-C.")] = False,
) -> None:
    """Show messages waiting at each stage (lag), by topic and partition; partitions without lag are left out."""
    if as_json and watch:
        raise typer.BadParameter("--json prints once: it does not go with --watch")
    settings = from_environment()
    if watch:
        _watch_lag(lambda: asyncio.run(measure_lag(settings)))
        return
    found = asyncio.run(measure_lag(settings))
    if as_json:
        typer.echo(json.dumps([asdict(lag) for lag in found]))
        return
    for lag in filter_behind(found):
        typer.echo(f"{lag.group}\t{lag.topic}\t{lag.partition}\t{lag.lag}")
    typer.echo(format_total(found))


def filter_behind(found: Sequence[Lag]) -> list[Lag]:
    """The partitions with something left to do."""
    return [lag for lag in found if lag.lag]


def format_total(found: Sequence[Lag]) -> str:
    """The last line."""
    return f"{sum(lag.lag for lag in found)} records behind in all"


def render_views(look: Callable[[], Sequence[Lag]]) -> Iterator[RenderableType]:
    """What to show after each look, for ever: a table, or why there is none while Kafka does not answer."""
    while True:
        try:
            yield lag_table(look())
        except LiaisonError as error:
            yield f"{error}; looking again"


def lag_table(found: Sequence[Lag]) -> RenderableType:
    """Lag for a terminal, in the order of the names."""
    shown = Table("Group", "Topic", caption=format_total(found))
    shown.add_column("Partition", justify="right")
    shown.add_column("Behind", justify="right")
    for lag in filter_behind(found):
        shown.add_row(lag.group, lag.topic, str(lag.partition), f"{lag.lag:,}")
    return shown


def _watch_lag(look: Callable[[], Sequence[Lag]]) -> None:
    with suppress(KeyboardInterrupt), Live(auto_refresh=False) as live:
        for view in render_views(look):
            live.update(view, refresh=True)
            time.sleep(EVERY_S)
