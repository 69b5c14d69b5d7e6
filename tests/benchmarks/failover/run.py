"""How long a killed worker's partitions stay unread, and what rebuilding its stores costs, on real engines.

    PYTHONPATH=tests:tests/benchmarks/stream python tests/benchmarks/failover/run.py [--cases 20000]

One worker a stage takes in the cases. Then each stage's worker is killed by SIGKILL and another takes its place, once
with the stores at hand and once without; each time new cases are sent at once, and the clock runs until every stage has
applied them. The difference is the rebuild. Engines are a stack of its own, unless both LIAISON_*_URL name others.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import psutil
from aiokafka import TopicPartition
from engines import engines, environment_of, prepared
from population import Population
from rich.console import Console
from rich.table import Table
from stage_processes import Start, started
from whole_installation import SCRIPT, STAGES, Installation, Message

from pipeline.settings import Settings
from pipeline.streams import topics
from pipeline.streams.lag import ends_of

PROBES = 60
"""Cases sent at the moment of the kill: some for every partition."""

LONGEST_S = 3600.0
READ_BY = {"intake": topics.ACCEPTED, "correlate": topics.BLOCKS, "project": topics.LINKS}
"""The topic that each stage's stores are rebuilt from; correlate reads `links` as well."""


@dataclass
class Measured:
    """One replacement: seconds from the kill until all is applied, and the new worker's CPU until then."""

    wall_s: float
    cpu_s: float


class Run:
    """One installation under measurement."""

    def __init__(self, settings: Settings, start: Start) -> None:
        self.installation, self._settings, self._start = Installation(settings), settings, start
        self._messages = (Message(one.agency, one.key, one.value) for one in Population(1).messages())
        self.workers: dict[str, subprocess.Popen[bytes]] = {}

    def fill(self, cases: int) -> None:
        """Take cases in from end to end."""
        asyncio.run(prepared(self._settings))
        for stage in STAGES:
            self.workers[stage] = self._start(stage)
        self._send(cases)
        self._until_applied()

    def replaced(self, stage: str, *, stores: bool) -> Measured:
        """Kill a stage's worker and start another in its place, with the stores or without."""
        self.workers[stage].kill()
        self.workers[stage].wait()
        killed = time.monotonic()
        if not stores:
            shutil.rmtree(self._settings.home / "stores" / "one" / stage)
        self.workers[stage] = self._start(stage)
        self._send(PROBES)
        self._until_applied()
        times = psutil.Process(self.workers[stage].pid).cpu_times()
        return Measured(time.monotonic() - killed, times.user + times.system)

    def read_by(self, stage: str) -> int:
        """Offsets of the topic that the stage's stores are rebuilt from."""
        topic = READ_BY[stage]
        name = topics.name(self._settings, topic, generation=self.installation.generation)
        partitions = [TopicPartition(name, p) for p in range(topics.partitions(self._settings, topic))]
        return sum(asyncio.run(ends_of(self._settings, partitions)).values())

    def _send(self, count: int) -> None:
        for part in chunked(islice(self._messages, count), 2000):
            self.installation.push(part)

    def _until_applied(self) -> None:
        deadline = time.monotonic() + LONGEST_S
        while not self.installation.at_rest():
            if time.monotonic() > deadline:
                raise SystemExit("the stages do not come to rest")
            time.sleep(0.1)


def chunked(messages: Iterator[Message], size: int) -> Iterable[list[Message]]:
    """Lists of at most `size`."""
    while part := list(islice(messages, size)):
        yield part


def report(cases: int, rows: dict[str, tuple[Measured, Measured, int]]) -> None:
    """The table: what a replacement takes with and without stores, and the rebuild per 100,000 records."""
    table = Table(title=f"A worker killed by SIGKILL and replaced, {cases:,} cases held")
    for column in ("stage", "with stores s", "without s", "CPU without s", "offsets read", "rebuild s per 100,000"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    for stage, (kept, lost, read) in rows.items():
        rebuild = max(0.0, lost.wall_s - kept.wall_s) / read * 100_000
        figures = (f"{kept.wall_s:.1f}", f"{lost.wall_s:.1f}", f"{lost.cpu_s:.1f}", f"{read:,}", f"{rebuild:.1f}")
        table.add_row(stage, *figures)
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def main() -> int:
    """Fill, replace each stage's worker twice, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20_000)
    cases = parser.parse_args().cases
    with (
        tempfile.TemporaryDirectory() as folder,
        engines(Path(folder)) as (settings, _),
        started(SCRIPT, environment_of(settings), Path(folder)) as start,
    ):
        run = Run(settings, start)
        run.fill(cases)
        rows = {
            stage: (run.replaced(stage, stores=True), run.replaced(stage, stores=False), run.read_by(stage))
            for stage in STAGES
        }
    report(cases, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
