"""`liaison up`, `down` and `status`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import orjson
import typer
from rich.console import Console

from pipeline.command_settings import from_environment
from pipeline.localstack import stack
from pipeline.localstack.processes import end_on_signals
from pipeline.localstack.stack import EngineStatus
from pipeline.ops.command_output import FAILED, JsonOption


def up(
    secure: Annotated[
        bool,
        typer.Option("--secure", help="Kafka authenticates every client; this can't be undone for this LIAISON_HOME."),
    ] = False,
    accept_open_index: Annotated[
        bool,
        typer.Option(
            "--accept-open-index",
            help="With --secure: start the local Elasticsearch, though every user of this machine can read it.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Start Apache Kafka and Elasticsearch on loopback, except those that LIAISON_*_URL names."""
    with end_on_signals():
        stack.start_engines(from_environment(), Console(stderr=True), secure=secure, open_index=accept_open_index)
    _print_states(stack.engine_statuses(from_environment()), as_json)


def down(as_json: JsonOption = False) -> None:
    """Stop the local engines; their data stays."""
    stopped = stack.stop_engines(from_environment(), Console(stderr=True))
    if as_json:
        typer.echo(orjson.dumps({"stopped": stopped}))
    else:
        typer.echo(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


def status(as_json: JsonOption = False) -> None:
    """Show whether the engines are running; exit 1 if one is not."""
    states = stack.engine_statuses(from_environment())
    _print_states(states, as_json)
    if not all(state.healthy for state in states):
        raise typer.Exit(FAILED)


def _print_states(states: list[EngineStatus], as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps([asdict(state) for state in states]))
        return
    for state in states:
        process = f"pid {state.pid}" if state.pid else ""
        typer.echo(f"{state.title:<20} {state.state:<12} {state.url:<24} {process}".rstrip())
        if not state.healthy and state.log:
            typer.echo(f"{'':<20} log: {state.log}")
