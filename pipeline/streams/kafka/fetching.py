"""A Kafka consumer that a record batch can't harm: aiokafka's, with our own reading of what it has fetched.

A batch that can't be read (unknown codec, over a limit, malformed) in a national topic comes as one `UnreadableBatch`,
and its partition goes on. What disk or network damaged (a wrong CRC, a batch cut short) is fetched again with growing
pauses, until it is whole or an operator has rejected it; so is an unreadable batch in a topic of our own, where it is
no one's outcome but a fault. Batches of aborted transactions are skipped before they are inflated.

This goes with the internals of the locked aiokafka: tests/contract/test_damaged_batches.py holds it on a real broker.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka import errors as kafka_errors
from aiokafka.consumer.fetcher import READ_COMMITTED, Fetcher, FetchResult, OffsetResetStrategy, PartitionRecords
from aiokafka.errors import KafkaError
from aiokafka.record.control_record import ABORT_MARKER, ControlRecord

from pipeline.backoff import FIRST_PAUSE_S, LONGEST_PAUSE_S
from pipeline.errors import LiaisonError
from pipeline.streams.catalogues import metrics
from pipeline.streams.kafka.positions import BlockedPartitionError, RejectedBatch, UnreadableBatch
from pipeline.streams.kafka.record_batches import (
    BatchLimits,
    BatchReader,
    BatchRecord,
    CorruptBatchError,
    RecordBatch,
    UnreadableBatchError,
    split_batches,
)

log = logging.getLogger(__name__)


FindRejection = Callable[[TopicPartition, int], Awaitable[RejectedBatch | None]]
"""Finds the operator's order to reject a damaged batch at an offset."""


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


