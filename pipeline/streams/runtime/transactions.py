"""Exactly-once output: one transactional producer per owned index, and the progress record in each of its transactions.

Starting a producer ends what an earlier one left open and fences it: its late requests are refused. So whenever the
outcome of a request is not known, the producer is dropped, another one is started, and `progress` says what became of
the transaction (`commit`). None of its requests is ever sent again under the same epoch.

Beside the progress lie notes (`marker_output`): what must be known of an index whichever generation owns it, written by
its lanes. `home`: whose fingerprints intake writes itself, and the end of `accepted` up to which they were complete
when it began. `told`: which generation agencies were told of last, and up to which offset of its `links`.
"""

from __future__ import annotations

import asyncio
import logging
import time
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import IllegalOperation, KafkaError, ProducerFenced
from aiokafka.producer.message_accumulator import BatchBuilder

from pipeline.backoff import retrying
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.producers import FailFastProducer, consume_exception
from pipeline.streams.kafka.reading import read_table

log = logging.getLogger(__name__)

TRANSACTION_TIMEOUT_MS: Final = 30_000
"""A dead owner's open transaction is aborted after this even if no one takes its place; a chunk needs some 30 ms."""

COMPRESSED_FROM: Final = 512
"""Bytes of a value, on average, from which on the records of a batch are compressed by zstd. Fingerprints, accepted
cases and claims are JSON, of which half is left. Postings are small and random: nothing would be left out."""

LONGEST_PAUSE_S: Final = 5.0
"""Between attempts at a transaction: longer pauses would let its partition wait after Kafka is back."""


class Output(NamedTuple):
    """One record to write, with its partition; `at_ms` is its time (Unix), 0: the time of writing."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    at_ms: int = 0


class ProducerFencedError(Exception):
    """Another producer has taken the index over, or has moved its progress: start again from `progress`."""


class ProducerUnusableError(Exception):
    """The producer is closed, or what became of a transaction without a progress record can't be known: start again."""


class _AttemptFailedError(Exception):
    """A transaction came to no known end, or no producer could be started; another producer tries again."""


@dataclass
class _PendingTransaction:
    """Records to write together; `noted` are those for our partition of `progress`, which tell the outcome.

    `ending`: its commit was asked for, so it may be committed, now or when that request arrives.
    """

    records: Sequence[Output]
    noted: dict[bytes, bytes]
    ending: bool = False


