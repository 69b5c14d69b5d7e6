"""Exactly-once output: one transactional producer per owned index, and the progress record in each of its transactions.

Starting the producer aborts what an earlier owner of the index left open and fences it: its late sends are refused.
"""

from __future__ import annotations

import asyncio
import logging
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import zip_longest
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import IllegalOperation, KafkaError, OutOfOrderSequenceNumber, ProducerFenced
from aiokafka.producer.message_accumulator import BatchBuilder

from pipeline.correlation.store_file import NO_OFFSET
from pipeline.settings import Settings
from pipeline.streams import topics
from pipeline.streams.connection import BATCH_BYTES, LARGEST_REQUEST, options
from pipeline.streams.reading import read_table

log = logging.getLogger(__name__)

TRANSACTION_TIMEOUT_MS: Final = 30_000
"""A dead owner's open transaction is aborted after this even if no one takes its place; a chunk needs some 30 ms."""

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0


class Output(NamedTuple):
    """One record to write, with its partition; `at_ms` is its time (Unix), 0: the time of writing."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    at_ms: int = 0


class Lost(Exception):  # noqa: N818 - says what happened: the index is no longer ours, or the outcome is unknown
    """Fenced by a new owner, or a commit whose outcome is unknown: start again from `progress`."""


class Spent(Exception):  # noqa: N818 - says what happened: this producer gets nothing through any more
    """The broker misses a batch that it refused for good, and with it every later one of this producer: start anew."""


class Applied(NamedTuple):
    """How far a source partition was applied: its last offset, and how many records were applied in all.

    The count tells whether compaction has taken records since: a reader of what is left between two offsets then finds
    fewer than were applied.
    """

    offset: int = NO_OFFSET
    records: int = 0


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `progress`: the last source offset whose outputs are committed."""

    offset: int
    topic_id: str
    """A topic that was deleted and made anew has another; what was applied of the old one says nothing of it."""
    generation: str = ""
    turn: int = 0
    """Both for notes (pipeline.streams.notes) alone."""
    records: int = 0
    """How many records were applied up to this offset."""