class PartitionReader(PartitionRecords):  # type: ignore[misc]  # aiokafka's fetcher has no types
    """The records of one fetched partition, in order; ends before a batch that blocks."""

    def __init__(
        self,
        partition: TopicPartition,
        fetched: bytes,
        aborted: list[tuple[int, int]],
        offset: int,
        isolation: int,
        fetcher: BatchFetcher,
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
                    if not self._fetcher.policy.is_national(topic):  # in a topic of our own it is a fault
                        problem = f"the batch can't be read: {error}"
                        raise CorruptBatchError(problem, batch.last_offset, lasting=True) from error
                    yield from self._mark_range(batch.base_offset, batch.last_offset, batch.timestamp_ms, str(error))
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


@dataclass
class _BlockedPartition:
    """A partition that can't be read on from an offset; it is fetched again at `until` (monotonic seconds)."""

    offset: int
    last_offset: int
    since: float
    pause_s: float = 0.0
    until: float = 0.0

    def next_pause_s(self, now: float) -> float:
        """After a failed attempt: returns the pause until the next, which has grown (seconds)."""
        self.pause_s = min(2 * self.pause_s, LONGEST_PAUSE_S) if self.pause_s else FIRST_PAUSE_S
        self.until = now + self.pause_s
        return self.pause_s


class BatchFetcher(Fetcher):  # type: ignore[misc]  # aiokafka's fetcher has no types
    """aiokafka's fetcher with PartitionReader in it, which leaves blocked partitions out until their pause is over."""

    policy: ReadingPolicy
    reader: BatchReader

    def adopt_policy(self, policy: ReadingPolicy) -> None:
        """Begin with a policy; called before the first request."""
        self.policy = policy
        self.reader = BatchReader(policy.limits)
        self._blocks: dict[TopicPartition, _BlockedPartition] = {}
        self._rejections: dict[TopicPartition, RejectedBatch] = {}
        self._missed: dict[TopicPartition, int] = {}
        """Offsets at which partitions were to be read on and that are not there, until it is known where they begin."""
        self.begins: dict[TopicPartition, int] = {}
        """Where partitions began when their reader had no offset of its own, or one that was not there."""
        self._looking: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Stop fetching, and looking for operators' orders."""
        await super().close()
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)
        for partition in list(self._blocks):
            self.unblock_partition(partition)

    def rejection_at(self, partition: TopicPartition, offset: int) -> RejectedBatch | None:
        """The operator's order that covers an offset, as far as it is known here."""
        rejected = self._rejections.get(partition)
        return rejected if rejected is not None and rejected.covers(offset) else None

    def block_partition(self, partition: TopicPartition, offset: int, error: CorruptBatchError) -> None:
        """Fetch a partition again after a pause that grows. Raises BlockedPartitionError beyond the policy's patience.

        Meanwhile it is looked up whether an operator has rejected the batch.
        """
        now = time.monotonic()
        block = self._blocks.get(partition)
        if block is None or block.offset != offset:
            block = self._blocks[partition] = _BlockedPartition(offset, error.last_offset, now)
        pause = block.next_pause_s(now)
        log.warning("%s-%d: offset %d: %s; fetched again in %.1f s", *partition, offset, error, pause)
        if self.policy.patience_s is None:
            metrics.BLOCKED.labels(partition.topic, str(partition.partition)).set(1)
        elif error.lasting or now - block.since > self.policy.patience_s:
            raise BlockedPartitionError(partition, offset, error)
        if self.policy.is_national(partition.topic):
            task = asyncio.ensure_future(self._look_up_rejection(partition, offset))
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)

    def damaged_up_to(self, partition: TopicPartition) -> int | None:
        """The last offset of the batch that blocks a partition, as it says itself; None where none does."""
        block = self._blocks.get(partition)
        return None if block is None else block.last_offset

    def unblock_partition(self, partition: TopicPartition) -> None:
        """A partition has gone on, or is read here no more."""
        if self._blocks.pop(partition, None) is not None and self.policy.patience_s is None:
            metrics.BLOCKED.remove(partition.topic, str(partition.partition))

    async def _look_up_rejection(self, partition: TopicPartition, offset: int) -> None:
        try:
            found = await self.policy.find_rejection(partition, offset)
        except (KafkaError, LiaisonError, OSError) as error:
            log.warning("whether an operator has rejected a batch is not known: %s", error)
            return
        if found is not None:
            self._rejections[partition] = found

    def _get_actions_per_node(self, assignment: Any) -> tuple[Any, ...]:
        """Leave blocked partitions out of aiokafka's requests; it asks again at least every 0.2 s."""
        for gone in self._blocks.keys() - set(assignment.tps):
            self.unblock_partition(gone)
        requests, *others = super()._get_actions_per_node(assignment)
        now = time.monotonic()
        waiting = {partition for partition, block in self._blocks.items() if block.until > now}
        if waiting:
            requests = [
                (node, kept) for node, request in requests if (kept := _without_partitions(request, waiting)).topics
            ]
        return requests, *others

    async def _proc_offset_request(self, node_id: int, topic_data: Any) -> Any:
        """Ask a broker for offsets; where it is not the leader any more, ask who is.

        aiokafka asks the same one every 0.1 s until its metadata is five minutes old: after a broker had been frozen,
        a partition without a committed offset held up all of its consumer for as long.
        """
        try:
            found = await super()._proc_offset_request(node_id, topic_data)
        except KafkaError as error:
            if error.invalid_metadata:
                self._client.force_metadata_update()
            raise
        asked = {TopicPartition(topic, p): at for topic, partitions in topic_data.items() for p, at in partitions}
        self.begins |= {p: offset for p, (offset, _) in found.items() if asked[p] == OffsetResetStrategy.EARLIEST}
        return found

    async def _proc_fetch_request(self, assignment: Any, node_id: int, request: Any) -> bool:
        """Send a request and keep what comes; True where there is something for the consumer."""
        try:
            response = await self._client.send(node_id, request)
        except KafkaError as error:
            log.error("fetching from node %s failed: %s", node_id, error)
            await asyncio.sleep(self._retry_backoff)
            return False
        except asyncio.CancelledError:  # closed, or the partitions are another's
            return False
        if not assignment.active:
            return False
        asked = {TopicPartition(topic, p): offset for topic, ps in request.topics for p, offset, _ in ps}
        kept = [
            self._keep_answer(assignment, TopicPartition(topic, partition), asked, code, highwater, rest)
            for topic, partitions in response.topics
            for partition, code, highwater, *rest in partitions
        ]
        return any(kept)

    def _keep_answer(
        self,
        assignment: Any,
        partition: TopicPartition,
        asked: dict[TopicPartition, int],
        code: int,
        highwater: int,
        rest: list[Any],
    ) -> bool:
        """Keep the answer for one partition. `rest`: last stable offset, ..., aborted transactions, ..., batches."""
        state, offset = assignment.state_value(partition), asked[partition]
        if not state.has_valid_position or state.position != offset:
            return False  # somebody has sought elsewhere meanwhile
        if code != kafka_errors.NoError.errno:
            return self._handle_refusal(partition, state, offset, kafka_errors.for_code(code))
        if partition in self._missed:
            _tell_missed(partition, self._missed.pop(partition), offset)
        state.highwater, state.lso, state.timestamp = highwater, rest[0], int(time.time() * 1000)
        fetched = rest[-1]
        if not fetched:
            return False
        aborted = next((part for part in rest[1:-1] if isinstance(part, list)), [])
        records = PartitionReader(partition, fetched, aborted, offset, self._isolation_level, self)
        self._records[partition] = FetchResult(
            partition, assignment=assignment, partition_records=records, backoff=self._prefetch_backoff
        )
        return True

    def _handle_refusal(self, partition: TopicPartition, state: Any, offset: int, error: type[KafkaError]) -> bool:
        """Deal with a broker's refusal as aiokafka does; True where the consumer has to hear of it."""
        if error in (kafka_errors.NotLeaderForPartitionError, kafka_errors.UnknownTopicOrPartitionError):
            self._client.force_metadata_update()
        elif error is kafka_errors.OffsetOutOfRangeError:
            if offset:  # 0 asks for whatever is there
                self._missed.setdefault(partition, offset)
            state.await_reset(self._default_reset_strategy)
        elif error is kafka_errors.TopicAuthorizationFailedError:
            self._set_error(partition, error(partition.topic))
            return True
        else:
            log.warning("%s-%d: fetching failed: %s", *partition, error.__name__)
        return False


