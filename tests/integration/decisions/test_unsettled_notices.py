"""A notice that is in the index before its case is told to who polled in between, once the case is there."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.access.alerts import make_alert
from pipeline.access.requester import Grounds, Purpose
from pipeline.api.runtime import Runtime, open_runtime
from pipeline.api.services.notices import list_notices
from pipeline.api.session import Session
from pipeline.index.decisions import notice_document
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices
from pipeline.index.writer import BulkWriter
from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import DecisionLog
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.registers.control import read_control
from support.access.requesters import make_requester
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.processes.starting import Start
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(240), pytest.mark.rare]

BERT = make_requester("be-fp", subject="bert")
WHY = Grounds(Purpose.INVESTIGATION, "2026/1")


async def write_alert(settings: Settings, question: str) -> None:
    made = make_alert(uuid.uuid4().hex, question, "", BERT, WHY, datetime.now(UTC))
    async with DecisionLog(settings) as log:
        await log.write(topics.SUBSCRIPTIONS, made.id, made)


async def sent_notices(settings: Settings) -> list[ConsumerRecord]:
    start = {TopicPartition(topics.topic_name(settings, topics.NOTICES), 0): 0}
    return [record async for records in read_partitions(settings, start) for record in records]


async def index_notice(settings: Settings, told: ConsumerRecord) -> None:
    """Write a notice as project does, which is faster with it than with its case."""
    names = Indices(settings.namespace, (await read_control(settings)).active)
    async with connect(settings) as client:
        await BulkWriter(client, names).write([notice_document(told.value, told.offset)])
        await client.indices.refresh(index=names.read_alias("notices"))


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def poll(runtime: Runtime, cursor: str | None) -> tuple[list[str | None], str | None]:
    answer = await list_notices(Session(runtime, BERT, WHY), cursor=cursor)
    return [row.case for row in answer.notices], answer.next


async def test_who_polled_before_the_case_was_indexed_is_told(
    records: RecordMaker,
    installation: Installation,
    start_all: StartAll,
    start_stage: Start,
    wait_for: WaitFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.streams.monitoring.freshness.LOOK_S", 0.2)
    settings = installation.settings.model_copy(update={"max_index_lag": 0})
    person, (_, _, project) = records.person(), start_all()
    name = person["names"][0]
    question = f"{name['given']} {name['family']} born:{person['birth_date']} phone:{person['phones'][0]}"
    await write_alert(settings, question)
    first = [records.message("nl-np", "1", people=[person])]
    await asyncio.to_thread(installation.push, first)
    await asyncio.to_thread(
        wait_for, lambda: installation.at_rest() and installation.accounting().decided == 1, deadline_s=90
    )
    async with open_runtime(settings) as runtime:
        told = len(await sent_notices(settings))
        await until(lambda: runtime.settled.end >= told)
        cases, cursor = await poll(runtime, None)
        assert cases == ["nl-np:1"]
        project.kill()
        project.wait()
        later = [records.message("fr-pj", "1", people=[person])]
        await asyncio.to_thread(installation.push, later)
        deadline = time.monotonic() + 90
        while len(found := await sent_notices(settings)) <= told:
            assert time.monotonic() < deadline
        await index_notice(settings, found[-1])
        for _ in range(3):
            cases, cursor = await poll(runtime, cursor)
            assert cases == [], "its case is not in the index"
        assert runtime.settled.end <= found[-1].offset
        start_stage("project")
        await asyncio.to_thread(wait_for, installation.at_rest, deadline_s=90)
        await until(lambda: runtime.settled.end > found[-1].offset)
        cases, cursor = await poll(runtime, cursor)
        assert cases == ["fr-pj:1"]
        assert (await poll(runtime, cursor))[0] == []
        assert (await poll(runtime, None))[0] == ["nl-np:1", "fr-pj:1"]
    await asyncio.to_thread(installation.holds, [*first, *later])
