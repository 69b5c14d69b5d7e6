"""Offsets by time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from aiokafka import TopicPartition

from pipeline.settings import Settings
from pipeline.streams.kafka.reading import plain_consumer
from pipeline.times import unix_ms


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
