"""How fresh the index is: the latest moment of which everything that agencies had pushed by then is in it.

A record goes through three consumer groups: intake, correlate, project. Where the ends of a group's topics were at some
moment, and what it has acknowledged since, tell exactly what it is done with; and as its outputs come before its
acknowledgement, the ends of the next group's topics, looked up afterwards, cover them. So each group's watermark is
noted with the ends of the next, down to the index. Times are this process's clock: the records' own are their senders'.

Correlate is passed four times, as it reads what it writes: from a fingerprint come postings, from these asks, from
these answers, and from these links. No way is longer: from an answer that was under way when a fingerprint was applied
comes a watch, and from that an answer with this fingerprint.

An agency that leaves a transaction open keeps readers from all that follows it in its own topic. After HELD_S that
holds back its own records alone: `as_of` goes on without them, and `without` names the agency until they are in.

So it is known, too, up to which notice all that notices are about is in the index: a notice comes after what it is
about, so the ends of project's topics, looked up after the end of `notices`, cover that.

Notices up to there are settled: they, and what they are about, are shown by the index. A reader's cursor passes no
other: the case that a notice is about may be a moment away, and the notice is left out for those who may not know of
its case. What is settled follows from the index's own lag, never from who reads.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence, Set
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from itertools import chain
from typing import Final, Generic, NamedTuple, TypeVar

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.following import Follower, Followers
from pipeline.streams.monitoring.lag import consumed_partitions, ends_of, group_of, read_acknowledged
from pipeline.streams.monitoring.offsets import PartitionOffsets, StableOffsetWatch, first_times, high_watermarks
from pipeline.streams.registers.control import read_control
from pipeline.streams.registers.registry import read_agencies
from pipeline.times import Clock


class NoticeIndex(NamedTuple):
    """Where notices are read: the id of their topic, and the generation whose index holds what they are about.

    Offsets count within a topic: after a restore another one of the same name begins anew.
    """

    topic: str
    generation: str


class IndexedNotices(NamedTuple):
    """The offset before which all notices, and all that they are about, are in an index."""

    where: NoticeIndex
    end: int


class SettledNotices:
    """`end`: the offset of `index` before which notices are settled; 0 while nobody knows, as after a switch."""

    def __init__(self, index: NoticeIndex, refresh: Callable[[str], Awaitable[None]]) -> None:
        """`refresh` lets searches show all notices, and all cases in the index of the generation that it is given."""
        self.index, self.end = index, 0
        self._refresh = refresh
        self._hurried = asyncio.Event()

    def follow_generation(self, generation: str) -> None:
        """Notices are read with this generation's index; if it is another one, it may be behind the former."""
        if generation != self.index.generation:
            self.index, self.end = self.index._replace(generation=generation), 0

    async def follow_index(self, indexed: IndexedNotices) -> None:
        """More is in the index; it counts once searches show it, and only of the generation that is read."""
        if indexed.where.topic != self.index.topic:
            self.index, self.end = self.index._replace(topic=indexed.where.topic), 0
        if indexed.where != self.index or indexed.end <= self.end:
            return
        try:
            await self._refresh(indexed.where.generation)
        except LiaisonError as error:
            log.warning("notices are not settled yet: %s", error)
            return
        if indexed.where == self.index:
            self.end = indexed.end

    def hurry(self) -> None:
        """A reader can't go on before more is settled."""
        self._hurried.set()

    async def wait_hurried(self, least_s: float, longest_s: float) -> None:
        """Return once a reader waits for more to settle, within these bounds."""
        await asyncio.sleep(min(least_s, longest_s))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hurried.wait(), max(0.0, longest_s - least_s))
        self._hurried.clear()


log = logging.getLogger(__name__)

LOOK_S: Final = 7.5
"""A record is seen to pass one step of its way after the other, a look each: 53 s, well within LIAISON_MAX_INDEX_LAG. A
look reads the whole of `control`, models included."""

CORRELATE_PASSES: Final = 4
"""How many topics, one after the other, correlate takes a record through until its links are written."""

FIRST_LOOKS_S: Final = 1.0
"""Until something is known: under load a look tells nothing before the next, and reads are refused meanwhile."""

HELD_S: Final = 60.0
"""For how long an open transaction of an agency's counts as a push that is on its way: ours are through in 30 s."""

KEPT: Final = 4000
"""Moments remembered: sixteen hours of looks."""

