"""Reads are refused while the index is too far behind what Kafka holds, and answered again once it has followed."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from pipeline.access.token_keys import issue_token
from pipeline.api.application import create_app
from pipeline.api.runtime import open_runtime
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.monitoring.freshness import NoticeIndex, SettledNotices, watch_freshness
from pipeline.times import now
from support.access.requesters import ANNA
from support.api.index import beside
from support.api.runtime import GROUNDS
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.processes.starting import Start

pytestmark = [pytest.mark.engines, pytest.mark.timeout(240), pytest.mark.rare]

LAG_S = 3.0


async def answered(
    client: httpx.AsyncClient, status: int, path: str = "/v1/cases/fr-pj:1", deadline_s: float = 90
) -> httpx.Response:
    """The first answer of this status."""
    deadline = time.monotonic() + deadline_s
    while (answer := await client.get(path)).status_code != status:
        assert time.monotonic() < deadline, answer.text
        await asyncio.sleep(0.2)
    return answer


async def until(holds: Callable[[], bool], deadline_s: float = 90) -> None:
    """Return once it holds."""
    deadline = time.monotonic() + deadline_s
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.2)


async def test_reads_wait_for_the_index(
    records: RecordMaker, installation: Installation, start_stage: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.streams.monitoring.freshness.LOOK_S", 0.2)
    settings = installation.settings.model_copy(update={"max_index_lag": LAG_S})
    intake, _ = [start_stage(stage) for stage in ("intake", "correlate")]
    project = start_stage("project")
    await asyncio.to_thread(installation.push, [records.message("fr-pj", "1")])
    async with open_runtime(settings) as runtime:
        app = create_app(lambda: open_runtime(settings))
        app.state.runtime = runtime
        token = issue_token(settings, ANNA, runtime.clock(), timedelta(hours=1))
        headers = {**GROUNDS, "Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://liaison", headers=headers) as client:
            await answered(client, 200)
            project.kill()
            project.wait()
            await asyncio.to_thread(installation.push, [records.message("fr-pj", "2")])
            late = await answered(client, 503)
            detail = "the search index is too far behind; try again later"
            assert (late.headers["retry-after"], late.json()["detail"]) == ("30", detail)
            start_stage("project")
            await answered(client, 200)
            await until(lambda: runtime.as_of() == runtime.indexed_as_of())
            intake.kill()
            intake.wait()
            before = runtime.clock()
            await asyncio.to_thread(installation.push, [records.message("fr-pj", "3")])
            pushed = runtime.clock()
            await until(lambda: (runtime.indexed_as_of() or before) > pushed)
            told = await answered(client, 200, "/v1/links?case=fr-pj:1")  # intake's backlog shuts no reading
            assert datetime.fromisoformat(told.json()["as_of"]) <= pushed
            await told_behind(settings, pushed)
            start_stage("intake")
            await until(lambda: (runtime.as_of() or before) > pushed)
            await answered(client, 200, "/v1/cases/fr-pj:3")


@pytest.mark.parametrize("waiting", ["postings", "pairs", "watches"])
async def test_what_correlate_has_yet_to_do_of_what_it_wrote_is_not_in_the_index(
    waiting: str,
    records: RecordMaker,
    installation: Installation,
    start_stage: Start,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.streams.monitoring.freshness.LOOK_S", 0.2)
    settings, one = installation.settings, records.person()
    start_stage("intake")
    start_stage("project")
    correlate = start_stage("correlate", "--kill-after", "publish", "--kill-on", waiting)
    async with watch_freshness(settings, now, SettledNotices(NoticeIndex("", ""), never)) as freshness:
        start = now()
        await until(lambda: (freshness.as_of or start) > start)
        feed = [records.message(agency, "1", 1, [one]) for agency in ("fr-pj", "be-fp")]
        await asyncio.to_thread(installation.push, feed)
        pushed = now()
        assert await asyncio.to_thread(correlate.wait, 60) == -signal.SIGKILL
        ended = now()
        await until(lambda: (freshness.indexed_as_of or start) > ended)
        assert freshness.as_of is not None
        assert freshness.as_of <= pushed
        start_stage("correlate")
        await until(lambda: (freshness.as_of or start) > pushed)
        assert len(await asyncio.to_thread(installation.visible_links)) == 1


async def test_what_an_open_transaction_keeps_from_readers_is_not_in_the_index(
    records: RecordMaker, installation: Installation, start_stage: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pusher that has sent and not committed makes `as_of` stand still, and shuts no reading."""
    monkeypatch.setattr("pipeline.streams.monitoring.freshness.LOOK_S", 0.2)
    settings = installation.settings
    for stage in ("intake", "correlate", "project"):
        start_stage(stage)
    message = records.message("fr-pj", "1")
    topic = topics.topic_name(settings, topics.CASES, agency="fr-pj")
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_url, transactional_id=f"{topic}-open")
    async with producer, watch_freshness(settings, now, SettledNotices(NoticeIndex("", ""), never)) as freshness:
        start = now()
        await until(lambda: (freshness.as_of or start) > start)
        async with producer.transaction():
            await producer.send_and_wait(topic, message.value, key=message.key)
            sent = now()
            await until(lambda: (freshness.indexed_as_of or start) > sent)
            assert freshness.as_of is not None
            assert freshness.as_of <= sent
        await until(lambda: (freshness.as_of or start) > sent)
        assert await asyncio.to_thread(installation.cases, ["fr-pj:1"]) == {"fr-pj:1": 1}


async def test_one_that_stays_open_holds_back_its_own_agency_alone(
    records: RecordMaker, installation: Installation, start_stage: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others' records come in meanwhile and `as_of` goes on; the agency is named until its own are in."""
    monkeypatch.setattr("pipeline.streams.monitoring.freshness.LOOK_S", 0.2)
    monkeypatch.setattr("pipeline.streams.monitoring.freshness.HELD_S", 1.0)
    settings = installation.settings
    for stage in ("intake", "correlate", "project"):
        start_stage(stage)
    message = records.message("fr-pj", "1")
    topic = topics.topic_name(settings, topics.CASES, agency="fr-pj")
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_url, transactional_id=f"{topic}-open")
    async with producer, watch_freshness(settings, now, SettledNotices(NoticeIndex("", ""), never)) as freshness:
        start = now()
        await until(lambda: (freshness.as_of or start) > start)
        assert not freshness.without
        async with producer.transaction():
            await producer.send_and_wait(topic, message.value, key=message.key)
            await asyncio.to_thread(installation.push, [records.message("de-bk", "1")])
            pushed = now()
            await until(lambda: (freshness.as_of or start) > pushed)
            assert list(freshness.without) == ["fr-pj"]
            assert await asyncio.to_thread(installation.cases, ["fr-pj:1", "de-bk:1"]) == {"de-bk:1": 1}
        await until(lambda: not freshness.without)
        assert await asyncio.to_thread(installation.cases, ["fr-pj:1"]) == {"fr-pj:1": 1}


async def never(_: str) -> None:
    """Notices are not settled here."""
    raise AssertionError


async def told_behind(settings: Settings, pushed: datetime) -> None:
    """A server that starts while a backlog waits tells of it too, by the time of the first record that waits."""
    async with open_runtime(beside(settings)) as runtime:
        as_of = runtime.as_of()
        assert as_of is not None
        assert as_of <= pushed
