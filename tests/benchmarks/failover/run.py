"""How long a killed worker's partitions stay unread, and what rebuilding its stores costs, on real engines.

    PYTHONPATH=tests python tests/benchmarks/failover/run.py [--cases 20000]

One worker a stage takes in the cases. Then each stage's worker is killed by SIGKILL and started again, once with the
stores at hand and once without: the difference is the rebuild. Last a second worker shares the partitions, and the
first is killed, or ended for good by SIGINT, and does not come back. Each time new cases are sent at once, and the
clock runs until every stage has applied them. Engines are a stack of its own, unless both LIAISON_*_URL name others.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import psutil
from aiokafka import TopicPartition
from rich.console import Console
from rich.table import Table

from benchmarks.stream.engines import engines, environment_of, prepared
from benchmarks.stream.population import Population
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import admin_client
from pipeline.streams.monitoring.lag import ends_of, group_of
from support.installation.fixtures import STAGE_PROCESS
from support.installation.installation import Installation
from support.installation.records import Message
from support.installation.status_ports import STAGES
from support.processes.starting import Process, Start, cold, started

PROBES = 60
"""Cases sent at the moment of the kill: some for every partition."""

LONGEST_S = 3600.0
READ_BY = {
    "intake": (topics.ACCEPTED,),
    "correlate": (topics.FINGERPRINTS, topics.POSTINGS, topics.WATCHES),
    "project": (topics.LINKS,),
}
"""The topics that each stage's stores are rebuilt from."""


@dataclass
class Measured:
    """One replacement: seconds from the kill until all is applied, and the new worker's CPU until then."""

    wall_s: float
    cpu_s: float


class Run:
    """One installation under measurement."""

    def __init__(self, settings: Settings, start: Start) -> None:
        self.installation, self._settings, self._start = Installation(settings), settings, start
        self._messages = (Message(message.agency, message.key, message.value) for message in Population(1).messages())
        self.workers: dict[str, Process] = {}

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
            for folder in self._settings.home.glob(f"stores/*/{stage}"):
                shutil.rmtree(folder)
        self.workers[stage] = self._start(stage)
        self._send(PROBES)
        self._until_applied()
        times = psutil.Process(self.workers[stage].pid).cpu_times()
        return Measured(time.monotonic() - killed, times.user + times.system)

    def handed_over(self, stage: str, number: signal.Signals) -> Measured:
        """End one of a stage's two workers by a signal; the other takes over."""
        other = self._start(stage)
        self._until(lambda: self._shared_by(stage, 2))
        ended, self.workers[stage] = self.workers[stage], other
        before = psutil.Process(other.pid).cpu_times()
        begun = time.monotonic()
        ended.send_signal(number)
        self._send(PROBES)
        self._until_applied()
        wall_s, after = time.monotonic() - begun, psutil.Process(other.pid).cpu_times()
        ended.wait()
        return Measured(wall_s, after.user + after.system - before.user - before.system)

    def _shared_by(self, stage: str, members: int) -> bool:
        scope = "" if stage == "intake" else self.installation.generation
        group = group_of(self._settings, stage, scope)
        with admin_client(self._settings) as client:
            found = client.describe_groups([group])[group]
        return found["group_state"] == "Stable" and len(found["members"]) == members

    def read_by(self, stage: str) -> int:
        """Offsets of the topics that the stage's stores are rebuilt from."""
        partitions = [
            TopicPartition(topics.topic_name(self._settings, topic, generation=self.installation.generation), p)
            for topic in READ_BY[stage]
            for p in range(topics.partition_count(self._settings, topic))
        ]
        return sum(asyncio.run(ends_of(self._settings, partitions)).values())

    def _send(self, count: int) -> None:
        for part in chunked(islice(self._messages, count), 2000):
            self.installation.push(part)

    def _until_applied(self) -> None:
        self._until(self.installation.at_rest)

    def _until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LONGEST_S
        while not condition():
            if time.monotonic() > deadline:
                raise SystemExit("the stages do not come to rest")
            time.sleep(0.1)


def chunked(messages: Iterator[Message], size: int) -> Iterable[list[Message]]:
    """Lists of at most `size`."""
    while part := list(islice(messages, size)):
        yield part


COLUMNS = (
    "stage", "restarted s", "without stores s", "CPU without s", "offsets read", "rebuild s per 100,000",
    "killed, other takes over s", "ended for good s",
)  # fmt: skip


@dataclass
class Row:
    """What was measured of a stage."""

    kept: Measured
    lost: Measured
    killed: Measured
    ended: Measured
    read: int


def measure(run: Run, stage: str) -> Row:
    """All of a stage's replacements, one after the other."""
    return Row(
        run.replaced(stage, stores=True),
        run.replaced(stage, stores=False),
        run.handed_over(stage, signal.SIGKILL),
        run.handed_over(stage, signal.SIGINT),
        run.read_by(stage),
    )


def report(cases: int, rows: dict[str, Row]) -> None:
    """The table: what a replacement takes with and without stores, the rebuild per 100,000 records, and a take-over."""
    table = Table(title=f"A worker killed by SIGKILL, {cases:,} cases held")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column == "stage" else "right")
    for stage, row in rows.items():
        rebuild = max(0.0, row.lost.wall_s - row.kept.wall_s) / row.read * 100_000
        walls = [f"{measured.wall_s:.1f}" for measured in (row.kept, row.lost, row.killed, row.ended)]
        table.add_row(stage, *walls[:2], f"{row.lost.cpu_s:.1f}", f"{row.read:,}", f"{rebuild:.1f}", *walls[2:])
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def main() -> int:
    """Fill, replace each stage's worker twice, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20_000)
    cases = parser.parse_args().cases
    with (
        tempfile.TemporaryDirectory() as folder,
        engines(Path(folder)) as (settings, _),
        started(STAGE_PROCESS, environment_of(settings), Path(folder), cold) as start,
    ):
        run = Run(settings, start)
        run.fill(cases)
        rows = {stage: measure(run, stage) for stage in STAGES}
    report(cases, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
