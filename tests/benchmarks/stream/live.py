"""An installation on real engines: how fast it is, how soon a case is found at some loads, what CPU a case takes.

First as many cases as are wanted wait in Kafka: how fast they are done is the capacity. Then cases are pushed at shares
of it. Last, the same cases are done by an installation with two workers a stage. Everything shares this machine: the
engines, the workers, and what pushes and looks.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import psutil

from benchmarks.stream.engines import engines, environment_of, prepared, unused_namespace
from benchmarks.stream.loads import found_after
from benchmarks.stream.measuring import memory_mb
from benchmarks.stream.population import Population
from pipeline.records.intake import SourceMessage
from pipeline.settings import Settings
from pipeline.streams.kafka.admin import count_members
from support.installation.fixtures import STAGE_PROCESS
from support.installation.installation import Installation
from support.installation.records import Message
from support.installation.status_ports import STAGES
from support.processes.starting import Start, started

SHARES: Final = (0.1, 0.5, 0.9)
"""Loads at which latency is measured, of the capacity."""

WARM_UP: Final = 5000
"""Cases that each installation does first: until then the engines' code is still being compiled, at a high cost."""

LOOK_S: Final = 0.5
DEADLINE_S: Final = 600.0


class Loaded(NamedTuple):
    """One load: workers a stage, cases a second, seconds until found (none for a backlog), CPU us a case by process."""

    name: str
    workers: int
    rate: float
    latencies: Sequence[float]
    cpu: Mapping[str, float]

    def percentile(self, share: float) -> float:
        """Of the latencies, in seconds."""
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


class Live:
    """One installation with its workers running."""

    def __init__(self, settings: Settings, workers: int, processes: Mapping[str, Sequence[psutil.Process]]) -> None:
        self._installation, self._settings, self._workers = Installation(settings), settings, workers
        self._processes = processes
        self._messages = Population(1).messages()

    @property
    def settings(self) -> Settings:
        """Where it is."""
        return self._settings

    @property
    def installation(self) -> Installation:
        """What can be seen of it."""
        return self._installation

    def memory(self) -> dict[str, float]:
        """Private memory of each stage's workers in megabytes."""
        return {stage: sum(memory_mb(one.pid) for one in self._processes[stage]) for stage in STAGES}

    def warm_up(self, cases: int = WARM_UP) -> None:
        """Do some cases, and wait until every worker has joined its group."""
        self._installation.push(message(one) for one in islice(self._messages, cases))
        generation = self._installation.generation
        groups = ["intake", f"correlate-{generation}", f"project-{generation}"]
        named = [f"{self._settings.namespace}{group}" for group in groups]
        wait_until(lambda: set(count_members(self._settings, named).values()) == {self._workers})
        wait_until(self._installation.at_rest)

    def backlog(self, cases: int) -> Loaded:
        """Do as fast as may be what is sent as fast as may be."""
        messages = list(islice(self._messages, cases))
        before, start = self._cpu(), time.monotonic()
        self._installation.push(map(message, messages))
        wait_until(self._installation.at_rest)
        return self._loaded("backlog", cases, cases / (time.monotonic() - start), (), before)

    def load(self, share: float, capacity: float, seconds: float) -> Loaded:
        """Do what comes at a share of the capacity for so long."""
        rate = share * capacity
        messages = list(islice(self._messages, round(rate * seconds)))
        before = self._cpu()
        latencies = asyncio.run(found_after(self._settings, self._installation.generation, messages, rate))
        wait_until(self._installation.at_rest)
        return self._loaded(f"{share:.0%}", len(messages), rate, latencies, before)

    def _loaded(
        self, name: str, cases: int, rate: float, latencies: Sequence[float], before: Mapping[str, float]
    ) -> Loaded:
        cpu = {name: (after - before[name]) / cases * 1e6 for name, after in self._cpu().items()}
        return Loaded(name, self._workers, rate, latencies, cpu)

    def _cpu(self) -> dict[str, float]:
        return {name: sum(sum(process.cpu_times()[:2]) for process in some) for name, some in self._processes.items()}


def live(cases: int, seconds: float) -> list[Loaded]:
    """A backlog and each load with one worker a stage; a backlog and half load with two."""
    with tempfile.TemporaryDirectory() as folder, engines(Path(folder)) as (settings, own):
        with installed(settings, 1, own) as one:
            rows = [one.backlog(cases)]
            capacity = rows[0].rate
            rows += [one.load(share, capacity, seconds) for share in SHARES]
        with installed(settings.model_copy(update={"namespace": unused_namespace()}), 2, own) as two:
            return [*rows, two.backlog(cases), two.load(SHARES[1], capacity, seconds)]


@contextmanager
def prepared_stages(settings: Settings) -> Iterator[Start]:
    """What starts workers of an installation that is ready for them; they are killed at the end."""
    asyncio.run(prepared(settings))
    logs = settings.home / "logs"
    logs.mkdir(exist_ok=True)
    with started(STAGE_PROCESS, environment_of(settings), logs) as start:
        yield start


@contextmanager
def installed(
    settings: Settings, workers: int, own: Mapping[str, psutil.Process], warm_up: int = WARM_UP
) -> Iterator[Live]:
    """An installation with so many workers a stage, warmed up; they are killed at the end."""
    with prepared_stages(settings) as start:
        processes: dict[str, list[psutil.Process]] = {
            stage: [psutil.Process(start(stage).pid) for _ in range(workers)] for stage in STAGES
        }
        made = Live(settings, workers, processes | {name: [process] for name, process in own.items()})
        made.warm_up(warm_up)
        yield made


def message(one: SourceMessage) -> Message:
    """A case as an installation is sent it."""
    return Message(one.agency, one.key, one.value)


def wait_until(until: Callable[[], bool]) -> None:
    """Look now and then until something is so. Raises SystemExit after DEADLINE_S."""
    deadline = time.monotonic() + DEADLINE_S
    while not until():
        if time.monotonic() > deadline:
            raise SystemExit("the stages do not come to rest")
        time.sleep(LOOK_S)
