"""Measures what a case costs in each stage over stores that hold so many cases, in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

from benchmarks.stream.populations import open_population
from benchmarks.stream.stages import CHUNK, Stages, Stopwatch
from pipeline.heap import freeze_heap
from pipeline.records.intake import SourceMessage

WARM_UP = 2000
"""Cases that go through all stages first: caches are filled, and people in them may be seen again."""

Row = dict[str, float]


def measure(folder: Path, population: str, partitions: int, held: int, cases: int, rarity: int) -> Row:
    """Microseconds of CPU a case by stage and part, counts a case, megabytes; then WARM_UP + `cases` more are held."""
    return measure_by_turns([Measured(folder, population, partitions, held, cases, rarity)])[0]


class Measured(NamedTuple):
    """Filled stores, and how many cases are to be measured over them."""

    folder: Path
    population: str
    partitions: int
    held: int
    cases: int
    rarity: int


def measure_by_turns(wanted: Sequence[Measured]) -> list[Row]:
    """Rows of several stores, each in a process of its own.

    They take a chunk of cases by turns, so that the host's drift is shared.
    """
    context = get_context("spawn")
    running: list[tuple[Connection, BaseProcess]] = []
    for one in wanted:
        here, there = context.Pipe()
        child: BaseProcess = context.Process(target=_measure, args=(there, one))
        child.start()
        there.close()
        here.recv()
        running.append((here, child))
    rows: dict[int, Row] = {}
    while len(rows) < len(wanted):
        for at, (pipe, _) in enumerate(running):
            if at not in rows:
                pipe.send(None)
                answer = pipe.recv()
                if answer is not None:
                    rows[at] = answer
    for _, ended in running:
        ended.join()
    return [rows[at] for at in range(len(wanted))]


def _measure(parent: Connection, wanted: Measured) -> None:
    watch, population = Stopwatch(), open_population(wanted.population, wanted.held, made=wanted.held)
    stages = Stages(wanted.folder, wanted.partitions, wanted.rarity, watch)
    freeze_heap()
    run_all(stages, population.messages(), WARM_UP, Stopwatch())
    watch.seconds.clear()
    before = stages.counts()

    def await_turn() -> None:
        parent.send(None)
        parent.recv()

    links = len(run_all(stages, population.messages(), wanted.cases, watch, await_turn))
    row: Row = {name: seconds / wanted.cases * 1e6 for name, seconds in watch.seconds.items()}
    row |= {name: (count - before[name]) / wanted.cases for name, count in stages.counts().items()}
    row |= {"held": wanted.held, "rarity": wanted.rarity, "links": links / wanted.cases, "memory": memory_mb()}
    cases = wanted.held + WARM_UP + wanted.cases
    row |= {f"{part} bytes": size / cases for part, size in stages.disk().items()}
    stages.close()
    parent.send(row)


def run_all(
    stages: Stages,
    messages: Iterator[SourceMessage],
    count: int,
    watch: Stopwatch,
    await_turn: Callable[[], None] = lambda: None,
) -> list[bytes]:
    """Send cases through all stages until nothing waits; returns the claims that they lead to, values of `links`.

    With each chunk of cases come the records that the chunks before it have led to, as in a running installation.
    """
    claimed: list[bytes] = []
    intake, correlate, project = (
        watch.timed(name, step)
        for name, step in (("intake", stages.intake), ("correlate", stages.correlate), ("project", stages.project))
    )
    left = count
    while left or stages.waiting:
        await_turn()
        records, fingerprints = intake(list(islice(messages, min(CHUNK, left))))
        left -= len(records)
        stages.send(fingerprints)
        claims = stages.send(correlate())
        project(records, claims)
        claimed += claims
    return claimed


def memory_mb(process: int | str = "self") -> float:
    """Private memory of a process in megabytes: without the page cache that maps the stores' files."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) * 1024 / 1e6
