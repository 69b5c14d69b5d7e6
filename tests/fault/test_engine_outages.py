"""Engines killed under load, long away, or back without their data: nothing is lost, nothing stale asserted."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from pipeline.engines.endpoints import endpoints
from pipeline.engines.layout import StackLayout
from pipeline.localstack import stack
from pipeline.settings import Settings
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import Message, RecordMaker
from support.installation.status_ports import STAGES
from support.ports import own_port
from support.processes.starting import Start
from support.waiting import PATIENCE_S, WaitFor, wait

pytestmark = [pytest.mark.engines, pytest.mark.timeout(400), pytest.mark.rare]


@pytest.fixture
def own_engines(tmp_path: Path) -> Iterator[Settings]:
    """A stack of this test's own, which it may kill."""
    home = Settings(
        home=tmp_path / "engines",
        kafka_url="",
        elasticsearch_url="",
        kafka_port=own_port(),
        elasticsearch_port=own_port(),
        offline=False,
    )
    stack.start_engines(home)
    yield home
    stack.stop_engines(home)


@pytest.fixture
def engine_settings(own_engines: Settings, tmp_path: Path) -> Settings:
    """In place of the session's engines."""
    found = endpoints(own_engines)
    return Settings(kafka_url=found.kafka, elasticsearch_url=found.elasticsearch, home=tmp_path, namespace="o-")


def kill(home: Settings, engine: str) -> None:
    """Kill an engine, and wait for its end: one that is still ending would be taken for running, and not started."""

    def process() -> int | None:
        return next(status.pid for status in stack.engine_statuses(home) if status.name == engine)

    pid = process()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait(lambda: process() is None)


@pytest.mark.parametrize("engine", [pytest.param("elasticsearch", marks=pytest.mark.short), "kafka"])
def test_an_engine_killed_under_load(
    engine: str,
    own_engines: Settings,
    records: RecordMaker,
    installation: Installation,
    start_all: StartAll,
    wait_for: WaitFor,
) -> None:
    feed = records.feed(200)
    half = len(feed) // 2
    workers = start_all()
    installation.push(feed[:half])
    # A worker that has not begun yet when Kafka goes may give it up; one that has waits for as long as it takes.
    wait_for(lambda: installation.accounting().decided > 0 and installation.members() == len(workers))
    kill(own_engines, engine)
    if engine == "elasticsearch":
        installation.push(feed[half:])
        wait_for(lambda: installation.accounting().decided == len(feed))
        assert not installation.at_rest()
    stack.start_engines(own_engines)
    if engine == "kafka":
        installation.push(feed[half:])
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=150)
    installation.holds(feed)
    assert [worker.poll() for worker in workers] == [None, None, None]


def test_workers_and_engines_killed_at_random_moments(
    own_engines: Settings, records: RecordMaker, installation: Installation, start_stage: Start, wait_for: WaitFor
) -> None:
    """Each once, then some again, each when a random share of what was pushed last has been decided."""
    draw = random.Random(7)
    engines = ["elasticsearch", "kafka"]
    victims = draw.sample([*STAGES, *engines], k=5) + draw.choices([*STAGES, *engines], k=3)
    workers = {stage: start_stage(stage) for stage in STAGES}
    feed: list[Message] = []
    for number, victim in enumerate(victims):
        part = records.feed(30, f"round{number}-")
        installation.push(part)
        due = len(feed) + draw.randint(0, len(part) - 1)
        feed += part
        wait_for(partial(installation.has_decided_more_than, due), deadline_s=120)
        if victim in engines:
            kill(own_engines, victim)
            stack.start_engines(own_engines)
        else:
            workers[victim].kill()
            workers[victim] = start_stage(victim)
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=150)
    installation.holds(feed)
    assert [worker.poll() for worker in workers.values()] == [None, None, None]


AWAY_S = 60


def test_elasticsearch_away_for_a_minute_under_load(
    own_engines: Settings, records: RecordMaker, installation: Installation, start_all: StartAll, wait_for: WaitFor
) -> None:
    feed = records.feed(60)
    workers = start_all()
    installation.push(feed)
    wait_for(lambda: installation.accounting().decided > 0)
    kill(own_engines, "elasticsearch")
    back = time.monotonic() + AWAY_S

    def push_until_it_is_back() -> bool:
        more = records.feed(4, f"during{len(feed)}-")
        installation.push(more)
        feed.extend(more)
        return time.monotonic() > back

    wait_for(push_until_it_is_back, deadline_s=AWAY_S + 30)
    wait_for(lambda: installation.accounting().decided == len(feed))
    assert not installation.at_rest()
    stack.start_engines(own_engines)
    wait_for(installation.at_rest, deadline_s=90)
    installation.holds(feed)
    assert [worker.poll() for worker in workers] == [None, None, None]


@pytest.mark.parametrize("meanwhile", ["one", "two"])
def test_a_kafka_wiped_under_existing_stores(
    meanwhile: str,
    own_engines: Settings,
    records: RecordMaker,
    installation: Installation,
    start_stage: Start,
    wait_for: WaitFor,
) -> None:
    """The stores of machine `one` are those of the former Kafka.

    It goes on with them at once, or only after machine `two` has brought every partition past where they stood: then
    nothing but the ids tells that they are stale.
    """

    def take_in(name: str, messages: Iterable[Message]) -> None:
        sent.extend(messages)
        workers = [start_stage(stage, "--machine", name) for stage in STAGES]
        installation.push(messages)
        wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(sent), deadline_s=90)
        for worker in workers:
            worker.terminate()
        assert [worker.wait(timeout=60) for worker in workers] == [0, 0, 0]

    sent: list[Message] = []
    before = records.feed(40)
    take_in("one", before)
    installation.holds(before)
    wipe(own_engines, installation.settings)
    installation.prepare()
    sent.clear()
    again = before[: len(before) // 2]
    take_in(meanwhile, records.feed(160, "new"))
    take_in("one", again)
    assert installation.batch_links(before).keys() - installation.batch_links(sent).keys(), "some would be stale"
    installation.holds(sent)


def wipe(home: Settings, settings: Settings) -> None:
    """Lose Kafka's data and empty the index, which can't tell what Kafka does not hold any more; the stores stay."""
    kill(home, "kafka")
    shutil.rmtree(StackLayout.of(home.home).data("kafka"))
    stack.start_engines(home)
    with Elasticsearch(settings.elasticsearch_url, request_timeout=PATIENCE_S) as client:
        client.indices.delete(index=list(client.indices.get(index=f"{settings.namespace}*")))