READ_S: Final = 10.0
"""Longest wait for the first records that wait for a group."""

MarkT = TypeVar("MarkT")


class GroupPosition(NamedTuple):
    """The ends of what a group consumes, what it has acknowledged, and the partitions of which it has all records.

    `held` are the partitions in which a transaction has been open for long, by the agency whose they are.
    """

    ends: PartitionOffsets
    committed: PartitionOffsets
    at_rest: Set[TopicPartition]
    held: Mapping[TopicPartition, str] = {}


class Watermark(Generic[MarkT]):
    """The latest of the marks noted (moments, or offsets) whose ends a group has acknowledged. Pure."""

    def __init__(self) -> None:
        self.reached: MarkT | None = None
        self._noted: deque[tuple[MarkT, PartitionOffsets]] = deque(maxlen=KEPT)

    def note_ends(self, mark: MarkT | None, ends: PartitionOffsets) -> None:
        """What counts as of this mark lies before these ends; None, not known, notes nothing."""
        if mark is not None:
            self._noted.append((mark, ends))

    def note_acknowledged(self, committed: PartitionOffsets, at_rest: Set[TopicPartition]) -> None:
        """The group is done up to these offsets; with the partitions `at_rest` as a whole.

        A mark noted with partitions that are consumed no more, as those of a former generation, is forgotten.
        """
        while self._noted:
            mark, ends = self._noted[0]
            current = ends.keys() <= committed.keys()
            if current and any(p not in at_rest and committed.get(p, 0) < end for p, end in ends.items()):
                return
            self._noted.popleft()
            self.reached = mark if current else self.reached


class Freshness:
    """Pure: told of ends and acknowledgements by group, in the order of the flow, it knows as of when the index is."""

    def __init__(self) -> None:
        self._watermarks: list[Watermark[datetime]] = []
        self._indexed = Watermark[datetime]()
        self._notices = Watermark[int]()
        self._held: dict[str, datetime] = {}
        self._index: NoticeIndex | None = None
        self._estimate: datetime | None = None

    @property
    def as_of(self) -> datetime | None:
        """Everything pushed by then is in the index; None while nobody knows."""
        reached = self._watermarks[-1].reached if self._watermarks else None
        return reached or self._estimate

    @property
    def without(self) -> tuple[str, ...]:
        """Agencies of which records may be missing though pushed by `as_of`: a transaction of theirs was open then."""
        now = self.as_of
        return tuple(sorted(agency for agency, last in self._held.items() if now is None or now <= last))

    @property
    def indexed_as_of(self) -> datetime | None:
        """Everything that had reached the project stage's topics by then is in the index: its own lag alone."""
        return self._indexed.reached

    @property
    def indexed_notices(self) -> IndexedNotices | None:
        """Up to which of them all notices, and what they are about, are in the index; None before the first look."""
        return IndexedNotices(self._index, self._notices.reached or 0) if self._index else None

    @property
    def is_estimated(self) -> bool:
        """Whether `as_of` is not known from looks: a backlog that was there at the first look is not yet done."""
        return not self._watermarks or self._watermarks[-1].reached is None

    def update_positions(self, at: datetime, groups: Sequence[GroupPosition], index: NoticeIndex, notices: int) -> None:
        """Where each group stands, the last being project's of `index`; `notices` is where that topic ended.

        Ends were read after `at`, what is acknowledged, `index` and `notices`.
        """
        self._watermarks = self._watermarks or [Watermark() for _ in groups]
        passed: datetime | None = at
        for watermark, group in zip(self._watermarks, groups, strict=True):
            watermark.note_ends(passed, group.ends)
            watermark.note_acknowledged(group.committed, group.at_rest | group.held.keys())
            passed = watermark.reached
            self._held |= dict.fromkeys(group.held.values(), at)
        self._indexed.note_ends(at, groups[-1].ends)
        self._indexed.note_acknowledged(groups[-1].committed, groups[-1].at_rest)
        if index != self._index:  # another one, which may be behind the former or count anew
            self._notices, self._index = Watermark[int](), index
        self._notices.note_ends(notices, groups[-1].ends)
        self._notices.note_acknowledged(groups[-1].committed, groups[-1].at_rest)

    def estimate_from(self, at: datetime) -> None:
        """Stand-in for `as_of` until it is known."""
        self._estimate = at


