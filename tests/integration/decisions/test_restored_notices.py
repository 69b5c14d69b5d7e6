"""A topic of notices that is made anew, as a restore does, has offsets of its own: cursors of the former begin anew."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient

from pipeline.access.notices import Notice, NoticeKind
from pipeline.access.requester import Grounds, Purpose
from pipeline.api.runtime import Runtime, open_runtime
from pipeline.api.services.notices import list_notices
from pipeline.api.session import Session
from pipeline.index.decisions import notice_document
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices, apply_mappings
from pipeline.index.writer import BulkWriter
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.connection import client_options
from pipeline.streams.provisioning.setup import apply_all
from pipeline.streams.registers.control import read_control
from pipeline.times import now
from support.access.requesters import make_requester
from support.installation.installation import Installation
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.rare]

BERT = make_requester("be-fp", subject="bert")
WHY = Grounds(Purpose.INVESTIGATION, "2026/1")


async def tell(settings: Settings, names: Sequence[str]) -> None:
    """Send notices, and index each as project does."""
    indices = Indices(settings.namespace, (await read_control(settings)).active)
    topic = topics.topic_name(settings, topics.NOTICES)
    async with AIOKafkaProducer(**client_options(settings)) as producer, connect(settings) as client:
        await apply_mappings(client, indices)
        for name in names:
            value = msgspec.json.encode(Notice(name, "be-fp", NoticeKind.EXPIRY, now()))
            sent = await producer.send_and_wait(topic, value, key=name.encode())
            await BulkWriter(client, indices).write([notice_document(value, sent.offset)])
        await client.indices.refresh(index=indices.read_alias("notices"))


async def begin_anew(settings: Settings, kafka_admin: KafkaAdminClient, wait_for: WaitFor) -> None:
    """Leave a topic and an index of notices that hold none."""
    topic = topics.topic_name(settings, topics.NOTICES)
    await asyncio.to_thread(kafka_admin.delete_topics, [topic])
    await asyncio.to_thread(wait_for, lambda: topic not in kafka_admin.list_topics())
    await apply_all(settings)
    async with connect(settings) as client:
        (index,) = (await client.indices.get_alias(name=Indices(settings.namespace, "").read_alias("notices"))).body
        await client.indices.delete(index=index)


async def poll(runtime: Runtime, cursor: str | None) -> tuple[list[str], str | None]:
    answer = await list_notices(Session(runtime, BERT, WHY), cursor=cursor)
    return [row.id for row in answer.notices], answer.next


async def test_who_polls_on_with_a_cursor_of_before_is_told_all_that_came_since(
    installation: Installation, kafka_admin: KafkaAdminClient, wait_for: WaitFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.streams.monitoring.freshness.LOOK_S", 0.2)
    settings = installation.settings.model_copy(update={"max_index_lag": 0})
    await tell(settings, ["n1", "n2", "n3"])
    async with open_runtime(settings) as runtime:
        former = runtime.settled.index.topic
        names, cursor = await poll(runtime, None)
        assert names == ["n1", "n2", "n3"]
        await begin_anew(settings, kafka_admin, wait_for)
        await tell(settings, ["n3", "n4"])
        async with asyncio.timeout(60):
            while runtime.settled.index.topic == former:
                await asyncio.sleep(0.05)
        names, cursor = await poll(runtime, cursor)
        assert names == ["n3", "n4"]
    async with open_runtime(settings) as runtime:
        assert (await poll(runtime, cursor))[0] == []
        await tell(settings, ["n5"])
        assert (await poll(runtime, cursor))[0] == ["n5"]
