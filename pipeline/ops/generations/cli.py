"""`liaison ops generation`."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipeline.command_settings import from_environment
from pipeline.correlation.key_kinds import kind_of
from pipeline.correlation.stop_lists import StopProposal, add_stop_keys, read_stop_list
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import Model, load_model
from pipeline.matching.model_file import ModelFile
from pipeline.ops.command_output import JsonOption, print_json
from pipeline.ops.generations.run import (
    ALLOWED_BEHIND,
    POLL_S,
    READINGS,
    GenerationStatus,
    build_generation,
    drop_generation,
    find_hot_keys,
    propose_stop_list,
    read_statuses,
    switch_generation,
)
from pipeline.ops.generations.stop_table import print_proposals, write_proposals
from pipeline.ops.operation import audit_operation
from pipeline.progress_bars import show_progress
from pipeline.streams.registers.control import Generation, read_control, tell_replaced

Id = Annotated[str, typer.Argument(help="Generation id: twelve hexadecimal digits, see `status`.")]


def build(
    model: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Matching model; by default the active generation's."),
    ] = None,
    stop: Annotated[list[int] | None, typer.Option(help="Blocking key for the stop list; repeatable.")] = None,
    stop_list: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Stop the keys of this file, made by `suggest`.")
    ] = None,
    stop_over: Annotated[int, typer.Option(min=0, help="Stop every key shared by more cases than this; 0: none.")] = 0,
    correlate_partitions: Annotated[
        int,
        typer.Option(
            "--partitions", "--block-partitions", min=0, help="Partitions of its topics; 0: as the active generation."
        ),
    ] = 0,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until its workers have computed it.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Set up a generation beside the active one; workers (`liaison worker all`) start computing it within seconds.

    A model that shipped with another version of Liaison gives way to this version's.

    Example: liaison ops generation build --model model.json --stop-list stops.ndjson --wait
    """
    settings = from_environment()
    keys = {*(stop or ()), *(read_stop_list(stop_list) if stop_list else ())}

    async def built() -> tuple[Generation, dict[str, int]]:
        made, stopped = await _load_model(model, keys, stop_over)
        async with audit_operation(settings, f"generation build of model {made.file.version}"):
            return await build_generation(settings, made, correlate_partitions), stopped

    generation, stopped = asyncio.run(built())
    if wait:
        asyncio.run(_wait_until_computed(generation.id))
    if as_json:
        typer.echo(json.dumps({"generation": generation.id, "stopped": stopped}))
    else:
        _print_built(generation.id, stopped, computed=wait)


def _print_built(generation: str, stopped: dict[str, int], *, computed: bool) -> None:
    for kind, count in stopped.items():
        typer.echo(f"stopped {count} keys of kind {kind}")
    typer.echo(
        f"generation {generation} is {'computed' if computed else 'set up'}; see `liaison ops generation status`"
    )


async def _load_model(path: Path | None, stop: set[int], over: int) -> tuple[Model, dict[str, int]]:
    """The model with the keys to stop, and how many of each kind those are: the keys themselves tell of people."""
    settings = from_environment()
    active = (await read_control(settings)).find_generation()
    file = load_model(path).file if path else _take_model_on(active)
    keys = stop | (await find_hot_keys(settings, active, over) if over else set())
    made = add_stop_keys(file, keys)
    return made, dict(sorted(Counter(kind_of(key).name.lower() for key in keys).items()))


def _take_model_on(active: Generation) -> ModelFile:
    file = active.take_model_on("train one by `liaison batch train`, and give it by --model").file
    if replaced := tell_replaced(active, file):
        typer.echo(replaced, err=True)
    return file


def suggest(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the stop list here, for `build --stop-list`.")
    ] = None,
    over: Annotated[int, typer.Option(min=2, help="Look at keys that more cases than this bear.")] = 1000,
    worth: Annotated[
        int, typer.Option(min=1, help="Pairs that a link may cost which a key alone brings, for the key to stay.")
    ] = 10_000,
    as_json: JsonOption = False,
) -> None:
    """Propose a stop list for the active generation: keys that many cases bear, what each costs and what it brings.

    Of each key some cases are held against all others that bear it. Links that no other key brings are lost without it;
    many of them may be false, since what everybody has is evidence as if few had it.

    Example: liaison ops generation suggest -o stops.ndjson
    """
    proposals = asyncio.run(_propose(over, worth))
    if output is not None:
        write_proposals(output, proposals)
    if as_json:
        print_json(proposals)
        return
    print_proposals(proposals)
    stopped = sum(proposal.stop for proposal in proposals)
    typer.echo(
        f"{len(proposals)} keys are borne by more than {over} cases each; {stopped} of them are worth leaving out"
    )


async def _propose(over: int, worth: int) -> tuple[StopProposal, ...]:
    settings = from_environment()
    active = (await read_control(settings)).find_generation()
    with show_progress() as bar:
        total = READINGS * active.correlate_partitions
        task = bar.add_task("partitions", total=total)
        matcher = ModelMatcher(active.compile_model())
        proposals = await propose_stop_list(settings, active, matcher, over, worth, lambda: bar.advance(task))
        bar.update(task, completed=total)
        return proposals


async def _wait_until_computed(generation: str) -> None:
    with show_progress() as bar:
        task = bar.add_task(f"generation {generation}", total=1.0)
        while True:
            [status] = [found for found in await read_statuses(from_environment()) if found.id == generation]
            bar.update(task, completed=status.derived)
            if sum(status.behind.values()) <= ALLOWED_BEHIND:
                return
            await asyncio.sleep(POLL_S)


def status(as_json: JsonOption = False) -> None:
    """Show every generation: model, lag and workers by stage, and progress.

    Example: liaison ops generation status --json
    """
    found = asyncio.run(read_statuses(from_environment()))
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found]))
        return
    for each in found:
        typer.echo(_format_status(each))


def _format_status(status: GenerationStatus) -> str:
    stages = ", ".join(
        f"{stage} {behind} behind ({status.workers[stage]} workers)" for stage, behind in status.behind.items()
    )
    state = "active" if status.active else f"{status.derived:.0%} computed"
    made = f"model {status.model}, {status.stop_keys} stop keys, by {status.by} {status.time}"
    return f"{status.id}  {state}  {made}\n  {stages}"


def switch(
    generation: Id,
    force: Annotated[bool, typer.Option("--force", help="Switch even if it is behind.")] = False,
) -> None:
    """Switch readers to another generation, and notify agencies of what changes; the way back is the same.

    Example: liaison ops generation switch 0123456789ab
    """
    settings = from_environment()

    async def switched() -> None:
        async with audit_operation(settings, f"generation switch {generation}{' --force' if force else ''}"):
            await switch_generation(settings, generation, force=force)

    asyncio.run(switched())
    typer.echo(f"{generation} is active")


def drop(generation: Id, as_json: JsonOption = False) -> None:
    """Delete a generation that is not active: topics, indexes, groups, and this LIAISON_HOME's stores.

    Example: liaison ops generation drop 0123456789ab
    """
    settings = from_environment()

    async def dropped() -> list[str]:
        async with audit_operation(settings, f"generation drop {generation}"):
            return await drop_generation(settings, generation)

    gone = asyncio.run(dropped())
    typer.echo(
        json.dumps({"deleted": gone}) if as_json else f"{generation} dropped; {len(gone)} topics and indexes deleted"
    )
