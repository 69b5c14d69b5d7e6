"""Work that keeps nothing of its source: what its records lead to follows from each alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiokafka import TopicPartition

from pipeline.streams.runtime.processor import ChunkResult, ProgressTable
from pipeline.streams.runtime.transactions import AppliedPosition, Output


class NullStore:
    """The store of work that remembers nothing."""

    offset = 0

    def commit(self, offset: int) -> None:
        """Nothing to commit."""

    def sync(self) -> None:
        """Nothing to sync."""

    def compact(self, after_s: float) -> None:
        """Nothing is left on disk."""

    def close(self) -> None:
        """Nothing to close."""


class StatelessProcessor:
    """What such work has in common; it adds `step`, and `publish` where it has effects outside Kafka."""

    async def open_store(self, source: TopicPartition, applied: AppliedPosition) -> NullStore:
        """There is nothing to open."""
        return NullStore()

    async def startup_outputs(self, applied: Mapping[TopicPartition, int], table: ProgressTable) -> list[Output]:
        """Nothing is."""
        return []

    async def publish_effects(self, result: ChunkResult) -> Sequence[Output]:
        """Nothing goes anywhere but to Kafka."""
        return ()