class Transactions:
    """The transactional producer of one index of one stage and generation.

    `topic_ids` gives the ids of the source topics.
    """

    def __init__(
        self, settings: Settings, stage: str, generation: str, index: int, topic_ids: Mapping[str, str]
    ) -> None:
        self._settings = settings
        self._topic_ids = topic_ids
        self._prefix = f"{stage}|{generation}"
        self._id = f"{settings.namespace}{stage}-{generation}-{index}"
        self._topic = topics.name(settings, topics.PROGRESS)
        self._partition = progress_partition(stage, index)
        self._producer: AIOKafkaProducer | None = None
        self.table: dict[bytes, bytes] = {}
        """What the partition of `progress` held at the start, notes included."""

    async def start(self) -> dict[TopicPartition, Applied]:
        """Fence earlier owners, then read what was applied last of each source partition of this stage."""
        self._producer = AIOKafkaProducer(
            **options(self._settings),
            transactional_id=self._id,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            max_batch_size=BATCH_BYTES,
            max_request_size=LARGEST_REQUEST,
            linger_ms=0,
        )
        await self._producer.start()
        self.table = await read_table(self._settings, self._topic, [self._partition])
        return dict(self._applied())

    def _applied(self) -> Iterator[tuple[TopicPartition, Applied]]:
        for key, value in self.table.items():
            prefix, topic, partition = key.decode().rsplit("|", 2)
            progress = msgspec.json.decode(value, type=Progress)
            if prefix == self._prefix and progress.topic_id == self._topic_ids.get(topic):
                yield TopicPartition(topic, int(partition)), Applied(progress.offset, progress.records)

    async def commit(self, outputs: Iterable[Output], applied: Mapping[TopicPartition, Applied]) -> None:
        """Write all outputs and how far was applied in one transaction; returns when it is committed.

        A transient failure is tried again for as long as it lasts. Raises Lost, Spent.
        """
        records = [*outputs, *self._progress(applied)]
        pause = FIRST_PAUSE_S
        while not await self._attempt(records):
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _progress(self, applied: Mapping[TopicPartition, Applied]) -> Iterator[Output]:
        for source, (offset, records) in applied.items():
            value = msgspec.json.encode(Progress(offset, self._topic_ids[source.topic], records=records))
            yield Output(self._topic, self._partition, progress_key(self._prefix, source), value)

    async def _attempt(self, records: Iterable[Output]) -> bool:
        """One transaction; False when it was aborted and may be tried again. Raises Lost, Spent."""
        producer = self._producer
        if producer is None:
            raise Lost(f"{self._id}: closed")
        try:
            await producer.begin_transaction()
            try:
                await _send(producer, records)
            except ProducerFenced:
                raise
            except OutOfOrderSequenceNumber as error:
                await producer.abort_transaction()
                raise Spent(f"{self._id}: a batch was refused before") from error
            except (KafkaError, IllegalOperation) as error:  # the latter after any failure that another send met first
                await producer.abort_transaction()
                log.warning("%s: transaction aborted, trying again: %r", self._id, error)
                return False
            await producer.commit_transaction()
        except (KafkaError, AssertionError) as error:  # aiokafka asserts on states that a fatal error left behind
            raise Lost(f"{self._id}: {error!r}") from error
        return True

    async def stop(self) -> None:
        """Close the producer; a transaction in the making is left to be aborted."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(KafkaError):
                await producer.stop()


def progress_key(prefix: str, source: TopicPartition) -> bytes:
    """Key of the progress of a source partition; `prefix` is stage and generation, joined by a bar."""
    return f"{prefix}|{source.topic}|{source.partition}".encode()


def progress_partition(stage: str, index: int) -> int:
    """The partition of `progress` that holds an index: by CRC-32 of its name, as no client's partitioner is asked."""
    return zlib.crc32(f"{stage}-{index}".encode()) % topics.PROGRESS_PARTITIONS


async def _send(producer: AIOKafkaProducer, records: Iterable[Output]) -> None:
    """Send all records by batches, and wait until every batch is acknowledged.

    One batch of each partition at a time: they go in one request, and the order within a partition is kept.
    """
    for batches in zip_longest(*_batches(producer, records).values()):
        sent = [await _sent(producer, batch) for batch in batches if batch is not None]
        results = await asyncio.gather(*sent, return_exceptions=True)
        failed = [result for result in results if isinstance(result, BaseException)]
        if failed:
            raise failed[0]


async def _sent(producer: AIOKafkaProducer, batch: _Batch) -> asyncio.Future[Any]:
    future: asyncio.Future[Any] = await producer.send_batch(batch.builder, batch.topic, partition=batch.partition)
    future.add_done_callback(_hear)
    return future


def _hear(future: asyncio.Future[Any]) -> None:
    """Take note of a failure: where a later send fails first, nobody awaits this one, and asyncio would complain."""
    if not future.cancelled():
        future.exception()


class _Batch(NamedTuple):
    topic: str
    partition: int
    builder: BatchBuilder


def _batches(producer: AIOKafkaProducer, records: Iterable[Output]) -> dict[tuple[str, int], list[_Batch]]:
    now = int(time.time() * 1000)
    batches: dict[tuple[str, int], list[_Batch]] = {}
    for topic, partition, key, value, at_ms in records:
        queue = batches.setdefault((topic, partition), [])
        if not queue or not _append(queue[-1].builder, at_ms or now, key, value):
            queue.append(_Batch(topic, partition, producer.create_batch()))
            _append(queue[-1].builder, at_ms or now, key, value)
    return batches


def _append(builder: BatchBuilder, now: int, key: bytes, value: bytes) -> Any:
    return builder.append(timestamp=now, key=key, value=value)
