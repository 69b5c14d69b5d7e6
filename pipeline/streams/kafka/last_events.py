"""When the last record of a partition came, as Kafka tells: what makes a feed silent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from aiokafka import TopicPartition

from pipeline.settings import Settings
from pipeline.streams.kafka.partition_reading import BlockedPartitionError
from pipeline.streams.kafka.reading import plain_consumer, read_partitions

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
