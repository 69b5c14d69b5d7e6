"""Watches last stable offsets: an open transaction keeps readers of committed records from all that follows it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping

from aiokafka import TopicPartition
from kafka.admin import OffsetSpec
from kafka.protocol.consumer import IsolationLevel

from pipeline.settings import Settings
from pipeline.streams.kafka.admin import admin_client

PartitionOffsets = Mapping[TopicPartition, int]
"""An offset of each partition: where it ends, or up to where a group has acknowledged it."""


class StableOffsetWatch:
    """Remembers since when each partition's last stable offset has stood still below the partition's end."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._clock = settings, clock
        self._held: dict[TopicPartition, tuple[int, float]] = {}

    async def ask_ages(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, float]:
        """Ask Kafka; returns the seconds for which each partition's stable offset has stood still, 0 where it has not.

        Raises LiaisonError.
        """
        stable = await asyncio.to_thread(stable_offsets, self._settings, partitions)
        ends = await asyncio.to_thread(end_offsets, self._settings, partitions)
        return self.update_ages(stable, ends)

    def update_ages(self, stable: PartitionOffsets, ends: PartitionOffsets) -> dict[TopicPartition, float]:
        """The same, of offsets just read."""
        now = self._clock()
        before, self._held = self._held, {}
        for partition, offset in stable.items():
            if offset < ends[partition]:
                same = partition in before and before[partition][0] == offset
                self._held[partition] = before[partition] if same else (offset, now)
        return {p: now - self._held[p][1] if p in self._held else 0.0 for p in stable}


def stable_offsets(settings: Settings, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
    """Where the first open transaction of each partition begins, or its end. Raises LiaisonError."""
    return _ask_offsets(settings, partitions, IsolationLevel.READ_COMMITTED)


def end_offsets(settings: Settings, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
    """The high watermark of each partition. Raises LiaisonError."""
    return _ask_offsets(settings, partitions, IsolationLevel.READ_UNCOMMITTED)


def _ask_offsets(
    settings: Settings, partitions: Collection[TopicPartition], level: IsolationLevel
) -> dict[TopicPartition, int]:
    if not partitions:
        return {}
    with admin_client(settings) as client:
        found = client.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST), isolation_level=level)
    return {TopicPartition(p.topic, p.partition): held.offset for p, held in found.items()}
