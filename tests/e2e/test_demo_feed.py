"""The demo's feed through the whole pipeline while every worker is killed once, against the batch run."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
from rich.console import Console

from pipeline.demo.feeding import FeedSender, count_unacknowledged, send_all, wait_until_settled
from pipeline.demo.generator import DemoFeed, generate_feed
from pipeline.demo.messages import ACCEPTED, DUPLICATE, Message, outcomes
from pipeline.feeds.pushing import case_producer
from pipeline.settings import Settings
from pipeline.streams.monitoring.accounting import count_outcomes
from pipeline.streams.workers.supervisor import STAGES, stage_command
from support.installation.provisioning import provision
from support.waiting import PATIENCE_S

pytestmark = pytest.mark.rare

QUIET = Console(quiet=True)
LIAISON = stage_command("intake")[:3]
SAME_CASES = (ACCEPTED, DUPLICATE, "stale_version", "conflicting_version")
"""Outcomes of records that a batch run judges by the same version rules; the others never were their case's records."""
LINK = ("link_id", "case_a", "case_b", "version_a", "version_b", "probability", "score", "band")


class Crew:
    """One process of each stage; any of them may be killed and started again."""

    def __init__(self, environment: dict[str, str], logs: Path) -> None:
        self._environment, self._logs = environment, logs
        self._members: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, stage: str) -> None:
        with (self._logs / f"{stage}.log").open("ab") as log:
            self._members[stage] = subprocess.Popen(
                stage_command(stage), stdin=subprocess.PIPE, stdout=log, stderr=log, env=self._environment
            )

    def kill(self, stage: str) -> None:
        """SIGKILL: nothing is closed, flushed or said."""
        member = self._members.pop(stage)
        assert member.poll() is None, f"{stage} had ended already: {(self._logs / f'{stage}.log').read_text()}"
        member.kill()
        self._reap(member)

    def check(self) -> None:
        for stage, member in self._members.items():
            assert member.poll() is None, (self._logs / f"{stage}.log").read_text()

    def stop(self) -> None:
        for member in self._members.values():
            member.terminate()
        for member in self._members.values():
            self._reap(member)

    def _reap(self, member: subprocess.Popen[bytes]) -> None:
        member.wait(PATIENCE_S)
        assert member.stdin
        member.stdin.close()


@contextmanager
def crew(environment: dict[str, str], logs: Path) -> Iterator[Crew]:
    members = Crew(environment, logs)
    try:
        for stage in STAGES:
            members.start(stage)
        yield members
    finally:
        members.stop()


@pytest.fixture(scope="module")
def feed() -> DemoFeed:
    return generate_feed()


def at_work(settings: Settings, stage: str) -> Callable[[], bool]:
    """Whether a stage has something to do now, or everything is done already."""

    def look() -> bool:
        left = asyncio.run(count_unacknowledged(settings))
        return left[stage] > 0 or not any(left.values())

    return look


def quarters(messages: Sequence[Message]) -> list[Sequence[Message]]:
    size = len(messages) // 4 + 1
    return [messages[start : start + size] for start in range(0, len(messages), size)]


def batch_links(feed: DemoFeed, folder: Path, environment: dict[str, str]) -> list[dict[str, object]]:
    """The links of `liaison batch correlate` over the same records in the same order."""
    records = folder / "records.ndjson"
    records.write_bytes(b"\n".join(m.value for m in feed.messages if m.outcome in SAME_CASES and m.value))
    run(environment, "batch", "correlate", str(records), "-o", str(folder / "batch.ndjson"))
    return rows(folder / "batch.ndjson")


def rows(path: Path) -> list[dict[str, object]]:
    found = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    return sorted(({name: row[name] for name in LINK} for row in found), key=lambda row: str(row["link_id"]))


def run(environment: dict[str, str], *words: str) -> None:
    done = subprocess.run([*LIAISON, *words], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.timeout(600)
def test_links_and_accounting_survive_the_killing_of_every_worker(
    feed: DemoFeed,
    engine_settings: Settings,
    engine_environment: dict[str, str],
    tmp_path: Path,
    wait_for: Callable[..., object],
) -> None:
    asyncio.run(provision(engine_settings, {agency.name: agency.country for agency in feed.agencies}))
    with crew(engine_environment, tmp_path) as members, case_producer(engine_settings) as producer:
        sender = FeedSender(producer, engine_settings.case_partitions)
        first, *others = quarters(feed.messages)
        send_all(sender, first, QUIET)
        asyncio.run(wait_until_settled(engine_settings, QUIET, members.check))
        for stage, part in zip(("intake", "correlate", "project"), others, strict=True):
            send_all(sender, part, QUIET)
            wait_for(at_work(engine_settings, stage))
            members.kill(stage)
            members.start(stage)
        asyncio.run(wait_until_settled(engine_settings, QUIET, members.check))

    counted = asyncio.run(count_outcomes(engine_settings))
    assert counted.balanced, counted
    assert outcomes(counted) == feed.outcomes

    run(engine_environment, "export", "links", "--format", "ndjson", "-o", str(tmp_path / "stream.ndjson"))
    streamed = rows(tmp_path / "stream.ndjson")
    assert streamed == batch_links(feed, tmp_path, engine_environment)
    assert len(streamed) > 500
