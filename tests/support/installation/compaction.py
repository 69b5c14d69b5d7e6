"""What an installation's topics hold, and a cleaner that takes at once what is replaced or has had its time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.streams.catalogues import topics
from support.installation.installation import Installation
from support.installation.records import COUNTRIES

FOR_DAYS = (topics.CASES, topics.REJECTED)
"""Kafka deletes what they hold after seven days; here it is told to."""

AT_ONCE = {
    "segment.ms": "50",
    "min.cleanable.dirty.ratio": "0",
    "min.compaction.lag.ms": "0",
    "max.compaction.lag.ms": "1",
    "delete.retention.ms": "0",
}
"""The catalogue's days made milliseconds. What else a topic has been set to stays."""


class TopicContents:
    """What Kafka still holds of an installation, in every topic."""

    def __init__(self, installation: Installation, client: KafkaAdminClient) -> None:
        self._url, self._client = installation.settings.kafka_url, client
        self.planned = topics.plan_topics(installation.settings, COUNTRIES, [installation.generation])

    def compact_at_once(self) -> None:
        """Let every further message close its segment, and the cleaner take what is closed."""
        names = [topic.name for topic in self.planned if topic.topic.compacted]
        resources = [ConfigResource(ConfigResourceType.TOPIC, name, AT_ONCE) for name in names]
        self._client.alter_configs(resources, incremental=True)

    def let_seven_days_pass(self) -> None:
        """Delete what has had its time by then."""
        held = [p for topic in self.planned if topic.topic in FOR_DAYS for p in _partitions(topic)]
        self._client.delete_records(dict.fromkeys(held, -1))  # -1: all there is

    def roll(self) -> None:
        """Stand in for later traffic, as the segment written to is never compacted: a message that readers skip."""
        asyncio.run(self._roll())

    async def _roll(self) -> None:
        keeping = [
            p for topic in self.planned if topic.topic.compacted and topic.topic.personal for p in _partitions(topic)
        ]
        keeping.append(next(p for topic in self.planned if topic.topic is topics.REVIEWS for p in _partitions(topic)))
        async with AIOKafkaProducer(bootstrap_servers=self._url) as producer:
            for one in keeping:
                await producer.send_and_wait(one.topic, None, key=b"later", partition=one.partition)

    def naming(self, *canaries: str | bytes) -> set[str]:
        """The topics, by their patterns, that hold one of some canaries anywhere, in whatever case."""
        held = asyncio.run(self._read())
        return {topic.topic.pattern for topic in self.planned if holds_any(held[topic.name], canaries)}

    def records(self, topic: str, key: bytes) -> int:
        """How many records of a key a topic still holds."""
        return asyncio.run(self._read())[topic].count(repr(key).encode())

    async def _read(self) -> dict[str, bytes]:
        """All keys, values and headers from the beginning, also of transactions that were aborted."""
        held = dict.fromkeys((topic.name for topic in self.planned), b"")
        everything = [p for topic in self.planned for p in _partitions(topic)]
        async with AIOKafkaConsumer(bootstrap_servers=self._url, isolation_level="read_uncommitted") as consumer:
            consumer.assign(everything)
            await consumer.seek_to_beginning()
            ends = await consumer.end_offsets(everything)
            while any([await consumer.position(one) < end for one, end in ends.items()]):
                for one, records in (await consumer.getmany(timeout_ms=200)).items():
                    held[one.topic] += b"".join(repr((r.headers, r.key)).encode() + (r.value or b"") for r in records)
        return held


def holds_any(content: bytes, canaries: Iterable[str | bytes]) -> bool:
    """Whether content holds one of some canaries, in whatever case."""
    content = content.lower()
    return any((one if isinstance(one, bytes) else one.encode()).lower() in content for one in canaries)


def _partitions(topic: topics.PlannedTopic) -> Iterator[TopicPartition]:
    return (TopicPartition(topic.name, partition) for partition in range(topic.partitions))
