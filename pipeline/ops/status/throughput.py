"""How much was written to each topic, span by span of the last hour: from Kafka's own index of times, nothing is kept.

Offsets are counted, so transaction markers are too: one a chunk, which at rest is as many as the records. A record is
counted when its producer says that it was made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from aiokafka import TopicPartition

from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import plain_consumer
from pipeline.streams.registers.control import read_control
from pipeline.streams.registers.registry import read_agencies
from pipeline.times import unix_ms

HOUR: Final = timedelta(hours=1)
"""No longer: compaction leaves the last hour of a topic alone (topics.HOUR_MS), what is older it thins out."""

ELSEWHERE: Final = (topics.CASES, topics.WITNESS)
"""National topics are counted by what was pushed; what agencies witness is their own."""

SPANS: Final = 30
"""Of an hour, two minutes each: the points of a chart. Each costs a look-up of offsets."""


@dataclass(frozen=True)
class TopicRate:
    """Offsets that a topic was given in each span."""

    topic: str
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Throughput:
    """The busiest topic first; `begins` are the beginnings of the spans, each `span_s` seconds long."""

    begins: tuple[datetime, ...]
    span_s: float
    rates: tuple[TopicRate, ...]


async def measure_throughput(settings: Settings, now: datetime, past: timedelta = HOUR) -> Throughput:
    """What was written until `now` to each topic that carries records. Raises LiaisonError, KafkaError.

    Of a national topic it is what intake has taken in, by its receipts. To look up a time in a topic a broker inflates
    whole records, and there others have made them as large as they like: one of gigabytes ends a broker.
    """
    begins = tuple(now - past + past * number / SPANS for number in range(SPANS))
    partitions = await _record_partitions(settings)
    async with plain_consumer(settings, []) as consumer:
        ends: Mapping[TopicPartition, int] = await consumer.end_offsets(partitions)
        asked = (consumer.offsets_for_times(dict.fromkeys(partitions, unix_ms(at))) for at in begins)
        found = await asyncio.gather(*asked)
    offsets = [{p: ends[p] if place is None else place.offset for p, place in at.items()} for at in found]
    written = compute_rates([*offsets, ends], settings.namespace)
    return Throughput(begins, past.total_seconds() / SPANS, busiest_first([*written, *_national_rates(written)]))


def _national_rates(written: Iterable[TopicRate]) -> Iterator[TopicRate]:
    """The rates of national topics: there is a receipt for each message."""
    cases, receipts = (topic.pattern.partition("{")[0] for topic in (topics.CASES, topics.RECEIPTS))
    for rate in written:
        if rate.topic.startswith(receipts):
            yield TopicRate(cases + rate.topic.removeprefix(receipts), rate.counts)


def busiest_first(found: Iterable[TopicRate]) -> tuple[TopicRate, ...]:
    """Rates in the order of what was written in all spans."""
    return tuple(sorted(found, key=lambda rate: (-sum(rate.counts), rate.topic)))


async def _record_partitions(settings: Settings) -> list[TopicPartition]:
    """Of all topics but national ones and those that hold what is set, which hardly change."""
    held = await read_control(settings)
    planned = topics.plan_topics(
        held.find_generation().apply_to_settings(settings), await read_agencies(settings), [held.active]
    )
    asked = (topic for topic in planned if not topic.topic.quick and topic.topic not in ELSEWHERE)
    return [TopicPartition(topic.name, p) for topic in asked for p in range(topic.partitions)]


def compute_rates(offsets: Sequence[Mapping[TopicPartition, int]], namespace: str = "") -> tuple[TopicRate, ...]:
    """By topic, how much its partitions' offsets have grown from each moment to the next; the busiest topic first.

    An offset that seems to fall, where a producer's clock went back, grows by nothing.
    """
    counted: dict[str, list[int]] = {}
    for number, (before, after) in enumerate(pairwise(offsets)):
        for partition, offset in before.items():
            counts = counted.setdefault(partition.topic.removeprefix(namespace), [0] * (len(offsets) - 1))
            counts[number] += max(0, after[partition] - offset)
    return busiest_first(TopicRate(topic, tuple(counts)) for topic, counts in counted.items())
