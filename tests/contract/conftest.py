"""Worker processes and what can be seen of them from outside, for the contract tests of streams."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from kafka import KafkaAdminClient
from kafka import TopicPartition as KafkaTopicPartition
from kafka.structs import OffsetAndMetadata

from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import apply
from pipeline.streams.kafka.reading import read
from support.processes.starting import Start, started

ECHO_STAGE = "support.streams.echo_stage"

PARTITIONS = 4
"""Of each topic, as by default: these tests count by them."""


@pytest.fixture
def engine_settings(engine_settings: Settings) -> Settings:
    """Settings for the session's engines with PARTITIONS."""
    return engine_settings.model_copy(update={"case_partitions": PARTITIONS, "block_partitions": PARTITIONS})


@pytest.fixture
def start_echo(engine_environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Start an echo worker; all are killed at the end."""
    with started(ECHO_STAGE, engine_environment, tmp_path) as start:
        yield start


@dataclass
class EchoTopics:
    """The echo stage's source and target, seen from outside."""

    settings: Settings
    admin: KafkaAdminClient

    @property
    def source(self) -> str:
        return topics.name(self.settings, topics.ACCEPTED)

    @property
    def target(self) -> str:
        return topics.name(self.settings, topics.REJECTED)

    def push(self, per_partition: int) -> None:
        """Append records to every source partition."""
        asyncio.run(self._push(per_partition))

    async def _push(self, per_partition: int) -> None:
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
        async for records in read(self.settings, {TopicPartition(self.target, p): 0 for p in found}):
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


@pytest.fixture
def echo(engine_settings: Settings, kafka_admin: KafkaAdminClient) -> EchoTopics:
    """The echo stage's topics, created."""
    apply(engine_settings, topics.plan(engine_settings, [], []))
    return EchoTopics(engine_settings, kafka_admin)


@pytest.fixture
def each_once() -> Callable[[EchoTopics, int], None]:
    """Assert that every source record was copied exactly once, in order, by stores that missed none."""

    def check(echo: EchoTopics, per_partition: int) -> None:
        expected = [(n, n + 1) for n in range(per_partition)]
        assert echo.copies() == dict.fromkeys(range(echo.settings.case_partitions), expected)

    return check
