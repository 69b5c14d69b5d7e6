"""Looks at a worker every few seconds: lag, stores and lanes for the metrics, progress for the health checks."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence, Set
from contextlib import suppress
from functools import partial
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.catalogues import metrics, topics
from pipeline.streams.kafka.admin import ClusterNotReadyError
from pipeline.streams.kafka.reading import plain_consumer
from pipeline.streams.monitoring.offsets import StableOffsetWatch, last_events
from pipeline.streams.runtime.health import Health, HealthSample, LaneState
from pipeline.streams.runtime.stage import OwnedPartition, Stage
from pipeline.streams.runtime.stores import size_on_disk
from pipeline.streams.runtime.transactions import progress_partition

AskLastEvents = Callable[[Collection[TopicPartition]], Awaitable[Mapping[TopicPartition, float]]]
"""Asks Kafka for the time (Unix seconds) of each partition's last record, as far as there is one."""


class LastEventGauges:
    """Asks about partitions that come to this worker: what is consumed later, a Meter tells as it goes.

    Neither sets a time back: a lane may apply records while Kafka answers, and what it applies may be a backlog, older
    than the end of the partition.
    """

    def __init__(self, ask: AskLastEvents, namespace: str) -> None:
        self._ask, self._namespace = ask, namespace
        self._told: set[TopicPartition] = set()

    async def tell(self, owned: Set[TopicPartition]) -> None:
        """Tell of the partitions that are new, and no longer of those that went; 0 of one that holds no record.

        Without the 0, an agency that never sent, or is silent for longer than Kafka keeps records, would be unknown.
        """
        new = owned - self._told
        times_s = await self._ask(new)
        for partition in new:
            metrics.LAST_EVENT.labels(*self._labels(partition)).advance(times_s.get(partition, 0.0))
        for gone in self._told - owned:
            with suppress(KeyError):
                metrics.LAST_EVENT.remove(*self._labels(gone))
        self._told = set(owned)

    def _labels(self, partition: TopicPartition) -> tuple[str, str]:
        return str(partition.topic).removeprefix(self._namespace), str(partition.partition)


log = logging.getLogger(__name__)

SAMPLE_S: Final = 3.0
STABLE_OFFSETS_S: Final = 15.0
"""Between two looks at last stable offsets; a transaction that has been open for two minutes is too long."""
ANSWER_S: Final = 10.0
"""Longest wait for Kafka in a sample; lag is unknown then."""