def _tell_missed(partition: TopicPartition, wanted: int, begin: int) -> None:
    """Say where a reader goes on whose next offset is not there, and what it did not get.

    Whether that was wanted its reader knows: what correlate has applied of `pairs` it deletes itself.
    """
    if wanted < begin:
        where = (*partition, wanted, begin - 1, begin)
        log.warning("%s-%d: Kafka holds offsets %d to %d no more; reading goes on at %d", *where)
    else:
        log.warning("%s-%d ends before offset %d; it is read anew from %d on", *partition, wanted, begin)


def _without_partitions(request: Any, waiting: set[TopicPartition]) -> Any:
    """A fetch request that leaves some partitions out."""
    kept = [
        (topic, [partition for partition in partitions if TopicPartition(topic, partition[0]) not in waiting])
        for topic, partitions in request.topics
    ]
    request._topics = [(topic, partitions) for topic, partitions in kept if partitions]  # noqa: SLF001
    return request


class BatchConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka's consumer has no types
    """aiokafka's consumer with BatchFetcher in it. It resets to the first offset, and has no preferred replicas."""

    def __init__(self, *topics: str, policy: ReadingPolicy, **options: Any) -> None:
        self._policy = policy
        self._own_fetcher: BatchFetcher | None = None
        super().__init__(*topics, **options)

    def damaged_up_to(self, partition: TopicPartition) -> int | None:
        """The last offset of the damaged batch that a partition stands at; -1: unknown, None: it stands at none."""
        return None if self._own_fetcher is None else self._own_fetcher.damaged_up_to(partition)

    def begin_of(self, partition: TopicPartition) -> int:
        """Where a partition began when it had to be read from its first record on; 0 where it did not have to."""
        return 0 if self._own_fetcher is None else self._own_fetcher.begins.get(partition, 0)

    @property
    def _fetcher(self) -> BatchFetcher | None:
        return self._own_fetcher

    @_fetcher.setter
    def _fetcher(self, made: Fetcher | None) -> None:
        """Make it one of ours: aiokafka's `start` makes a fetcher whose task has not begun yet."""
        if made is not None:
            made.__class__ = BatchFetcher
            cast(BatchFetcher, made).adopt_policy(self._policy)
        self._own_fetcher = cast("BatchFetcher | None", made)
