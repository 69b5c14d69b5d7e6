"""Read whole partitions, outside any consumer group: registry, progress, and what a store is rebuilt from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Coroutine, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import datetime
from itertools import chain
from typing import Any, Final, Literal, NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka import admin
from pipeline.streams.kafka.connection import client_options
from pipeline.streams.kafka.fetching import BatchConsumer, ReadingPolicy
from pipeline.streams.kafka.positions import RejectedBatch, records_up_to, rejected_batches
from pipeline.streams.kafka.record_batches import BatchLimits, require_codecs
from pipeline.times import unix_ms

POLL_MS = 200
"""How long a reader waits for records before it looks whether it has read all, or has waited long enough."""

FETCH_WAIT_MS = 50
"""An empty partition answers after this; reading the registry waits no longer."""

WATCH_MS = 1000
"""How long the broker holds back the answer to a watcher while nothing changes."""

COMPLETED_S = 2.0
"""How long a reader that is cancelled while it connects or disconnects may take to end it: some 0.05 s, if Kafka
answers."""

PATIENCE_S = 15.0
"""How long a reader fetches a damaged batch again before it says so: six attempts, since the pauses grow."""


def reading_policy(settings: Settings, patience_s: float | None = None) -> ReadingPolicy:
    """How a consumer of this installation deals with batches that it can't read.

    Raises LiaisonError where a codec is missing, of which each such batch would be one.
    """
    require_codecs()

    async def find(partition: TopicPartition, offset: int) -> RejectedBatch | None:
        return await _find_rejection(settings, partition, offset)

    return ReadingPolicy(
        BatchLimits(settings.max_batch_bytes, settings.max_batch_records),
        lambda topic: topics.is_national(settings, topic),
        find,
        patience_s,
    )


async def _find_rejection(settings: Settings, partition: TopicPartition, offset: int) -> RejectedBatch | None:
    """The operator's order to give up the damaged batch at an offset."""
    table = await read_table(settings, topics.topic_name(settings, topics.CONTROL))
    found = [batch for batch in rejected_batches(table.items(), *partition) if batch.covers(offset)]
    if not found:
        return None
    held = await asyncio.to_thread(admin.read_ids, settings, [partition.topic])
    return next((batch for batch in found if batch.topic_id == held.topics[partition.topic]), None)


