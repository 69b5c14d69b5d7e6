"""How far each stage is behind on each partition: records that wait, and for how many seconds the first has waited."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aiokafka import TopicPartition

from pipeline.settings import Settings
from pipeline.streams.kafka.positions import BlockedPartitionError
from pipeline.streams.kafka.reading import POLL_MS, plain_consumer
from pipeline.streams.monitoring.lag import Groups, Lag, committed_of, consumed_partitions, lag_behind
from pipeline.streams.registers.control import read_control
from pipeline.streams.registers.registry import read_agencies

MAX_TIMED: Final = 40
"""Readings whose first waiting record is fetched, those that wait most: a fetch may bring a mebibyte of each."""

LOOK_S: Final = 3.0
"""How long the first records are waited for; the page is looked at every 10 s."""

UnreadOffset = tuple[TopicPartition, int]
"""A partition and the offset from which a group has not read it."""


@dataclass(frozen=True)
class PartitionLag:
    """What a stage has not acknowledged of a partition.

    `behind_s` is for how long its first waiting record has been there; None where nothing waits, or nobody can tell.
    """

    stage: str
    topic: str
    partition: int
    records: int
    behind_s: float | None = None


async def measure_partition_lag(settings: Settings, now: datetime) -> list[PartitionLag]:
    """Every partition that this installation's stages consume. Raises LiaisonError."""
    names, held = list(await read_agencies(settings)), await read_control(settings)
    committed = await asyncio.to_thread(committed_of, settings, consumed_partitions(settings, names, held))
    lags = await lag_behind(settings, committed)
    times = await _read_first_times(settings, first_waiting(committed, lags))
    return describe_lags(settings.namespace, committed, lags, times, now)


def first_waiting(committed: Groups, lags: Iterable[Lag]) -> set[UnreadOffset]:
    """Where the records stand that have waited longest, of the groups that are most behind."""
    behind = sorted((lag for lag in lags if lag.lag), key=lambda lag: -lag.lag)[:MAX_TIMED]
    return {_place_of(committed, lag) for lag in behind}


def describe_lags(
    namespace: str, committed: Groups, lags: Iterable[Lag], times: Mapping[UnreadOffset, float], now: datetime
) -> list[PartitionLag]:
    """Lags with their seconds; `times` are the Unix seconds of first waiting records."""
    return [
        PartitionLag(
            lag.group.removeprefix(namespace),
            lag.topic.removeprefix(namespace),
            lag.partition,
            lag.lag,
            None if not lag.lag or at is None else max(0.0, now.timestamp() - at),
        )
        for lag in lags
        for at in [times.get(_place_of(committed, lag))]
    ]


def _place_of(committed: Groups, lag: Lag) -> UnreadOffset:
    partition = TopicPartition(lag.topic, lag.partition)
    return partition, committed[lag.group][partition]


async def _read_first_times(settings: Settings, places: set[UnreadOffset]) -> dict[UnreadOffset, float]:
    """Kafka's time of the first record from each place on; what does not come in time is left out."""
    found: dict[UnreadOffset, float] = {}
    if not places:
        return found
    deadline, left = time.monotonic() + LOOK_S, set(places)
    async with plain_consumer(settings, {partition for partition, _ in places}) as consumer:
        begins = await consumer.beginning_offsets([partition for partition, _ in places])
        while left and time.monotonic() < deadline:
            looked = dict(left)  # one place of each partition at a time
            for partition, offset in looked.items():
                consumer.seek(partition, max(offset, begins[partition]))
            try:
                found |= await _read_firsts(consumer, looked, deadline)
            except BlockedPartitionError as error:
                left = {place for place in left if place[0] != error.partition}
            else:
                left -= set(looked.items())
    return found


async def _read_firsts(
    consumer: Any, looked: Mapping[TopicPartition, int], deadline: float
) -> dict[UnreadOffset, float]:
    found: dict[UnreadOffset, float] = {}
    waiting = set(looked)
    while waiting and time.monotonic() < deadline:
        for partition, records in (await consumer.getmany(*waiting, timeout_ms=POLL_MS)).items():
            if records:
                found[partition, looked[partition]] = records[0].timestamp / 1000
                waiting.discard(partition)
    return found
