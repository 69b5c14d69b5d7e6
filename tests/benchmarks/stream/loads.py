"""Cases pushed to an installation at a steady rate, while some of them are looked for until a search finds them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from elasticsearch import AsyncElasticsearch

from pipeline.index.engine import connect
from pipeline.index.mappings import Indices
from pipeline.records.intake import SourceMessage
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics

LOOK_S = 0.02
"""Seconds between two searches: what a latency may be told too long by."""

LONGEST_S = 120.0
"""Seconds after the last push when a case that is not found counts as lost."""

LOOKED_FOR_A_S = 20
"""Cases a second that are looked for, at most: many enough for a percentile, few enough to be no load."""


async def found_after(
    settings: Settings, generation: str, messages: Sequence[SourceMessage], rate: float
) -> list[float]:
    """Push so many cases a second; seconds from a case's push until a search finds it, ascending."""
    waiting: dict[str, float] = {}
    found: list[float] = []
    async with connect(settings) as client:
        pushing = asyncio.create_task(_push(settings, messages, rate, waiting))
        async with asyncio.timeout(len(messages) / rate + LONGEST_S):
            while waiting or not pushing.done():
                found += await _look(client, Indices(settings.namespace, generation).write_alias("cases"), waiting)
                await asyncio.sleep(LOOK_S)
        await pushing
    return sorted(found)


async def _push(settings: Settings, messages: Sequence[SourceMessage], rate: float, waiting: dict[str, float]) -> None:
    every = max(1, round(rate / LOOKED_FOR_A_S))
    start = time.monotonic()
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka_url, linger_ms=0) as producer:
        for number, message in enumerate(messages):
            if (wait := start + number / rate - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            if number % every == 0:
                waiting[(message.key or b"").decode()] = time.monotonic()
            await _send(settings, producer, message)


async def _send(settings: Settings, producer: AIOKafkaProducer, message: SourceMessage) -> Any:
    topic = topics.topic_name(settings, topics.CASES, agency=message.agency)
    return await producer.send(topic, message.value, key=message.key, partition=message.position.partition)


async def _look(client: AsyncElasticsearch, index: str, waiting: dict[str, float]) -> list[float]:
    """Forget those that a search finds; how long each has waited."""
    if not waiting:
        return []
    asked = {"ids": {"values": list(waiting)}}
    answer = await client.search(index=index, query=asked, size=len(waiting), source=False)
    now = time.monotonic()
    return [now - waiting.pop(hit["_id"]) for hit in answer["hits"]["hits"]]
