"""The installation at a glance: what waits, which feeds are silent, what was rejected, what is active, how large it is.

And who holds silent (H3) records and is told of searches for them: whoever plants some to watch others stands out.

Everything is asked of Kafka, Elasticsearch and this machine's LIAISON_HOME at that moment; nothing is kept.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from aiokafka import TopicPartition

from pipeline.access.notices import NoticeKind
from pipeline.index.documents import LIVE
from pipeline.index.engine import call_engine, connect_for_reading, search_all_shards
from pipeline.index.fields import CATALOGUE
from pipeline.index.mappings import Indices
from pipeline.index.queries import silent_cases
from pipeline.ops.generations.run import GenerationStatus, read_statuses
from pipeline.ops.replay.rejections import RejectionFilter, read_rejected
from pipeline.ops.status.partition_lag import PartitionLag, measure_partition_lag
from pipeline.ops.status.throughput import Throughput, measure_throughput
from pipeline.records.agencies import AgencyState, Registry
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.monitoring.offsets import last_events
from pipeline.streams.registers.registry import read_agencies
from pipeline.streams.runtime.stores import LOCK, shared_root, size_on_disk

DAY: Final = timedelta(days=1)
"""A feed is silent after it, as for the alert LiaisonFeedSilent, and rejections are counted over it."""

TOLD_OVER: Final = timedelta(days=30)
"""Notices of searches for silent records are counted over it."""

MOST_AGENCIES: Final = 1000
"""More than take part anywhere: so that none is left out."""


@dataclass(frozen=True)
class WaitingRecords:
    """Records of a topic that a stage has not acknowledged."""

    stage: str
    topic: str
    records: int


@dataclass(frozen=True)
class AgencyFeed:
    """One agency's feed; `last` is Kafka's time of its latest record, None where it holds none."""

    agency: str
    country: str
    last: datetime | None
    silent: bool


@dataclass(frozen=True)
class SilentRecords:
    """How many silent records an agency holds, and how many of them name nobody: numbers to which it may listen.

    `told` counts the notices that it got in TOLD_OVER of searches for them.
    """

    agency: str
    records: int
    nameless: int
    told: int


@dataclass(frozen=True)
class StorageSize:
    """What an index or a kind of store takes on disk; `documents` is None for stores."""

    name: str
    size: int
    documents: int | None = None


@dataclass(frozen=True)
class Overview:
    """`rejected` counts by reason since a day ago; `stores` are those of this machine; `lags` are by partition."""

    waiting: list[WaitingRecords]
    feeds: list[AgencyFeed]
    rejected: dict[str, int]
    generations: list[GenerationStatus]
    indices: list[StorageSize]
    stores: list[StorageSize]
    throughput: Throughput
    lags: list[PartitionLag]
    silent: list[SilentRecords]


async def read_overview(settings: Settings, now: datetime) -> Overview:
    """All of it, as it is now. Raises LiaisonError, KafkaError, OSError where an engine does not answer."""
    lags, feeds, refused, generations = await asyncio.gather(
        measure_partition_lag(settings, now),
        _read_feeds(settings, now),
        _count_rejected(settings, now),
        read_statuses(settings),
    )
    indices, silent, stores, rates = await asyncio.gather(
        _read_index_sizes(settings),
        _count_silent(settings, now),
        asyncio.to_thread(measure_stores, shared_root(settings)),
        measure_throughput(settings, now),
    )
    return Overview(sum_lags(lags), feeds, refused, generations, indices, stores, rates, lags, silent)


def sum_lags(lags: Iterable[PartitionLag]) -> list[WaitingRecords]:
    """By stage and topic, what waits most first."""
    counted: Counter[tuple[str, str]] = Counter()
    for lag in lags:
        counted[lag.stage, lag.topic] += lag.records
    waiting = (WaitingRecords(*key, records) for key, records in counted.items())
    return sorted(waiting, key=lambda each: (-each.records, each.stage, each.topic))


async def _read_feeds(settings: Settings, now: datetime) -> list[AgencyFeed]:
    registry = await read_agencies(settings)
    partitions = {
        TopicPartition(topics.topic_name(settings, topics.CASES, agency=name), partition): name
        for name, agency in registry.items()
        if agency.state is AgencyState.ACTIVE
        for partition in range(settings.case_partitions)
    }
    times = await last_events(settings, list(partitions))
    return feeds_of(registry, [(partitions[partition], at) for partition, at in times.items()], now)


def feeds_of(registry: Registry, events: Iterable[tuple[str, float]], now: datetime) -> list[AgencyFeed]:
    """The feeds of active agencies, those that are silent longest first; `events` are agency and Unix seconds."""
    last: dict[str, float] = {}
    for name, at in events:
        last[name] = max(at, last.get(name, at))
    found = [
        _make_feed(name, agency.country, last.get(name), now)
        for name, agency in registry.items()
        if agency.state is AgencyState.ACTIVE
    ]
    return sorted(found, key=lambda feed: (feed.last is not None, feed.last or now, feed.agency))


def _make_feed(name: str, country: str, at: float | None, now: datetime) -> AgencyFeed:
    last = None if at is None else datetime.fromtimestamp(at, UTC)
    return AgencyFeed(name, country, last, silent=last is None or now - last > DAY)


async def _count_rejected(settings: Settings, now: datetime) -> dict[str, int]:
    counted: Counter[str] = Counter()
    async for message in read_rejected(settings, RejectionFilter(since=now - DAY)):
        counted[message.reason] += 1
    return dict(counted.most_common())


async def _read_index_sizes(settings: Settings) -> list[StorageSize]:
    names = [f"{settings.namespace}{kind}*" for kind in CATALOGUE]
    async with connect_for_reading(settings) as client:
        held = await call_engine(client.indices.stats, index=names, metric=["docs", "store"])
    return indices_of(held["indices"])


async def _count_silent(settings: Settings, now: datetime) -> list[SilentRecords]:
    indices, by_agency = Indices(settings.namespace, ""), {"terms": {"field": "agency", "size": MOST_AGENCIES}}
    since = {"range": {"time": {"gte": (now - TOLD_OVER).isoformat()}}}
    names = {"bool": {"must_not": {"prefix": {"terms": "name:"}}}}
    async with connect_for_reading(settings) as client:
        held = await search_all_shards(
            client,
            index=indices.read_alias("cases"),
            size=0,
            query={"bool": {"filter": [silent_cases(), {"term": {"state": LIVE}}]}},
            aggs={"agency": by_agency | {"aggs": {"nameless": {"filter": names}}}},
        )
        told = await search_all_shards(
            client,
            index=indices.read_alias("notices"),
            size=0,
            query={"bool": {"filter": [{"term": {"kind": NoticeKind.SILENT_SEARCH}}, since]}},
            aggs={"agency": by_agency},
        )
    return silent_records_of(_buckets(held), _buckets(told))


def _buckets(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    buckets: list[dict[str, Any]] = answer["aggregations"]["agency"]["buckets"]
    return buckets


def silent_records_of(held: Iterable[Mapping[str, Any]], told: Iterable[Mapping[str, Any]]) -> list[SilentRecords]:
    """By agency, from the buckets of silent records and of notices; who is told most and holds most first."""
    notices = Counter({bucket["key"]: bucket["doc_count"] for bucket in told})
    records = {bucket["key"]: (bucket["doc_count"], bucket["nameless"]["doc_count"]) for bucket in held}
    found = [SilentRecords(name, *records.get(name, (0, 0)), notices[name]) for name in records.keys() | notices.keys()]
    return sorted(found, key=lambda one: (-one.told, -one.records, one.agency))


def indices_of(held: Mapping[str, Any]) -> list[StorageSize]:
    """The largest first, from what Elasticsearch says of each; replicas count to the size, not to the documents."""
    found = [
        StorageSize(name, statistics["total"]["store"]["size_in_bytes"], statistics["primaries"]["docs"]["count"])
        for name, statistics in held.items()
    ]
    return sorted(found, key=lambda size: (-size.size, size.name))


def measure_stores(root: Path) -> list[StorageSize]:
    """The stores under a root, by stage; what a worker deletes meanwhile counts as nothing."""
    sizes: Counter[str] = Counter()
    for lock in root.glob(f"*/*/*/*/{LOCK}"):
        sizes[lock.relative_to(root).parts[1]] += size_on_disk(lock.parent)
    return [StorageSize(name, size) for name, size in sorted(sizes.items())]