class AppliedPosition(NamedTuple):
    """How far a source partition was applied: its last offset, and how many records were applied in all.

    The count tells whether compaction has taken records since: a reader of what is left between two offsets then finds
    fewer than were applied.
    """

    offset: int = NO_OFFSET
    records: int = 0
    aside: frozenset[int] = frozenset()
    """Offsets up to it that were set aside: passed over, and neither applied nor counted."""


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `progress`: the last source offset whose outputs are committed."""

    offset: int
    topic_id: str
    """A topic that was deleted and made anew has another; what was applied of the old one says nothing of it."""
    generation: str = ""
    switches: int = msgspec.field(default=0, name="turn")
    """Both for notes (`marker_output`) alone."""
    records: int = 0
    """How many records were applied up to this offset; of a record that is set aside, the positions that it covers."""
    attempts: int = 0
    """Of a suspected record: how often it was begun alone without coming to an end."""
    aside: str = ""
    """Of a suspected record: whether it is passed over (pipeline.streams.runtime.attempts)."""


REMOVED: Final[Any] = None
"""The value of an output that removes its key."""


class Transactions:
    """The transactional producers, one after the other, of one index of one stage and generation.

    `topic_ids` gives the ids of the source topics, `limits` those of the producers, where they are other ones.
    """

    def __init__(
        self,
        settings: Settings,
        stage: str,
        generation: str,
        index: int,
        topic_ids: Mapping[str, str],
        **limits: int,
    ) -> None:
        self._settings = settings
        self.topic_ids = topic_ids
        self.prefix, self._index = f"{stage}|{generation}", index
        """Begins the keys of this index in `progress`."""
        self._id = f"{settings.namespace}{stage}-{generation}-{index}"
        self.topic = topics.topic_name(settings, topics.PROGRESS)
        self.partition = progress_partition(stage, index)
        """The topic `progress`, and our partition of it."""
        self._limits = limits
        self._producer: FailFastProducer | None = None
        self._running = False
        self.table: dict[bytes, bytes] = {}
        """What our partition of `progress` held at the start, notes included, with what we have committed since."""

    async def start_producer(self) -> dict[TopicPartition, AppliedPosition]:
        """Fence earlier owners, then read what was applied last of each source partition of this stage."""
        self.table = await self._open_producer()
        self._running = True
        return dict(self._decode_applied())

    async def _open_producer(self) -> dict[bytes, bytes]:
        """Start a producer, then read our partition of `progress`.

        Kafka answers InitProducerId only once the transaction that it found, open or being committed, has ended in
        every partition; what is read afterwards is final.
        """
        producer = FailFastProducer(
            self._settings, self._id, transaction_timeout_ms=TRANSACTION_TIMEOUT_MS, **self._limits
        )
        try:
            await producer.start()
            table = await read_table(self._settings, self.topic, [self.partition])
        except BaseException:
            await producer.drop()
            raise
        self._producer = producer
        return table

    def _decode_applied(self) -> Iterator[tuple[TopicPartition, AppliedPosition]]:
        for key, value in self.table.items():
            prefix, topic, partition = key.decode().rsplit("|", 2)
            progress = msgspec.json.decode(value, type=Progress)
            if prefix == self.prefix and progress.topic_id == self.topic_ids.get(topic):
                yield TopicPartition(topic, int(partition)), AppliedPosition(progress.offset, progress.records)

    async def commit(self, outputs: Iterable[Output], applied: Mapping[TopicPartition, AppliedPosition]) -> None:
        """Write all outputs and how far was applied in one transaction; returns when it is committed.

        A failure is tried again for as long as it lasts, each time by a new producer, unless `progress` says that the
        transaction was committed. Raises ProducerFencedError, ProducerUnusableError.
        """
        # 1. The progress goes with the outputs, into one transaction: it is what says later whether they were written.
        records = [*outputs, *self._progress_records(applied)]
        noted = {r.key: r.value for r in records if (r.topic, r.partition) == (self.topic, self.partition)}
        pending = _PendingTransaction(records, noted)
        async for attempt in retrying(_AttemptFailedError, log, self._id, longest_pause_s=LONGEST_PAUSE_S):
            with attempt:
                # 2. A producer that failed is never used again: a late request of its epoch could join what comes next.
                #    Its successor's epoch fences it first, and only then is `progress` read, which is final by then.
                producer = self._producer or await self._replace_producer(pending)
                # 3. None: `progress` says that the attempt before was committed after all; sending it again would tell
                #    everything twice.
                if producer is not None:
                    await self._attempt_transaction(producer, pending)
        # 4. What this producer knows of `progress` moves last: until then the next one compares with what was before.
        self.table = {key: value for key, value in (self.table | noted).items() if value is not None}

    async def _replace_producer(self, pending: _PendingTransaction) -> FailFastProducer | None:
        """Start another producer in place of one that is lost; None where its transaction was committed after all.

        Raises ProducerFencedError where `progress` has moved otherwise: our stores are behind it.
        """
        if not self._running:
            raise ProducerUnusableError(f"{self._id}: closed")
        try:
            found = self._watched_records(await self._open_producer(), pending)
        except (KafkaError, OSError) as error:
            raise _AttemptFailedError(f"no producer could be started: {error!r}") from error
        before, after = (
            self._watched_records(self.table, pending),
            self._watched_records(self.table | pending.noted, pending),
        )
        if pending.ending and before == after:
            raise ProducerUnusableError(f"{self._id}: nothing tells whether the transaction was committed")
        if pending.ending and found == after:
            return None
        if found != before:
            raise ProducerFencedError(f"{self._id}: another producer has moved the progress")
        return self._producer

    def _watched_records(self, table: Mapping[bytes, bytes], pending: _PendingTransaction) -> dict[bytes, bytes]:
        """The records of a table that only this index's owner moves, and those that the transaction writes."""
        start, end = f"{self.prefix}|".encode(), f"|{self._index}".encode()
        return {
            key: value
            for key, value in table.items()
            if value is not None and (key in pending.noted or (key.startswith(start) and key.endswith(end)))
        }

    async def _attempt_transaction(self, producer: FailFastProducer, pending: _PendingTransaction) -> None:
        """One transaction; a failure costs the producer."""
        # 1. Until its commit is asked for, a transaction can only be aborted: the next producer sends it again without
        #    asking what became of it.
        pending.ending = False
        try:
            await producer.begin_transaction()
            # 2. Every record is acknowledged before the commit is asked for: Kafka commits what it has.
            await self._send_records(producer, pending.records)
            # 3. Noted before the request leaves: from here on it may be committed whatever the answer is.
            pending.ending = True
            await producer.commit_transaction()
        except (KafkaError, IllegalOperation, AssertionError) as error:  # aiokafka asserts on states left by a failure
            cause = producer.failure or error
            await self._drop_producer()
            if isinstance(cause, ProducerFenced) or isinstance(error, ProducerFenced):
                raise ProducerFencedError(f"{self._id}: {cause!r}") from error
            raise _AttemptFailedError(repr(cause)) from error

    async def _send_records(self, producer: FailFastProducer, records: Iterable[Output]) -> None:
        """Send all records by batches, and wait until every batch is acknowledged.

        One batch of each partition at a time: they go in one request, and the order within a partition is kept.
        """
        of_partitions: dict[tuple[str, int], list[Output]] = defaultdict(list)
        for record in records:
            of_partitions[record.topic, record.partition].append(record)
        now = int(time.time() * 1000)
        queues = [self._make_batches(producer, topic, some, now) for (topic, _), some in of_partitions.items()]
        for batches in zip_longest(*queues):
            sent = [
                await _send_batch(producer, batch, topic, partition)
                for (topic, partition), batch in zip(of_partitions, batches, strict=True)
                if batch is not None
            ]
            results = await asyncio.gather(*sent, return_exceptions=True)
            failed = [result for result in results if isinstance(result, BaseException)]
            if failed:
                raise failed[0]

    def _make_batches(
        self, producer: FailFastProducer, topic: str, records: Sequence[Output], now: int
    ) -> list[BatchBuilder]:
        """The batches of one partition, in order."""
        compressed = topics.is_compressed(self._settings, topic) and sum(
            len(record.value) for record in records
        ) >= COMPRESSED_FROM * len(records)
        batches: list[BatchBuilder] = []
        for record in records:
            if not batches or not _append_record(batches[-1], record, now):
                batches.append(producer.open_batch(compressed))
                _append_record(batches[-1], record, now)
        return batches

    def _progress_records(self, applied: Mapping[TopicPartition, AppliedPosition]) -> Iterator[Output]:
        for source, reached in applied.items():
            value = msgspec.json.encode(Progress(reached.offset, self.topic_ids[source.topic], records=reached.records))
            yield Output(self.topic, self.partition, progress_key(self.prefix, source), value)

    async def reread_table(self) -> dict[bytes, bytes]:
        """What our partition of `progress` holds now: operators write orders there. Raises KafkaError, OSError."""
        return await read_table(self._settings, self.topic, [self.partition])

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.drop()

    async def stop(self) -> None:
        """Close the producer; a transaction in the making is left to be aborted."""
        self._running = False
        await self._drop_producer()


