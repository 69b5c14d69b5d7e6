"""When the last record of each owned partition came, as metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Set
from contextlib import suppress

from aiokafka import TopicPartition

from pipeline.streams.catalogues import metrics

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
