"""The chunks that wait in a lane, a queue for each source partition, from which slices are taken in turn.

One lane serves partition i of every agency's topic. Were there one queue, what an agency floods would stand before all
others' records, and a full queue would hold back the fetcher for all. So each partition has a queue of its own: it is
served once a round, its slices are smaller where its records are slow, and a full one pauses fetching of that partition
alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

from aiokafka import ConsumerRecord, TopicPartition

from pipeline.correlation.store_file import NO_OFFSET
from pipeline.streams.kafka.positions import last_offset_of

WAITING_CHUNKS: Final = 4
"""Chunks of a partition that wait, or are in hand, before its fetching is paused; at half of it fetching goes on."""

SLICE_RECORDS: Final = 50
"""Records decided on without letting others run: even at 10 ms each, a transaction that is open meanwhile gets its turn
every 0.2 s and ends well within its timeout."""

SLICE_BYTES: Final = 512 << 10
"""A slice ends with the record that fills it: one of 600 KB with 10,000 names in another script takes 60 s of CPU."""


class SliceLimits(NamedTuple):
    """How much of a source is decided on at once: `records`, and how long it may take, in seconds.

    `shared_s` holds where a lane has several sources, else `lone_s`.
    """

    records: int
    shared_s: float
    lone_s: float


RIVALS: Final = SliceLimits(SLICE_RECORDS, shared_s=0.005, lone_s=0.1)
"""Of sources whose owners must not keep each other waiting. A slice that took longer makes the partition's next one
half as large: slow records cost their own agency its share, not the others theirs. A fetch and a commit take some ten
steps each, a slice apart: under a flood of 20 times the rate of others they waited 471 ms in the slowest of a hundred
at 20 ms, 228 ms at 5 ms (tests/benchmarks/fairness). A lane with one source has nobody to be fair to, and correlates
faster in larger ones."""

Chunk = Any
"""A Faust event whose value is a list of records of one partition."""


class FetchControl(Protocol):
    """What fetches the chunks, by partition."""

    def pause_fetching(self, partition: TopicPartition) -> None:
        """Fetch no more of a partition for now."""

    def resume_fetching(self, partition: TopicPartition) -> None:
        """Fetch a paused partition again."""

    def begin_of(self, partition: TopicPartition) -> int:
        """Where a partition began when it had to be read from its first record on; 0 where it did not have to."""


class Slice(NamedTuple):
    """Records of one partition, of one chunk, to be decided on together; `before`: the offset before them there."""

    partition: TopicPartition
    records: Sequence[ConsumerRecord]
    before: int = NO_OFFSET


@dataclass
class _Queue:
    """Chunks of one partition; what lies before `chunk` and `record` was taken and is not settled yet."""

    chunks: deque[Chunk] = field(default_factory=deque)
    chunk: int = 0
    record: int = 0
    slice_records: int = 1
    paused: bool = False
    held_until: float = 0.0

    def is_ready(self, now: float) -> bool:
        return self.chunk < len(self.chunks) and self.held_until <= now

    @property
    def waiting(self) -> int:
        return sum(len(chunk.value) for chunk in list(self.chunks)[self.chunk :]) - self.record

    def take_slice(self, partition: TopicPartition, most: int) -> Slice:
        whole: Sequence[ConsumerRecord] = self.chunks[self.chunk].value
        begin, size = self.record, 0
        while self.record < min(begin + most, len(whole)) and size < SLICE_BYTES:
            size += len(whole[self.record].value or b"")
            self.record += 1
        taken = Slice(partition, whole[begin : self.record], last_offset_of(whole[begin - 1]) if begin else NO_OFFSET)
        if self.record == len(whole):
            self.chunk, self.record = self.chunk + 1, 0
        return taken

    def give_back(self, count: int) -> None:
        if count and self.record == 0:
            self.chunk -= 1
            self.record = len(self.chunks[self.chunk].value)
        self.record -= count


class SourceQueues:
    """The queues of one lane; times are of any clock that never goes back, in seconds."""

    def __init__(self, partitions: Iterable[TopicPartition], flow: FetchControl, limits: SliceLimits = RIVALS) -> None:
        self._queues = {partition: _Queue() for partition in partitions}
        self._round = deque(self._queues)
        self._served: set[TopicPartition] = set()
        self._drained = False
        """Of the transaction in hand: the partitions that had a turn, and whether one of them has no more."""
        self._flow = flow
        self._records = limits.records
        self._longest_s = limits.shared_s if len(self._queues) > 1 else limits.lone_s

    def put_chunk(self, partition: TopicPartition, chunk: Chunk) -> None:
        """Queue a chunk; one that fills its queue pauses the partition."""
        queue = self._queues[partition]
        queue.chunks.append(chunk)
        if not queue.paused and len(queue.chunks) >= WAITING_CHUNKS:
            queue.paused = True
            self._flow.pause_fetching(partition)

    def is_ready(self, now: float) -> bool:
        """Whether there is anything to take."""
        return any(queue.is_ready(now) for queue in self._queues.values())

    def holds(self, count: int) -> bool:
        """Whether at least so many records wait."""
        return sum(queue.waiting for queue in self._queues.values()) >= count

    def next_slice(self, now: float) -> Slice | None:
        """Take the next slice of the transaction in hand, of the partition whose turn it is; None where it should end.

        It ends where nothing is ready, and where a partition without more waits for its effects while one that has had
        its turn would go on: who sends little is not kept waiting by who sends much.
        """
        for _ in range(len(self._round)):
            partition = self._round[0]
            if self._queues[partition].is_ready(now):
                return self._take_from(partition, now)
            self._round.rotate(-1)
        return None

    def _take_from(self, partition: TopicPartition, now: float) -> Slice | None:
        if self._drained and partition in self._served:
            return None
        self._round.rotate(-1)
        queue = self._queues[partition]
        taken = queue.take_slice(partition, queue.slice_records)
        self._served.add(partition)
        self._drained = self._drained or not queue.is_ready(now)
        return taken

    def take_first(self, partition: TopicPartition) -> Slice:
        """Take the next record of a partition that has one, whoever's turn it is."""
        return self._queues[partition].take_slice(partition, 1)

    def note_time(self, partition: TopicPartition, spent_s: float) -> None:
        """Note how long a slice of a partition took: its next one is larger or smaller."""
        queue = self._queues[partition]
        fitted = queue.slice_records // 2 if spent_s > self._longest_s else 2 * queue.slice_records
        queue.slice_records = min(max(fitted, 1), self._records)

    def hold_back(self, partition: TopicPartition, undecided: int, until: float) -> None:
        """Give back the last records of the slice just taken, and take nothing more of the partition until then."""
        queue = self._queues[partition]
        queue.give_back(undecided)
        queue.held_until = until

    def next_release(self, now: float) -> float | None:
        """When the next held partition may be taken from again; None where none is held."""
        held = [queue.held_until for queue in self._queues.values() if queue.held_until > now]
        return min(held, default=None)

    def settle_taken(self) -> list[Chunk]:
        """What was taken is certain: returns the chunks that are done, and lets what has room be fetched again."""
        self._begin_slice()
        done: list[Chunk] = []
        for partition, queue in self._queues.items():
            done += [queue.chunks.popleft() for _ in range(queue.chunk)]
            queue.chunk = 0
            if queue.paused and len(queue.chunks) <= WAITING_CHUNKS // 2:
                queue.paused = False
                self._flow.resume_fetching(partition)
        return done

    def rewind_taken(self) -> None:
        """What was taken since the last settling is taken again; who applies it skips what was applied."""
        self._begin_slice()
        for queue in self._queues.values():
            queue.chunk = queue.record = 0

    def _begin_slice(self) -> None:
        self._served.clear()
        self._drained = False

    def drop_waiting(self) -> None:
        """Drop the chunks that are not wholly taken, and let all partitions be fetched; nothing more may be taken."""
        for partition, queue in self._queues.items():
            queue.chunks = deque(list(queue.chunks)[: queue.chunk])
            queue.record = 0
            if queue.paused:
                queue.paused = False
                self._flow.resume_fetching(partition)