def progress_key(prefix: str, source: TopicPartition) -> bytes:
    """Key of the progress of a source partition; `prefix` is stage and generation, joined by a bar."""
    return f"{prefix}|{source.topic}|{source.partition}".encode()


def progress_partition(stage: str, index: int) -> int:
    """The partition of `progress` that holds an index: by CRC-32 of its name, as no client's partitioner is asked."""
    return zlib.crc32(f"{stage}-{index}".encode()) % topics.PROGRESS_PARTITIONS


def _append_record(builder: BatchBuilder, record: Output, now: int) -> Any:
    return builder.append(timestamp=record.at_ms or now, key=record.key, value=record.value)


async def _send_batch(
    producer: FailFastProducer, batch: BatchBuilder, topic: str, partition: int
) -> asyncio.Future[Any]:
    future: asyncio.Future[Any] = await producer.send_batch(batch, topic, partition=partition)
    future.add_done_callback(consume_exception)
    return future


HOME: Final = ("intake", "home")
HITS_PUBLISHED: Final = ("project", "told")


def marker_output(settings: Settings, kind: tuple[str, str], index: int, value: Progress) -> Output:
    """The record that keeps a note; it goes into a transaction of the lane of that index."""
    stage, _ = kind
    topic = topics.topic_name(settings, topics.PROGRESS)
    return Output(topic, progress_partition(stage, index), _marker_key(kind, index), msgspec.json.encode(value))


def advance_progress(
    settings: Settings, stage: str, generation: str, source: TopicPartition, value: Progress
) -> Output:
    """The record that moves another stage's progress, where its work up to there is known to be done."""
    topic = topics.topic_name(settings, topics.PROGRESS)
    key = progress_key(f"{stage}|{generation}", source)
    return Output(topic, progress_partition(stage, source.partition), key, msgspec.json.encode(value))


def read_marker(table: Mapping[bytes, bytes], kind: tuple[str, str], index: int) -> Progress | None:
    """The note of an index in its partition of `progress`."""
    value = table.get(_marker_key(kind, index))
    return None if value is None else msgspec.json.decode(value, type=Progress)


def _marker_key(kind: tuple[str, str], index: int) -> bytes:
    """In the form of progress keys: stage, scope, topic, partition."""
    return "|".join((*kind, "note", str(index))).encode()
