"""What a lane has done, told to the metrics once it is certain; and the records that took longest to decide."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec
from aiokafka import ConsumerRecord

from pipeline.streams.catalogues import metrics
from pipeline.streams.kafka.positions import count_positions

SLOWEST_KEPT: Final = 20
"""Slices that are told, and that are kept of each minute."""

MINUTES_KEPT: Final = 60


class SlowSlice(msgspec.Struct, frozen=True, order=True):
    """Adjoining records of a partition that were decided together, by position alone: no key, no content.

    `decided_s` is what deciding them took, `waited_s` the time from Kafka's timestamp of the first until all their
    effects were certain, `time` when that was (Unix seconds). A record that is slow to decide is a slice of its own.
    """

    decided_s: float
    waited_s: float
    time: float
    feed: str
    topic: str
    partition: int
    offset: int
    records: int


class SlowestRecords:
    """The slices of the last hour that took longest to decide. Memory is bounded: SLOWEST_KEPT of each minute."""

    def __init__(self) -> None:
        self._minutes: dict[int, list[SlowSlice]] = {}

    def note_slice(self, found: SlowSlice) -> None:
        """Keep a slice while it is among the slowest of its minute."""
        minute = int(found.time // 60)
        kept = self._minutes.setdefault(minute, [])
        if len(kept) < SLOWEST_KEPT:
            heapq.heappush(kept, found)
        else:
            heapq.heappushpop(kept, found)
        for old in [each for each in self._minutes if each <= minute - MINUTES_KEPT]:
            del self._minutes[old]

    def list_slowest(self, now: float) -> list[SlowSlice]:
        """The slowest of the hour before `now` (Unix seconds), the slowest first; any thread may ask."""
        first = int(now // 60) - MINUTES_KEPT
        kept = [found for minute, some in list(self._minutes.items()) if minute > first for found in list(some)]
        return heapq.nlargest(SLOWEST_KEPT, kept)


SLOWEST: Final = SlowestRecords()
"""Those of this process."""


class Meter:
    """The metrics of one feed's lanes; `clock` gives Unix seconds, as Kafka's timestamps do."""

    def __init__(self, feed: str, namespace: str, clock: Callable[[], float] = time.time) -> None:
        self._feed, self._namespace, self._clock = feed, namespace, clock
        self._latency = metrics.LATENCY.labels(feed)

    def count_failure(self, topic: str) -> None:
        """Count a record of a source topic that failed inside."""
        metrics.INTERNAL_FAULTS.labels(self._feed, topic.removeprefix(self._namespace)).inc()

    def count_applied(self, slices: Iterable[tuple[Sequence[ConsumerRecord], float]], tally: metrics.Tally) -> None:
        """Count slices of records (each of one partition, with the seconds that deciding it took).

        The tally is what else their decisions add up to.
        """
        now = self._clock()
        for records, decided_s in slices:
            first, last = records[0], records[-1]
            topic = last.topic.removeprefix(self._namespace)
            positions, waited_s = count_positions(records), max(0.0, now - first.timestamp / 1000)
            metrics.RECORDS.labels(self._feed, topic).inc(positions)
            metrics.LAST_EVENT.labels(topic, str(last.partition)).advance(last.timestamp / 1000)
            self._latency.observe(waited_s)
            SLOWEST.note_slice(
                SlowSlice(decided_s, waited_s, now, self._feed, topic, first.partition, first.offset, positions)
            )
        metrics.add_to_counters(tally)
