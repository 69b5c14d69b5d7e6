"""Measures what a case costs in each stage over stores that hold so many cases, in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.stream.populations import open_population
from benchmarks.stream.stages import CHUNK, Stages, Stopwatch
from pipeline.heap import freeze_heap
from pipeline.records.intake import SourceMessage

WARM_UP = 2000
"""Cases that go through all stages first: caches are filled, and people in them may be seen again."""

Row = dict[str, float]


def measure(folder: Path, population: str, partitions: int, held: int, cases: int, rarity: int) -> Row:
    """Microseconds of CPU a case by stage and part, counts a case, megabytes; then WARM_UP + `cases` more are held."""
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_measure, args=(there, folder, population, partitions, held, cases, rarity))
    child.start()
    there.close()
    row: Row = here.recv()
    child.join()
    return row


def _measure(result: Connection, folder: Path, named: str, partitions: int, held: int, cases: int, rarity: int) -> None:
    watch, population = Stopwatch(), open_population(named, held, made=held)
    stages = Stages(folder, partitions, rarity, watch)
    freeze_heap()
    run_all(stages, population.messages(), WARM_UP, Stopwatch())
    watch.seconds.clear()
    before = stages.counts()
    links = run_all(stages, population.messages(), cases, watch)
    row = {name: seconds / cases * 1e6 for name, seconds in watch.seconds.items()}
    row |= {name: (count - before[name]) / cases for name, count in stages.counts().items()}
    row |= {"held": held, "rarity": rarity, "links": links / cases, "memory": memory_mb()}
    row |= {f"{part} bytes": size / (held + WARM_UP + cases) for part, size in stages.disk().items()}
    stages.close()
    result.send(row)


def run_all(stages: Stages, messages: Iterator[SourceMessage], count: int, watch: Stopwatch) -> int:
    """Send cases through all stages until nothing waits; the claims about them, counted.

    With each chunk of cases come the records that the chunks before it have led to, as in a running installation.
    """
    claimed = 0
    intake, correlate, project = (
        watch.timed(name, step)
        for name, step in (("intake", stages.intake), ("correlate", stages.correlate), ("project", stages.project))
    )
    left = count
    while left or stages.waiting:
        records, fingerprints = intake(list(islice(messages, min(CHUNK, left))))
        left -= len(records)
        stages.send(fingerprints)
        claims = stages.send(correlate())
        project(records, claims)
        claimed += len(claims)
    return claimed


def memory_mb(process: int | str = "self") -> float:
    """Private memory of a process in megabytes: without the page cache that maps the stores' files."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) * 1024 / 1e6