@asynccontextmanager
async def watch_freshness(
    settings: Settings, clock: Clock, notices: SettledNotices, followers: Followers | None = None
) -> AsyncIterator[Freshness]:
    """The index's freshness, looked at every few seconds; entered after the first look. `notices` follow it.

    It follows no topic, but asks where all are; `followers` keep it going all the same.
    """
    freshness, open_since = Freshness(), StableOffsetWatch(settings)

    async def watch(held: Follower) -> None:
        while True:
            await notices.wait_hurried(FIRST_LOOKS_S, LOOK_S if freshness.indexed_as_of else FIRST_LOOKS_S)
            await _look_once(settings, clock, freshness, notices, open_since)
            held.note_going()

    await _look_once(settings, clock, freshness, notices, open_since)
    async with (followers or Followers()).keep("the index's freshness", watch):
        yield freshness


async def _look_once(
    settings: Settings, clock: Clock, freshness: Freshness, notices: SettledNotices, open_since: StableOffsetWatch
) -> None:
    await _update_once(settings, clock, freshness, open_since)
    if indexed := freshness.indexed_notices:
        await notices.follow_index(indexed)


async def _update_once(settings: Settings, clock: Clock, freshness: Freshness, open_since: StableOffsetWatch) -> None:
    """One look; while Kafka does not answer the index ages."""
    try:
        generation, groups = await _list_groups(settings)
        at = clock()
        topic_ids, committed = await asyncio.to_thread(read_acknowledged, settings, groups)
        partitions = list(chain.from_iterable(groups.values()))
        ends, high = await ends_of(settings, partitions), await high_watermarks(settings, partitions)
    except (KafkaError, OSError, LiaisonError) as error:
        log.warning("the index's freshness is not known: %s", type(error).__name__)
        return
    ages = open_since.update_ages(ends, high)
    standing: dict[str, GroupPosition] = {}
    since: list[datetime | None] = []
    for group, own in groups.items():
        waiting = dict.fromkeys(p for p in own if ends[p] < high[p]) | await _first_waiting(
            settings, committed[group], {p: ends[p] for p in own}
        )
        held = {
            p: topics.agency_of(settings, topics.CASES, p.topic)
            for p in own
            if ages[p] >= HELD_S and topics.is_national(settings, p.topic)
        }
        standing[group] = GroupPosition({p: high[p] for p in own}, committed[group], set(own) - waiting.keys(), held)
        since += waiting.values()
    told = TopicPartition(topics.topic_name(settings, topics.NOTICES), 0)
    index = NoticeIndex(topic_ids[told.topic], generation)
    passed = order_of_passes(standing.values())
    freshness.update_positions(at, passed, index, ends[told])  # looked up before `high`
    known = [time for time in since if time is not None]
    if freshness.is_estimated and len(known) == len(since):
        freshness.estimate_from(min([at, *known]))


def order_of_passes(groups: Iterable[GroupPosition]) -> list[GroupPosition]:
    """The positions of intake, correlate and project, each as often as a record passes the group on its way."""
    intake, correlate, project = groups
    return [intake, *[correlate] * CORRELATE_PASSES, project]


async def _first_waiting(
    settings: Settings, committed: PartitionOffsets, ends: PartitionOffsets
) -> dict[TopicPartition, datetime | None]:
    """The partitions where a record waits, with its time; where they can't be read, all that might, without a time.

    So a partition that can't be read holds back its own group alone: an agency must not be able to shut reading.
    """
    left = {partition: offset for partition, offset in committed.items() if offset < ends[partition]}
    try:
        async with asyncio.timeout(READ_S):
            return dict(await first_times(settings, left, ends))
    except (KafkaError, OSError) as error:
        log.warning("what waits can't be read: %s", type(error).__name__)
        return dict.fromkeys(left)


async def _list_groups(settings: Settings) -> tuple[str, dict[str, list[TopicPartition]]]:
    """The active generation, and what intake and its correlate and project consume, in the order of the flow."""
    held = await read_control(settings)
    active = held.find_generation()
    groups = consumed_partitions(settings, await read_agencies(settings), held)
    scopes = {"intake": "", "correlate": active.id, "project": active.id}
    audit = topics.topic_name(
        settings, topics.AUDIT
    )  # no answer of a search comes from it, and every search adds to it
    found = {group: groups[group] for group in (group_of(settings, *scope) for scope in scopes.items())}
    return active.id, {group: [p for p in partitions if p.topic != audit] for group, partitions in found.items()}
