"""Read whole partitions, outside any consumer group: registry, progress, and what a store is rebuilt from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from pipeline.settings import Settings
from pipeline.streams.connection import consumer_options

POLL_MS = 200
FETCH_WAIT_MS = 50
"""An empty partition answers after this; reading the registry waits no longer."""

WATCH_MS = 1000
"""How long the broker holds back the answer to a watcher while nothing changes."""

CONNECTED_S = 2.0
"""How long a reader that is cancelled while it connects may take to have connected: some 0.05 s, if Kafka answers."""


@asynccontextmanager
async def plain_consumer(
    settings: Settings, partitions: Iterable[TopicPartition], fetch_wait_ms: int = FETCH_WAIT_MS, fetch_bytes: int = 1
) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group on these partitions that sees committed records only; the caller seeks.

    The broker holds an answer back for `fetch_wait_ms`, or until it has `fetch_bytes`.
    """
    consumer = AIOKafkaConsumer(
        **consumer_options(settings), fetch_max_wait_ms=fetch_wait_ms, fetch_min_bytes=fetch_bytes
    )
    try:
        await _start(consumer)
        consumer.assign(list(partitions))
        yield consumer
    finally:
        await consumer.stop()


async def _start(consumer: AIOKafkaConsumer) -> None:
    """Connect. One that is cancelled meanwhile connects first: aiokafka 0.14 would leave its first connection open."""
    starting = asyncio.ensure_future(consumer.start())
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.wait([starting], timeout=CONNECTED_S)
        starting.cancel()
        with suppress(KafkaError, asyncio.CancelledError):
            await starting
        raise


async def read(
    settings: Settings, starts: Mapping[TopicPartition, int], last: Mapping[TopicPartition, int] | None = None
) -> AsyncGenerator[list[ConsumerRecord]]:
    """Committed records from each partition's start (an offset) by fetched chunks, ordered within a partition.

    Ends past the offsets `last`, or at the high watermark first seen where a partition is not named there. Transactions
    still open below that are waited for, so that nothing that was committed before the call is ever missed.
    """
    if not starts:  # aiokafka lets a cancellation escape from a consumer that is stopped as soon as it is started
        return
    given = last or {}
    async with plain_consumer(settings, starts) as consumer:
        for partition, offset in starts.items():
            consumer.seek(partition, offset)
        ends = {p: given[p] + 1 for p in starts if p in given}
        open_partitions = set(starts)
        while open_partitions:
            fetched = await consumer.getmany(*open_partitions, timeout_ms=POLL_MS)
            for partition, records in fetched.items():
                wanted = [r for r in records if r.offset <= given[partition]] if partition in given else records
                if wanted:
                    yield wanted
            open_partitions -= await _finished(consumer, open_partitions, ends)


async def _finished(
    consumer: AIOKafkaConsumer, partitions: set[TopicPartition], ends: dict[TopicPartition, int]
) -> set[TopicPartition]:
    done = set()
    for partition in partitions:
        if partition not in ends and (high := consumer.highwater(partition)) is not None:
            ends[partition] = high
        if partition in ends and await consumer.position(partition) >= ends[partition]:
            done.add(partition)
    consumer.pause(*done)
    return done


async def begin(settings: Settings, partition: TopicPartition) -> int:
    """The first offset that a partition still holds."""
    async with plain_consumer(settings, [partition]) as consumer:
        found: dict[TopicPartition, int] = await consumer.beginning_offsets([partition])
        return found[partition]


async def read_table(settings: Settings, topic: str, partitions: Iterable[int] = (0,)) -> dict[bytes, bytes]:
    """The last value of every key of a compacted topic that is small enough to hold; tombstones left out."""
    table: dict[bytes, bytes] = {}
    starts = {TopicPartition(topic, p): 0 for p in partitions}
    async for records in read(settings, starts):
        table |= {r.key: r.value for r in records}
    return {key: value for key, value in table.items() if value is not None}


async def watch_table(settings: Settings, topic: str) -> AsyncGenerator[dict[bytes, bytes]]:
    """What `read_table` gives of a topic of one partition, at first and then after every change; never ends."""
    partition = TopicPartition(topic, 0)
    table: dict[bytes, bytes] = {}
    shown: dict[bytes, bytes] | None = None
    async with plain_consumer(settings, [partition], fetch_wait_ms=WATCH_MS) as consumer:
        consumer.seek(partition, 0)
        while True:
            for record in (await consumer.getmany(timeout_ms=WATCH_MS)).get(partition, ()):
                table[record.key] = record.value
            high = consumer.highwater(partition)
            caught_up = high is not None and await consumer.position(partition) >= high
            if caught_up and table != shown:
                shown = dict(table)
                yield {key: value for key, value in shown.items() if value is not None}
