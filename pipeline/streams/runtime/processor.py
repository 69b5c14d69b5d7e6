"""What a stage is made of, as a lane runs it: how its stores are opened, and what its records lead to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from aiokafka import ConsumerRecord, TopicPartition

from pipeline.correlation.steps import Steps
from pipeline.correlation.store_file import NO_OFFSET, DurableStore
from pipeline.streams.catalogues import metrics
from pipeline.streams.runtime.source_queues import RIVALS, SliceLimits
from pipeline.streams.runtime.transactions import AppliedPosition, Output

ProgressTable = Mapping[bytes, bytes]
"""What a partition of `progress` holds, by key."""

After = Callable[[str, str], None]
"""Called after each effect with the lane's and the effect's name: a test kills the process there."""


class Store(DurableStore, Protocol):
    """What a lane keeps of one source partition."""

    @property
    def offset(self) -> int:
        """The offset of the last commit, or NO_OFFSET."""

    def commit(self, offset: int) -> None:
        """Make all changes since the last commit one, with the offset they stand for."""


class SourceSlice(NamedTuple):
    """Records of one source partition that are decided on at once, and its store."""

    source: TopicPartition
    store: Any
    records: Sequence[ConsumerRecord]


@dataclass
class ChunkResult:
    """What the records of one chunk lead to: Kafka outputs, and whatever else the stage publishes before them."""

    outputs: list[Output] = field(default_factory=list)
    documents: list[Any] = field(default_factory=list)
    tally: metrics.Tally = field(default_factory=metrics.Tally)
    """Counters of the catalogue, with what to add to each once this is certain."""
    taken: int | None = None
    """How many of the records it covers, the first of them, where the others are to be decided on later; None: all."""
    reached: dict[TopicPartition, int] = field(default_factory=dict)
    """The last offset of each source partition that this covers; the lane says so before it publishes."""


@dataclass
class PendingSlices(ChunkResult):
    """What the slices of one transaction lead to; it has had no effect yet."""

    slices: list[tuple[Sequence[ConsumerRecord], float]] = field(default_factory=list)
    """Each with the seconds that deciding it took."""
    counts: Counter[TopicPartition] = field(default_factory=Counter)
    """How many records of each source partition."""
    spent_s: float = 0.0

    def add_result(self, result: ChunkResult) -> None:
        """Add what another slice leads to."""
        self.outputs += result.outputs
        self.documents += result.documents
        self.tally.update(result.tally)


class NullStore:
    """The store of work that remembers nothing."""

    offset = NO_OFFSET

    def commit(self, offset: int) -> None:
        """Nothing to commit."""

    def sync(self) -> None:
        """Nothing to sync."""

    def compact(self, after_s: float) -> None:
        """Nothing is left on disk."""

    def close(self) -> None:
        """Nothing to close."""


class Processor(ABC):
    """What makes a stage: how its stores are opened and what its records lead to.

    As it is, it remembers nothing and writes to Kafka alone.
    """

    slices: SliceLimits = RIVALS
    """How much of a source is decided on at once."""
    sets_aside = False
    """Whether a record that alone ended the process twice is passed over. Not where what comes later needs it."""

    async def open_stores(
        self, applied: Mapping[TopicPartition, AppliedPosition]
    ) -> AsyncGenerator[tuple[TopicPartition, Store]]:
        """The store of each source partition of a lane, as it is opened."""
        for source, reached in applied.items():
            yield source, await self.open_store(source, reached)

    async def open_store(self, source: TopicPartition, applied: AppliedPosition) -> Store:
        """The store of a source partition, brought up to exactly what was applied without emitting anything."""
        return NullStore()

    async def startup_outputs(self, applied: Mapping[TopicPartition, int], table: ProgressTable) -> list[Output]:
        """Outputs that are due before the first record, once every store of the index is open; they go out together.

        `table` is what the index's partition of `progress` held when the lane's producer was started.
        """
        return []

    @abstractmethod
    def decide_records(self, source: TopicPartition, store: Any, records: Sequence[ConsumerRecord]) -> ChunkResult:
        """Decide on new records in their order, changing the store without committing it. No effects, no waiting."""

    def decide_in_steps(
        self, source: TopicPartition, store: Any, records: Sequence[ConsumerRecord]
    ) -> Steps[ChunkResult]:
        """What `decide_records` does, where that may take long: other lanes have their turn between two steps."""
        yield from ()
        return self.decide_records(source, store, records)

    def keeps_last(self, source: TopicPartition) -> bool:
        """Whether of this topic's records with one key the last one holds, whatever they say."""
        return False

    def decides_together(self, source: TopicPartition) -> bool:
        """Whether slices of this topic that several lanes have ready cost less when they are decided together."""
        return False

    def decide_slices(self, slices: Sequence[SourceSlice]) -> list[ChunkResult]:
        """What `decide_records` does for each of the slices, which are of one topic and of different partitions."""
        return [self.decide_records(*one) for one in slices]

    async def publish_effects(self, result: ChunkResult) -> Sequence[Output]:
        """Effects outside Kafka, safe to repeat; returns once they are certain, with further outputs."""
        return ()