class Monitor:
    """Watches the worker of one process; `stage` is set once there is one."""

    def __init__(
        self,
        settings: Settings,
        health: Health,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stage: Stage | None = None
        self._settings, self._health, self._clock = settings, health, clock
        self._shown: set[tuple[str, str, str]] = set()
        self._last_events = LastEventGauges(partial(last_events, settings), settings.namespace)
        self._stable_offsets, self._stable_offsets_at = StableOffsetWatch(settings, clock), float("-inf")

    async def run(self) -> None:
        """Sample until cancelled; an outage of Kafka is one more thing to tell."""
        while True:
            if self.stage is None:
                self._health.add_sample(HealthSample(self._clock(), {}, 0, frozenset({LaneState.WAITING})))
                await asyncio.sleep(SAMPLE_S)
                continue
            try:
                async with plain_consumer(self._settings, []) as consumer:
                    while True:
                        await self._take_sample(self.stage, consumer)
                        await asyncio.sleep(SAMPLE_S)
            except (KafkaError, OSError, LiaisonError) as error:
                log.warning("lag is not known: %s", type(error).__name__)
                refusal = "" if isinstance(error, OSError | KafkaError | ClusterNotReadyError) else str(error)
                self._observe_health(self.stage, self.stage.owned_partitions(), None, refusal)
                await asyncio.sleep(SAMPLE_S)

    def _short_name(self, partition: TopicPartition) -> str:
        return str(partition.topic).removeprefix(self._settings.namespace)

    async def _take_sample(self, stage: Stage, consumer: AIOKafkaConsumer) -> None:
        owned = stage.owned_partitions()
        async with asyncio.timeout(ANSWER_S):
            lags = await _measure_lags(consumer, owned)
        self._observe_health(stage, owned, sum(lags.values()))
        self._set_gauges(owned, lags)
        await self._last_events.tell({held.partition for held in owned})
        if self._clock() - self._stable_offsets_at >= STABLE_OFFSETS_S:
            self._stable_offsets_at = self._clock()
            await self._show_stable_offsets(owned)

    def _observe_health(
        self, stage: Stage, owned: Sequence[OwnedPartition], lag: int | None, refusal: str = ""
    ) -> None:
        applied = {partition.partition: partition.applied for partition in owned}
        states = frozenset(partition.state for partition in owned) if stage.joined else frozenset({LaneState.JOINING})
        now = self._clock()
        outside = any(partition.outside for partition in owned)
        stage.hangs = lambda: bool(self._health.why_restart(self._clock()))
        problem = next((partition.problem for partition in owned if partition.problem), "")
        self._health.add_sample(HealthSample(now, applied, lag, states, outside, refusal, problem))
        metrics.STALLED.set(self._health.is_stalled(now))

    def _set_gauges(self, owned: Sequence[OwnedPartition], lags: Mapping[TopicPartition, int]) -> None:
        shown: set[tuple[str, str, str]] = set()
        for partition in owned:
            labels = (partition.feed, self._short_name(partition.partition), str(partition.partition.partition))
            metrics.LAG.labels(*labels).set(lags.get(partition.partition, 0))
            metrics.STORE.labels(*labels).set(size_on_disk(partition.folder))
            shown.add(labels)
        for labels in self._shown - shown:
            metrics.LAG.remove(*labels)
            metrics.STORE.remove(*labels)
        self._shown = shown
        for feed in {partition.feed for partition in owned}:
            metrics.SET_ASIDE.labels(feed).set(sum(len(one.aside) for one in owned if one.feed == feed))
        self._show_lanes(owned)

    def _show_lanes(self, owned: Sequence[OwnedPartition]) -> None:
        lanes = {(partition.feed, partition.partition.partition): partition.state for partition in owned}
        metrics.LANES.clear()
        for (feed, state), number in Counter((feed, state) for (feed, _), state in lanes.items()).items():
            metrics.LANES.labels(feed, state).set(number)

    async def _show_stable_offsets(self, owned: Sequence[OwnedPartition]) -> None:
        """Of what is consumed, and of `progress`, which every lane reads before it begins."""
        progress = topics.topic_name(self._settings, topics.PROGRESS)
        read = {held.partition for held in owned}
        read |= {TopicPartition(progress, progress_partition(held.feed, held.partition.partition)) for held in owned}
        async with asyncio.timeout(ANSWER_S):
            ages = await self._stable_offsets.ask_ages(read)
        metrics.STABLE_OFFSET_AGE.clear()
        for partition, age_s in ages.items():
            metrics.STABLE_OFFSET_AGE.labels(self._short_name(partition), str(partition.partition)).set(age_s)


async def _measure_lags(consumer: AIOKafkaConsumer, owned: Sequence[OwnedPartition]) -> dict[TopicPartition, int]:
    """Ends are asked of the broker: a consumer that has stopped would take an old one for the last."""
    if not owned:
        return {}
    ends: dict[TopicPartition, int] = await consumer.end_offsets([partition.partition for partition in owned])
    return {partition.partition: lag_of(partition, ends[partition.partition]) for partition in owned}


def lag_of(partition: OwnedPartition, end: int) -> int:
    """Offsets not fetched, and those fetched and not applied; the fetching position is past transaction markers."""
    if partition.position is None:
        return max(0, end - partition.applied - 1)
    return max(0, end - partition.position) + max(0, partition.fetched - partition.applied)
