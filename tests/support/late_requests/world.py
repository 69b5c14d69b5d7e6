"""What runs behind a bad network take place in: their topics, their chunks, and the network's chances."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

from aiokafka import AIOKafkaProducer, TopicPartition

from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import ClusterIds, admin_client, read_ids
from pipeline.streams.kafka.connection import client_options
from support.late_requests.proxy import Api, Fault, LateRequestProxy, Treatment

STAGE: Final = "late"
RECORDS: Final = 24
"""Source records of a run, in chunks of up to MOST_IN_CHUNK."""
MOST_IN_CHUNK: Final = 6
AT_ONCE: Final = 60
REQUEST_TIMEOUT_MS: Final = 600
"""Shortened; a request takes the broker some milliseconds, and many runs share this process."""

FAULTY: Final = 0.15
"""Share of requests that meet a fault: some five a run, with those of the attempts that follow."""
FAULTS: Final = tuple(fault for fault in Fault if fault is not Fault.NONE)
MOST_AFTER: Final = 9
"""A chunk takes about five requests, so a late one meets the same transaction, the next, or the one behind it."""


@dataclass
class Chunk:
    """A Faust event, as far as lanes see it."""

    value: list[Any]
    partition: TopicPartition
    acknowledged: bool = False

    @property
    def message(self) -> Any:
        return SimpleNamespace(topic=self.partition.topic, partition=self.partition.partition)

    def ack(self) -> None:
        self.acknowledged = True


def chunks(partition: TopicPartition, seed: int) -> Iterable[Chunk]:
    start, chance = 0, random.Random(seed)
    while start < RECORDS:
        end = min(RECORDS, start + chance.randint(1, MOST_IN_CHUNK))
        records = [
            SimpleNamespace(topic=partition.topic, partition=partition.partition, offset=offset, timestamp=0, value=b"")
            for offset in range(start, end)
        ]
        yield Chunk(records, partition)
        start = end


MOST_FAULTS: Final = 15
"""Of one run; then its network is as it should be. Seeds with hardly a request without a fault took minutes."""


@dataclass
class World:
    """Topics and a proxy for AT_ONCE runs at a time; run after run has a partition of each topic."""

    settings: Settings
    """Those of the broker itself, with a namespace and a home of its own."""
    proxy: LateRequestProxy
    found: ClusterIds
    source: str
    targets: tuple[str, str]
    chances: dict[str, random.Random] = field(default_factory=dict)


@asynccontextmanager
async def world(settings: Settings) -> AsyncIterator[World]:
    """A world of fresh topics, deleted afterwards."""
    source, *targets = (f"{settings.namespace}late-{name}" for name in ("source", "left", "right"))
    progress = topics.topic_name(settings, topics.PROGRESS)
    counts = {source: AT_ONCE, **dict.fromkeys(targets, AT_ONCE), progress: topics.PROGRESS_PARTITIONS}
    found = await asyncio.to_thread(_create, settings, counts)
    await _fill(settings, source)
    chances: dict[str, random.Random] = {}

    met: Counter[str] = Counter()

    def treat(transactional_id: str, api: Api) -> Treatment:
        chance = chances.get(transactional_id)
        if chance is None or met[transactional_id] >= MOST_FAULTS:
            return Treatment()
        treated = treatment(chance)
        met[transactional_id] += treated.fault is not Fault.NONE
        return treated

    try:
        async with LateRequestProxy(settings, treat) as proxy:
            yield World(settings, proxy, found, source, (targets[0], targets[1]), chances)
    finally:
        await asyncio.to_thread(_delete, settings, list(counts))


def _create(settings: Settings, counts: Mapping[str, int]) -> ClusterIds:
    with admin_client(settings) as client:
        new = {name: {"num_partitions": count, "replication_factor": 1} for name, count in counts.items()}
        client.create_topics(new, wait_for_metadata=True)
    return read_ids(settings, list(counts))


def _delete(settings: Settings, names: list[str]) -> None:
    with admin_client(settings) as client:
        client.delete_topics(names)


async def _fill(settings: Settings, source: str) -> None:
    async with AIOKafkaProducer(**client_options(settings), linger_ms=5) as producer:
        sent = [
            await producer.send(source, b"%d" % offset, partition=partition)
            for partition in range(AT_ONCE)
            for offset in range(RECORDS)
        ]
        await asyncio.gather(*sent)


def treatment(chance: random.Random) -> Treatment:
    """What becomes of the next request."""
    if chance.random() >= FAULTY:
        return Treatment()
    delay_s = chance.uniform(0.0, 2.5) * REQUEST_TIMEOUT_MS / 1000
    return Treatment(chance.choice(FAULTS), delay_s, chance.randint(1, MOST_AFTER))
