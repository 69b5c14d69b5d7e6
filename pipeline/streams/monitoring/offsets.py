"""Where partitions stand by time: their last records, what waits since when, and what an open transaction holds back.

An open transaction keeps readers of committed records from all that follows it: the last stable offset stands still.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from aiokafka import TopicPartition
from kafka.admin import OffsetSpec
from kafka.protocol.consumer import IsolationLevel

from pipeline.settings import Settings
from pipeline.streams.kafka.admin import admin_client
from pipeline.streams.kafka.positions import BlockedPartitionError
from pipeline.streams.kafka.reading import POLL_MS, plain_consumer, read_partitions

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


async def high_watermarks(settings: Settings, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """The ends of partitions, past what a transaction still open, or left hanging, keeps from readers."""
    async with plain_consumer(settings, [], isolation="read_uncommitted") as consumer:
        found: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
        return found


async def first_times(
    settings: Settings, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, datetime]:
    """The time that the first record from each start (an offset) and before its end bears.

    A partition without any is left out: nothing is left of it but transaction markers, or what was aborted.
    """
    found: dict[TopicPartition, datetime] = {}
    unread = {partition for partition, offset in starts.items() if offset < ends[partition]}
    if not unread:
        return found
    async with plain_consumer(settings, unread) as consumer:
        for partition in unread:
            consumer.seek(partition, starts[partition])
        while unread:
            fetched = await consumer.getmany(*unread, timeout_ms=POLL_MS, max_records=len(unread))
            for partition, records in fetched.items():
                if records[0].offset < ends[partition]:
                    found[partition] = datetime.fromtimestamp(records[0].timestamp / 1000, UTC)
            done = {p for p in unread if p in found or await consumer.position(p) >= ends[p]}
            consumer.pause(*done)
            unread -= done
    return found


LOOKED_AT: Final = 5
"""Offsets read back from the end: transaction markers of an agency's own producer are no records."""


async def last_events(settings: Settings, partitions: Collection[TopicPartition]) -> dict[TopicPartition, float]:
    """Kafka's time (Unix seconds) of each partition's last record.

    A partition that holds none is left out, and one whose last batch is damaged may be.
    """
    if not partitions:
        return {}
    async with plain_consumer(settings, []) as consumer:
        begins: Mapping[TopicPartition, int] = await consumer.beginning_offsets(list(partitions))
        ends: Mapping[TopicPartition, int] = await consumer.end_offsets(list(partitions))
    starts = {p: max(begins[p], ends[p] - LOOKED_AT) for p in partitions if ends[p] > begins[p]}
    found: dict[TopicPartition, float] = {}
    while True:
        try:
            async for records in read_partitions(settings, starts, patience_s=0):
                last = records[-1]
                found[TopicPartition(last.topic, last.partition)] = last.timestamp / 1000
        except BlockedPartitionError as error:
            del starts[error.partition]
        else:
            return found
