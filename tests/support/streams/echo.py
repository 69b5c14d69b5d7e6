"""What can be seen of the echo stage from outside: its source, its copies and its group's offsets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from kafka import KafkaAdminClient
from kafka import TopicPartition as KafkaTopicPartition
from kafka.structs import OffsetAndMetadata

from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_partitions


@dataclass
class EchoTopics:
    """The echo stage's source and target, seen from outside."""

    settings: Settings
    admin: KafkaAdminClient

    @property
    def source(self) -> str:
        return topics.topic_name(self.settings, topics.ACCEPTED)

    @property
    def target(self) -> str:
        return topics.topic_name(self.settings, topics.REJECTED)

    def push(self, per_partition: int) -> None:
        """Append records to every source partition."""
        asyncio.run(self.append(per_partition))

    async def append(self, per_partition: int) -> None:
        """The same, where a loop runs."""
        async with AIOKafkaProducer(bootstrap_servers=self.settings.kafka_url, linger_ms=5) as producer:
            for number in range(per_partition):
                for partition in range(self.settings.case_partitions):
                    await producer.send(self.source, b"%d" % number, key=b"%d" % number, partition=partition)
            await producer.flush()

    def copies(self) -> dict[int, list[tuple[int, int]]]:
        """By partition, each committed output's source offset and count, in order."""
        return asyncio.run(self._copies())

    async def _copies(self) -> dict[int, list[tuple[int, int]]]:
        found: dict[int, list[tuple[int, int]]] = {p: [] for p in range(self.settings.case_partitions)}
        async for records in read_partitions(self.settings, {TopicPartition(self.target, p): 0 for p in found}):
            for record in records:
                found[record.partition].append((int(record.key), int(record.value)))
        return found

    def total(self) -> int:
        """How many outputs are committed."""
        return sum(map(len, self.copies().values()))

    def rewind(self, offset: int) -> None:
        """Set the group's offsets, as a redelivery from an earlier position would find them."""
        group = f"{self.settings.namespace}echo"
        offsets = {
            KafkaTopicPartition(self.source, p): OffsetAndMetadata(offset, "", -1)
            for p in range(self.settings.case_partitions)
        }
        self.admin.alter_group_offsets(group, offsets)

    def acknowledged(self) -> dict[int, int]:
        """The group's committed offsets by partition."""
        group = f"{self.settings.namespace}echo"
        found: dict[Any, Any] = self.admin.list_group_offsets([group]).get(group, {})
        return {p.partition: o.offset for p, o in found.items() if o.offset >= 0}


EachOnce = Callable[[EchoTopics, int], None]
"""Asserts that every source record of each partition was copied exactly once, in order, by stores that missed none."""
