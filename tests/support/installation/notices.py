"""What an installation's topic of notices holds."""

from __future__ import annotations

import asyncio

import msgspec
from aiokafka import TopicPartition

from pipeline.access.notices import Notice
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_partitions


def read_notices(settings: Settings) -> list[Notice]:
    """All notices, in order; not within a loop."""

    async def values() -> list[bytes]:
        start = {TopicPartition(topics.topic_name(settings, topics.NOTICES), 0): 0}
        return [record.value async for records in read_partitions(settings, start) for record in records]

    return [msgspec.json.decode(value, type=Notice) for value in asyncio.run(values())]
