"""What waits in a partition: whether and since when a record does, and what an open transaction holds back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition

from pipeline.settings import Settings
from pipeline.streams.kafka.connection import consumer_options
from pipeline.streams.kafka.reading import POLL_MS, connected, plain_consumer


async def high_watermarks(settings: Settings, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """The ends of partitions, past what a transaction still open, or left hanging, keeps from readers."""
    consumer = AIOKafkaConsumer(**consumer_options(settings) | {"isolation_level": "read_uncommitted"})
    async with connected(consumer):
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
