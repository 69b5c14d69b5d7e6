"""What a lane has done, told to the metrics once it is certain."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from aiokafka import ConsumerRecord

from pipeline.streams.catalogues import metrics
from pipeline.streams.kafka.unreadable import count_positions


class Meter:
    """The metrics of one feed's lanes; `clock` gives Unix seconds, as Kafka's timestamps do."""

    def __init__(self, feed: str, namespace: str, clock: Callable[[], float] = time.time) -> None:
        self._feed, self._namespace, self._clock = feed, namespace, clock
        self._latency = metrics.LATENCY.labels(feed)

    def count_failure(self, topic: str) -> None:
        """Count a record of a source topic that failed inside."""
        metrics.INTERNAL_FAULTS.labels(self._feed, topic.removeprefix(self._namespace)).inc()

    def count_applied(self, slices: Iterable[Sequence[ConsumerRecord]], tally: metrics.Tally) -> None:
        """Count slices of records (each of one partition), and what else their decisions add up to."""
        now = self._clock()
        for records in slices:
            last = records[-1]
            topic = last.topic.removeprefix(self._namespace)
            metrics.RECORDS.labels(self._feed, topic).inc(count_positions(records))
            metrics.LAST_EVENT.labels(topic, str(last.partition)).advance(last.timestamp / 1000)
            self._latency.observe(max(0.0, now - records[0].timestamp / 1000))
        metrics.add_to_counters(tally)