@asynccontextmanager
async def plain_consumer(
    settings: Settings,
    partitions: Iterable[TopicPartition],
    fetch_wait_ms: int = FETCH_WAIT_MS,
    fetch_bytes: int = 1,
    patience_s: float | None = None,
    isolation: Literal["read_committed", "read_uncommitted"] = "read_committed",
) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group on these partitions that sees committed records only; the caller seeks.

    The broker holds an answer back for `fetch_wait_ms`, or until it has `fetch_bytes`. A damaged batch is fetched again
    for `patience_s` (PATIENCE_S), then raises BlockedPartitionError. `isolation` is for what counts uncommitted too.
    """
    consumer = BatchConsumer(
        **client_options(settings),
        isolation_level=isolation,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        policy=reading_policy(settings, PATIENCE_S if patience_s is None else patience_s),
        fetch_max_wait_ms=fetch_wait_ms,
        fetch_min_bytes=fetch_bytes,
    )
    async with _connected(consumer):
        consumer.assign(list(partitions))
        yield consumer


@asynccontextmanager
async def _connected(consumer: AIOKafkaConsumer) -> AsyncIterator[None]:
    """Connect a consumer, and disconnect it afterwards, whenever one is cancelled."""
    try:
        await _complete_step(consumer.start())
        yield
    finally:
        await _complete_step(consumer.stop())


async def _complete_step(step: Coroutine[Any, Any, None]) -> None:
    """Connect or disconnect. Who is cancelled meanwhile does so first: aiokafka 0.14 would leave a connection open."""
    task = asyncio.ensure_future(step)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=COMPLETED_S)
        task.cancel()
        with suppress(KafkaError, asyncio.CancelledError):
            await task
        raise


async def read_partitions(
    settings: Settings,
    starts: Mapping[TopicPartition, int],
    last: Mapping[TopicPartition, int] | None = None,
    patience_s: float | None = None,
) -> AsyncGenerator[list[ConsumerRecord]]:
    """Committed records from each partition's start (an offset) by fetched chunks, ordered within a partition.

    A batch of a national topic that can't be read is one UnreadableBatch; elsewhere it raises BlockedPartitionError,
    as a damaged one does everywhere that stays so for longer than `patience_s` (PATIENCE_S).

    Ends past the offsets `last`, or at the high watermark first seen where a partition is not named there. Transactions
    still open below that are waited for, so that nothing that was committed before the call is ever missed.
    """
    if not starts:  # aiokafka lets a cancellation escape from a consumer that is stopped as soon as it is started
        return
    given = last or {}
    async with plain_consumer(settings, starts, patience_s=patience_s) as consumer:
        for partition, offset in starts.items():
            consumer.seek(partition, offset)
        ends = {p: given[p] + 1 for p in starts if p in given}
        open_partitions = set(starts)
        while open_partitions:
            fetched = await consumer.getmany(*open_partitions, timeout_ms=POLL_MS)
            for partition, records in fetched.items():
                wanted = records_up_to(records, given[partition]) if partition in given else records
                if wanted:
                    yield wanted
            open_partitions -= await _find_finished(consumer, open_partitions, ends)


async def _find_finished(
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


async def offsets_since(
    settings: Settings, partitions: Collection[TopicPartition], since: datetime | None
) -> dict[TopicPartition, int]:
    """The offset of each partition's first record at or after `since`; a partition without one is left out.

    Without a time: the first that is held, of every partition.
    """
    async with plain_consumer(settings, []) as consumer:
        if since is None:
            begins: dict[TopicPartition, int] = await consumer.beginning_offsets(list(partitions))
            return begins
        found = await consumer.offsets_for_times(dict.fromkeys(partitions, unix_ms(since)))
    return {partition: place.offset for partition, place in found.items() if place is not None}


async def read_table(settings: Settings, topic: str, partitions: Iterable[int] = (0,)) -> dict[bytes, bytes]:
    """The last value of every key of a compacted topic that is small enough to hold; tombstones left out."""
    table: dict[bytes, bytes] = {}
    starts = {TopicPartition(topic, p): 0 for p in partitions}
    async for records in read_partitions(settings, starts):
        table |= {r.key: r.value for r in records}
    return {key: value for key, value in table.items() if value is not None}


class Fetching(NamedTuple):
    """How records are fetched as they come: the broker waits `wait_ms` for `least_bytes` of them.

    At most `at_once` are handed on together; None: as they were fetched.
    """

    wait_ms: int = POLL_MS
    least_bytes: int = 1
    at_once: int | None = None
    isolation: Literal["read_committed", "read_uncommitted"] = "read_committed"


AS_THEY_COME: Final = Fetching()


class FetchedRecords(NamedTuple):
    """Records as they came, maybe none, and what is true once a reader has taken them in.

    `caught_up`: it has all that there was when it began. `at_end`: nothing more is there now.
    """

    records: list[ConsumerRecord]
    caught_up: bool
    at_end: bool


async def read_on(
    settings: Settings, starts: Mapping[TopicPartition, int], fetching: Fetching = AS_THEY_COME
) -> AsyncGenerator[FetchedRecords]:
    """The records of partitions from their starts (offsets) on, then each new one; never ends.

    Something comes at once and then at least every POLL_MS or `wait_ms`, whichever is longer, if only no records.
    Raises as `plain_consumer`.
    """
    poll_ms, records = max(POLL_MS, fetching.wait_ms), list[ConsumerRecord]()
    async with plain_consumer(
        settings, starts, fetching.wait_ms, fetching.least_bytes, isolation=fetching.isolation
    ) as consumer:
        ends = await consumer.end_offsets(list(starts))
        for partition, offset in starts.items():
            consumer.seek(partition, offset)
        while True:
            reached = {partition: await consumer.position(partition) for partition in starts}
            high = {partition: consumer.highwater(partition) for partition in starts}
            yield FetchedRecords(
                records,
                all(at >= ends[partition] for partition, at in reached.items()),
                all(end is not None and reached[partition] >= end for partition, end in high.items()),
            )
            fetched = await consumer.getmany(timeout_ms=poll_ms, max_records=fetching.at_once)
            records = list(chain.from_iterable(fetched.values()))


async def watch_table(settings: Settings, topic: str) -> AsyncGenerator[dict[bytes, bytes]]:
    """What `read_table` gives of a topic of one partition, at first and then after every change; never ends."""
    table: dict[bytes, bytes] = {}
    shown: dict[bytes, bytes] | None = None
    async with aclosing(read_on(settings, {TopicPartition(topic, 0): 0}, Fetching(WATCH_MS))) as fetched:
        async for found in fetched:
            table |= {record.key: record.value for record in found.records}
            if found.at_end and table != shown:
                shown = dict(table)
                yield {key: value for key, value in shown.items() if value is not None}
