"""The chunk consumer inside Faust, in this process: seeking, slow agents, flow control, what is acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faust.types import TP

from pipeline.settings import Settings
from pipeline.streams.kafka.chunks import BUFFERED_CHUNKS, CHUNK_RECORDS, ChunkApp, StaticConsumer
from pipeline.streams.kafka.connection import client_options
from pipeline.streams.kafka.reading import reading_policy
from pipeline.streams.runtime.worker_slots import claimed_slot
from support.streams.echo import EchoTopics
from support.waiting import PATIENCE_S

pytestmark = pytest.mark.engines


def consumer_of(app: ChunkApp) -> Any:
    """Faust's consumer; what it has noted has no public name."""
    return app.consumer


Handle = Callable[[Any], Awaitable[None]]


@asynccontextmanager
async def consuming(settings: Settings, topic: str, handle: Handle) -> AsyncIterator[ChunkApp]:
    async def agent(stream: Any) -> None:
        async for event in stream.noack().events():
            await handle(event)

    with claimed_slot(settings, "app") as slot:
        app = ChunkApp(settings, slot.group, slot.instance_id)
        app.agent(app.topic(topic, key_serializer="raw", value_serializer="raw"), name="agent")(agent)
        await app.start()
        try:
            yield app
        finally:
            await app.stop()


async def until(condition: Callable[[], bool], deadline_s: float = PATIENCE_S) -> None:
    async with asyncio.timeout(deadline_s):
        while not condition():
            await asyncio.sleep(0.01)


async def test_chunks_come_in_order_and_hold_raw_records(echo: EchoTopics, engine_settings: Settings) -> None:
    await echo.append(1200)
    seen: dict[int, list[int]] = {p: [] for p in range(4)}
    sizes = []

    async def note(event: Any) -> None:
        sizes.append(len(event.value))
        assert event.message.offset == event.value[-1].offset
        seen[event.message.partition] += [record.offset for record in event.value]

    async with consuming(engine_settings, echo.source, note):
        await until(lambda: sum(map(len, seen.values())) >= 4800)
    assert all(offsets == list(range(1200)) for offsets in seen.values())
    assert max(sizes) <= CHUNK_RECORDS


async def test_seeking_back_brings_the_records_again(echo: EchoTopics, engine_settings: Settings) -> None:
    await echo.append(50)
    partition = TP(echo.source, 0)
    seen: list[int] = []

    async def note(event: Any) -> None:
        if event.message.partition == 0:
            seen.extend(record.offset for record in event.value)

    async with consuming(engine_settings, echo.source, note) as app:
        # Faust notes a chunk as read after it has handed it on, which would undo a seek that came in between.
        await until(lambda: len(seen) == 50 and consumer_of(app)._read_offset[partition] == 49)
        await app.consumer.seek(partition, 20)
        await until(lambda: len(seen) >= 80)
    assert seen == [*range(50), *range(20, 50)]


async def test_what_is_dropped_before_anything_was_committed_is_fetched_again(
    echo: EchoTopics, engine_settings: Settings
) -> None:
    """What a rebalance drops, too: a member that kept its partitions stood before their first records for good."""
    await echo.append(50)
    seen: list[tuple[int, int]] = []

    async def note(event: Any) -> None:
        seen.extend((event.message.partition, record.offset) for record in event.value)

    async with consuming(engine_settings, echo.source, note) as app:
        read = consumer_of(app)._read_offset
        await until(lambda: len(seen) == 200 and all(read[TP(echo.source, index)] == 49 for index in range(4)))
        assert echo.acknowledged() == {}
        await consumer_of(app)._seek_back()
        await until(lambda: len(seen) >= 400)
    assert sorted(seen) == sorted(2 * [(index, offset) for index in range(4) for offset in range(50)])


async def test_a_slow_agent_holds_fetching_back_and_loses_nothing(echo: EchoTopics, engine_settings: Settings) -> None:
    await echo.append(8000)
    gate = asyncio.Event()
    seen: list[int] = []
    app_queue: list[int] = []

    async def wait(event: Any) -> None:
        await gate.wait()
        seen.extend(record.offset for record in event.value)

    async with consuming(engine_settings, echo.source, wait) as app:
        queue = next(iter(app.topics)).queue
        await until(lambda: queue.qsize() >= BUFFERED_CHUNKS)
        app_queue.append(queue.qsize())
        gate.set()
        await until(lambda: len(seen) >= 32000)
    assert app_queue == [BUFFERED_CHUNKS]
    assert sorted(seen) == sorted(list(range(8000)) * 4)


async def test_only_what_was_acknowledged_is_committed(echo: EchoTopics, engine_settings: Settings) -> None:
    await echo.append(10)
    held: list[Any] = []

    async def keep(event: Any) -> None:
        held.append(event)

    async with consuming(engine_settings, echo.source, keep) as app:
        await until(lambda: sum(len(e.value) for e in held) >= 40)
        await app.consumer.commit()
        assert dict(consumer_of(app)._committed_offset) == dict.fromkeys(app.consumer.assignment()) or not any(
            consumer_of(app)._committed_offset.values()
        )
        for event in held:
            event.ack()
        await app.consumer.commit()
        assert set(consumer_of(app)._committed_offset.values()) == {10}


async def test_a_chunk_of_an_earlier_assignment_acknowledges_nothing(
    echo: EchoTopics, engine_settings: Settings
) -> None:
    await echo.append(10)
    held: list[Any] = []

    async def keep(event: Any) -> None:
        held.append(event)

    async with consuming(engine_settings, echo.source, keep) as app:
        await until(lambda: len(held) >= 4)
        app.consumer_generation_id += 1
        assert [event.ack() for event in held] == [False] * len(held)
        assert not any(consumer_of(app)._acked.values())


async def test_a_groups_leader_waits_until_kafka_tells_of_its_topics(
    echo: EchoTopics, engine_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While Kafka starts it tells of none: whoever was assigned nothing then would stand still."""
    tried: list[object] = []
    update, assign = ClusterMetadata.update_metadata, RangePartitionAssignor.assign

    def tell_of_none(self: ClusterMetadata, metadata: Any) -> Any:
        if len(tried) < 2:
            metadata.topics = []
        return update(self, metadata)

    def share_out(cluster: Any, members: Any) -> Any:
        tried.append(members)
        return assign(cluster, members)

    monkeypatch.setattr(RangePartitionAssignor, "assign", share_out)
    consumer = StaticConsumer(
        **client_options(engine_settings),
        policy=reading_policy(engine_settings),
        on_fenced=lambda: None,
        group_id=f"{engine_settings.namespace}starting",
        group_instance_id="one",
        partition_assignment_strategy=[RangePartitionAssignor],
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        monkeypatch.setattr(ClusterMetadata, "update_metadata", tell_of_none)
        consumer.subscribe([echo.source])
        await until(lambda: bool(consumer.assignment()))
        assert {partition.partition for partition in consumer.assignment()} == set(range(4))
        assert len(tried) >= 3
    finally:
        await consumer.stop()
