"""What an installation's compacted topics hold, and a cleaner that takes at once what is replaced."""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.streams import topics

KEEPING = (topics.ACCEPTED, topics.BLOCKS, topics.LINKS)

AT_ONCE = {
    "segment.ms": "50",
    "min.cleanable.dirty.ratio": "0",
    "min.compaction.lag.ms": "0",
    "max.compaction.lag.ms": "1",
    "delete.retention.ms": "0",
}
"""The catalogue's days made milliseconds. What else a topic has been set to stays."""


class Kept:
    """What Kafka still holds of an installation's compacted topics."""

    def __init__(self, installation: Any, client: KafkaAdminClient) -> None:
        self._url, self._client = installation.settings.kafka_url, client
        self._partitions = {
            topics.name(installation.settings, topic, generation=installation.generation): topics.partitions(
                installation.settings, topic
            )
            for topic in KEEPING
        }

    def compact_at_once(self) -> None:
        """Let every further message close its segment, and the cleaner take what is closed."""
        resources = [ConfigResource(ConfigResourceType.TOPIC, name, AT_ONCE) for name in self._partitions]
        self._client.alter_configs(resources, incremental=True)

    def roll(self) -> None:
        """Stand in for later traffic, as the segment written to is never compacted: a message that readers skip."""
        asyncio.run(self._roll())

    async def _roll(self) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self._url) as producer:
            for one in self._all():
                await producer.send_and_wait(one.topic, None, key=b"later", partition=one.partition)

    def naming(self, canary: str) -> set[str]:
        """The topics that still hold a canary anywhere, in whatever case."""
        return {name for name, held in asyncio.run(self._read()).items() if canary.lower().encode() in held.lower()}

    def records(self, topic: str, key: bytes) -> int:
        """How many records of a key a topic still holds."""
        return asyncio.run(self._read())[topic].count(repr(key).encode())

    async def _read(self) -> dict[str, bytes]:
        """All keys, values and headers from the beginning, also of transactions that were aborted."""
        held = dict.fromkeys(self._partitions, b"")
        async with AIOKafkaConsumer(bootstrap_servers=self._url, isolation_level="read_uncommitted") as consumer:
            consumer.assign(self._all())
            await consumer.seek_to_beginning()
            ends = await consumer.end_offsets(self._all())
            while any([await consumer.position(one) < end for one, end in ends.items()]):
                for one, records in (await consumer.getmany(timeout_ms=200)).items():
                    held[one.topic] += b"".join(repr((r.headers, r.key)).encode() + (r.value or b"") for r in records)
        return held

    def _all(self) -> list[TopicPartition]:
        return [TopicPartition(name, p) for name, count in self._partitions.items() for p in range(count)]
