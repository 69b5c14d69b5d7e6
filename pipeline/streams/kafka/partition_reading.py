"""The records of one fetched partition: unreadable batches marked, aborted ones skipped, damaged ones held back."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import KafkaError
from aiokafka.record.control_record import ABORT_MARKER, ControlRecord

from pipeline.errors import LiaisonError
from pipeline.streams.kafka.record_batches import (
    BatchLimits,
    BatchReader,
    BatchRecord,
    CorruptBatchError,
    RecordBatch,
    UnreadableBatchError,
    split_batches,
)
from pipeline.streams.kafka.unreadable import RejectedBatch, UnreadableBatch

log = logging.getLogger(__name__)

FindRejection = Callable[[TopicPartition, int], Awaitable[RejectedBatch | None]]
"""Finds the operator's order to reject a damaged batch at an offset."""


class BlockedPartitionError(LiaisonError):
    """A batch that can't be read, or not now, keeps a reader of a partition from going on."""

    def __init__(self, partition: TopicPartition, offset: int, problem: object) -> None:
        super().__init__(
            f"{partition.topic} can't be read on at partition {partition.partition}, offset {offset}: {problem}"
        )
        self.partition = partition


@dataclass(frozen=True)
class ReadingPolicy:
    """How a consumer deals with what it can't read.

    `is_national` tells the topics whose unreadable batches are outcomes. `patience_s`: how long a damaged batch is
    fetched again before BlockedPartitionError is raised; None: for ever, as a worker does, whose metric tells of it.
    """

    limits: BatchLimits
    is_national: Callable[[str], bool]
    find_rejection: FindRejection
    patience_s: float | None = None


class PartitionBlocker(Protocol):
    """What a partition's reader asks of its fetcher."""

    @property
    def policy(self) -> ReadingPolicy:
        """How batches of its partitions are read."""

    @property
    def reader(self) -> BatchReader:
        """What reads them within that policy's limits."""

    def rejection_at(self, partition: TopicPartition, offset: int) -> RejectedBatch | None:
        """The operator's order that covers an offset, as far as it is known here."""

    def block_partition(self, partition: TopicPartition, offset: int, error: CorruptBatchError) -> None:
        """Fetch a partition again after a pause."""

    def unblock_partition(self, partition: TopicPartition) -> None:
        """A partition has gone on."""


class PartitionReader(PartitionRecords):  # type: ignore[misc]  # aiokafka's fetcher has no types
    """The records of one fetched partition, in order; ends before a batch that blocks."""

    def __init__(
        self,
        partition: TopicPartition,
        fetched: bytes,
        aborted: list[tuple[int, int]],
        offset: int,
        isolation: int,
        fetcher: PartitionBlocker,
    ) -> None:
        self.next_fetch_offset: int
        super().__init__(partition, split_batches(fetched), aborted, offset, None, None, True, isolation)
        self._fetcher = fetcher

    def _unpack_records(self) -> Iterator[ConsumerRecord]:
        topic, partition = self._tp
        try:
            for batch in self._records:
                try:
                    records = [] if self._is_skipped(batch) else self._fetcher.reader.read_records(batch)
                except UnreadableBatchError as error:
                    records = []
                    yield from self._mark_batch(batch, error)
                for record in records:
                    if record.offset >= self.next_fetch_offset:
                        self.next_fetch_offset = record.offset + 1
                        yield _consumer_record(topic, partition, record)
                self._advance_past(batch.last_offset)
        except CorruptBatchError as error:
            yield from self._rejected_or_blocked(error)

    def _advance_past(self, last_offset: int) -> None:
        """Go past an offset: the last of a batch, even where compaction or an abort has left no record there."""
        if last_offset >= self.next_fetch_offset:
            self.next_fetch_offset = last_offset + 1
        self._fetcher.unblock_partition(self._tp)

    def _is_skipped(self, batch: RecordBatch) -> bool:
        """Whether a batch is a transaction marker, or of an aborted transaction: neither is inflated."""
        if self._isolation_level == READ_COMMITTED and (batch.is_transactional or batch.is_control):
            self._consume_aborted_up_to(batch.base_offset)
            if batch.is_control and self._is_abort(batch):
                self._aborted_producers.discard(batch.producer_id)
            if batch.is_transactional and batch.producer_id in self._aborted_producers:
                return True
        return batch.is_control

    def _is_abort(self, batch: RecordBatch) -> bool:
        """Brokers alone write markers; one that can't be read is damaged as a whole. Raises CorruptBatchError."""
        try:
            return any(
                ControlRecord.parse(record.key) == ABORT_MARKER for record in self._fetcher.reader.read_records(batch)
            )
        except (UnreadableBatchError, KafkaError, ValueError, TypeError) as error:
            raise CorruptBatchError("a transaction marker can't be read", batch.last_offset) from error

    def _mark_batch(self, batch: RecordBatch, error: UnreadableBatchError) -> Iterator[UnreadableBatch]:
        """The marker of a batch of a national topic. Raises CorruptBatchError for one of our own."""
        if not self._fetcher.policy.is_national(self._tp.topic):
            raise CorruptBatchError(f"the batch can't be read: {error}", batch.last_offset, lasting=True) from error
        yield from self._mark_range(batch.base_offset, batch.last_offset, batch.timestamp_ms, str(error))

    def _mark_range(self, first: int, last: int, timestamp_ms: int, problem: str) -> Iterator[UnreadableBatch]:
        """The marker of what is left of a range, which may have been read in part before a limit was lowered."""
        first = max(first, self.next_fetch_offset)
        if first <= last:
            log.info("%s-%d: offsets %d to %d can't be read: %s", *self._tp, first, last, problem)
            self._advance_past(last)
            yield UnreadableBatch(self._tp.topic, self._tp.partition, first, last, timestamp_ms, problem)

    def _rejected_or_blocked(self, error: CorruptBatchError) -> Iterator[UnreadableBatch]:
        rejected = self._fetcher.rejection_at(self._tp, self.next_fetch_offset)
        if rejected is None:
            self._fetcher.block_partition(self._tp, self.next_fetch_offset, error)
            return
        now_ms = int(time.time() * 1000)
        yield from self._mark_range(
            rejected.offset, rejected.last_offset, now_ms, f"{error}; an operator has rejected it"
        )


def _consumer_record(topic: str, partition: int, record: BatchRecord) -> ConsumerRecord:
    key, value = record.key, record.value
    return ConsumerRecord(
        topic,
        partition,
        record.offset,
        record.timestamp,
        record.timestamp_type,
        key,
        value,
        None,
        -1 if key is None else len(key),
        -1 if value is None else len(value),
        tuple(record.headers),
    )
