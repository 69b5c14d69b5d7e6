"""How fresh the index is: the latest moment of which everything that Kafka then held has reached it.

Where the ends of the project stage's topics were at some moment, and what it has acknowledged since, tell it exactly
of a partition that goes on; of one that has come to rest, counting its lag does: its last offsets may be transaction
markers, which are never acknowledged.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence, Set
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams import topics
from pipeline.streams.control import control
from pipeline.streams.lag import committed_of, consumed_by, ends_of, group_of, lag_behind

log = logging.getLogger(__name__)

LOOK_S: Final = 30.0
"""Well within LIAISON_MAX_INDEX_LAG; a look reads the whole of `control`, models included."""

FIRST_LOOKS_S: Final = 1.0
"""Until something is known: under load a look tells nothing before the next, and reads are refused meanwhile."""

KEPT: Final = 2000
"""Moments remembered: sixteen hours of looks."""

Offsets = Mapping[TopicPartition, int]
Clock = Callable[[], datetime]


class Freshness:
    """Pure: told of ends and acknowledgements, it knows as of when the index is."""

    def __init__(self) -> None:
        self.as_of: datetime | None = None
        self._waiting: deque[tuple[datetime, Offsets]] = deque(maxlen=KEPT)

    def note(self, at: datetime, ends: Offsets) -> None:
        """At this moment the topics ended there."""
        self._waiting.append((at, ends))

    def acknowledged(self, committed: Offsets, at_rest: Set[TopicPartition]) -> None:
        """The index has everything up to these offsets; of the partitions `at_rest` all that there is."""
        while self._waiting and _reached(committed, at_rest, self._waiting[0][1]):
            self.as_of = self._waiting.popleft()[0]


def _reached(committed: Offsets, at_rest: Set[TopicPartition], ends: Offsets) -> bool:
    return all(partition in at_rest or committed.get(partition, 0) >= end for partition, end in ends.items())


@asynccontextmanager
async def watched(settings: Settings, clock: Clock) -> AsyncIterator[Freshness]:
    """The index's freshness, looked at every few seconds; entered after the first look."""
    freshness = Freshness()
    await _look(settings, clock, freshness)
    task = asyncio.create_task(_watch(settings, clock, freshness))
    try:
        yield freshness
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch(settings: Settings, clock: Clock, freshness: Freshness) -> None:
    while True:
        await asyncio.sleep(LOOK_S if freshness.as_of else FIRST_LOOKS_S)
        await _look(settings, clock, freshness)


async def _look(settings: Settings, clock: Clock, freshness: Freshness) -> None:
    """One look; while Kafka does not answer the index ages."""
    try:
        held = await control(settings)
        groups = consumed_by(settings, held.of(), active=True)
        consumed = {
            name: _searched(settings, partitions) for name, partitions in groups.items() if _projects(settings, name)
        }
        ends = await ends_of(settings, [p for partitions in consumed.values() for p in partitions])
        freshness.note(clock(), ends)
        committed = await asyncio.to_thread(committed_of, settings, consumed)
        behind = await lag_behind(settings, committed)
        at_rest = {TopicPartition(one.topic, one.partition) for one in behind if one.lag == 0}
        freshness.acknowledged({p: o for group in committed.values() for p, o in group.items()}, at_rest)
    except (KafkaError, OSError, LiaisonError) as error:
        log.warning("the index's freshness is not known: %s", type(error).__name__)


def _projects(settings: Settings, group: str) -> bool:
    return group.startswith(group_of(settings, "project"))


def _searched(settings: Settings, partitions: Sequence[TopicPartition]) -> list[TopicPartition]:
    """Without the audit: no answer of a search comes from it, and every search adds to it."""
    audit = topics.name(settings, topics.AUDIT)
    return [partition for partition in partitions if partition.topic != audit]
