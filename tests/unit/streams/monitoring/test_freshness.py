from __future__ import annotations

import asyncio
from collections.abc import Set
from datetime import UTC, datetime, timedelta

from aiokafka import TopicPartition

from pipeline.errors import LiaisonError
from pipeline.streams.monitoring.freshness import (
    Freshness,
    GroupPosition,
    IndexedNotices,
    NoticeIndex,
    SettledNotices,
    Watermark,
    order_of_passes,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
A, B = TopicPartition("accepted", 0), TopicPartition("links", 0)
CASES, PRINTS = TopicPartition("cases.fr-pj", 0), TopicPartition("fingerprints", 0)
POSTINGS, PAIRS = TopicPartition("postings", 0), TopicPartition("pairs", 0)


def at(minute: float) -> datetime:
    return NOW + timedelta(minutes=minute)


def test_a_watermark_is_the_last_moment_whose_ends_are_acknowledged() -> None:
    watermark = Watermark[datetime]()
    for minute, end in enumerate((10, 20, 30)):
        watermark.note_ends(at(minute), {A: end, B: 5})
    watermark.note_acknowledged({A: 9, B: 5}, set())
    assert watermark.reached is None
    watermark.note_acknowledged({A: 25, B: 5}, set())
    assert watermark.reached == at(1)


def test_a_partition_at_rest_is_read_whole_though_its_markers_are_never_acknowledged() -> None:
    watermark = Watermark[datetime]()
    watermark.note_ends(NOW, {A: 10, B: 5})
    watermark.note_acknowledged({A: 9, B: 4}, {A})
    assert watermark.reached is None, "B goes on"
    watermark.note_acknowledged({A: 9, B: 5}, {A})
    assert watermark.reached == NOW


def test_what_a_former_generation_had_yet_to_do_holds_nothing_back() -> None:
    watermark = Watermark[datetime]()
    watermark.note_ends(at(0), {A: 10, TopicPartition("links.former", 0): 5})
    watermark.note_ends(at(1), {A: 10, B: 1})
    watermark.note_acknowledged({A: 10, B: 0}, set())
    assert watermark.reached is None
    watermark.note_acknowledged({A: 10, B: 1}, set())
    assert watermark.reached == at(1)


class Flow:
    """One partition of each topic that is told apart here, and three groups that consume them."""

    def __init__(self) -> None:
        self.freshness = Freshness()
        self.ends = {CASES: 0, PRINTS: 0, POSTINGS: 0, PAIRS: 0, A: 0, B: 0}
        self.done = dict.fromkeys(self.ends, 0)
        self.topic, self.generation = "t1", "g1"
        self.held: dict[TopicPartition, str] = {}

    def look(self, minute: float, notices: int = 0) -> None:
        groups = [self._group(CASES), self._group(PRINTS, POSTINGS, PAIRS), self._group(A, B)]
        index = NoticeIndex(self.topic, self.generation)
        self.freshness.update_positions(at(minute), order_of_passes(groups), index, notices)

    def settled_end(self) -> int:
        indexed = self.freshness.indexed_notices
        assert indexed is not None
        return indexed.end

    def _group(self, *partitions: TopicPartition) -> GroupPosition:
        rest: Set[TopicPartition] = {p for p in partitions if self.done[p] == self.ends[p]}
        held = {p: self.held[p] for p in partitions if p in self.held}
        return GroupPosition({p: self.ends[p] for p in partitions}, {p: self.done[p] for p in partitions}, rest, held)


def test_at_rest_everything_pushed_by_the_look_is_in_the_index() -> None:
    flow = Flow()
    flow.look(0)
    assert flow.freshness.as_of == flow.freshness.indexed_as_of == at(0)
    assert not flow.freshness.is_estimated


def test_while_intake_is_down_the_index_is_as_of_the_last_look_before_the_backlog() -> None:
    flow = Flow()
    flow.look(0)
    flow.ends[CASES] = 5
    flow.look(1)
    flow.look(2)
    assert (flow.freshness.as_of, flow.freshness.indexed_as_of) == (at(0), at(2))


def test_a_record_counts_once_it_has_passed_all_three_groups() -> None:
    """Though nothing waits in the index's own topics while intake and correlate are at work."""
    flow = Flow()
    flow.look(0)
    flow.ends[CASES] = 1
    flow.look(1)
    flow.done[CASES] = flow.ends[PRINTS] = flow.ends[A] = 1
    flow.look(2)
    flow.done[A] = 1
    flow.look(3)
    assert flow.freshness.as_of == at(0), "correlate has yet to look at it"
    flow.done[PRINTS] = flow.ends[B] = 1
    flow.look(4)
    assert flow.freshness.as_of == at(0), "its link is not indexed"
    flow.done[B] = 1
    flow.look(5)
    assert flow.freshness.as_of == at(5)


def test_a_record_is_not_in_the_index_while_what_correlate_made_of_it_waits_there() -> None:
    """Others flow on meanwhile, so that no topic is ever at rest: what comes is applied at the next look."""
    flow = Flow()
    flow.look(0)
    way = [CASES, PRINTS, POSTINGS, PAIRS, PAIRS, B]
    last = 0
    for minute, topic in enumerate(way, 1):
        flow.done = dict(flow.ends)
        flow.ends = {partition: end + 1 for partition, end in flow.ends.items()}
        last = flow.ends[topic]  # the record, or what was made of it, is the last of its topic
        flow.look(minute)
        assert (flow.freshness.as_of or at(0)) < at(1), topic
    assert last > flow.done[B]
    flow.done = dict(flow.ends)
    flow.look(len(way) + 1)
    assert (flow.freshness.as_of or at(0)) >= at(1)


def test_under_a_steady_flow_each_step_is_seen_to_be_passed_one_look_later() -> None:
    flow = Flow()
    for minute in range(10):
        flow.done = dict(flow.ends)
        flow.ends = {partition: end + 1 for partition, end in flow.ends.items()}
        flow.look(minute)
    assert flow.freshness.as_of == at(3)
    assert flow.freshness.indexed_as_of == at(8)


def test_a_backlog_of_before_the_first_look_is_estimated_until_it_is_known() -> None:
    flow = Flow()
    flow.ends[CASES] = 5
    flow.look(0)
    assert flow.freshness.as_of is None
    assert flow.freshness.is_estimated
    flow.freshness.estimate_from(at(-90))
    assert flow.freshness.as_of == at(-90)
    flow.done[CASES] = 5
    flow.look(1)
    assert flow.freshness.as_of == at(1)


def test_notices_are_in_the_index_with_all_that_had_come_before_them() -> None:
    flow = Flow()
    flow.look(0, notices=3)
    assert flow.freshness.indexed_notices == IndexedNotices(NoticeIndex("t1", "g1"), 3)
    flow.ends[A] = 5
    flow.look(1, notices=4)
    flow.ends[A] = 6
    flow.look(2, notices=6)
    assert flow.settled_end() == 3, "the fourth may be about what waits"
    flow.done[A] = 5
    flow.look(3, notices=7)
    assert flow.settled_end() == 4
    flow.done[A] = 6
    flow.look(4, notices=7)
    assert flow.settled_end() == 7


def test_another_generations_index_is_not_known_to_hold_what_the_former_holds() -> None:
    flow = Flow()
    flow.look(0, notices=3)
    flow.generation, flow.ends[A] = "g2", 5
    flow.look(1, notices=3)
    assert flow.freshness.indexed_notices == IndexedNotices(NoticeIndex("t1", "g2"), 0)
    flow.done[A] = 5
    flow.look(2, notices=3)
    assert flow.freshness.indexed_notices == IndexedNotices(NoticeIndex("t1", "g2"), 3)


def test_a_transaction_that_stays_open_holds_back_its_agencys_records_alone() -> None:
    """As-of goes on without them, and names the agency until a moment behind the transaction's end is in."""
    flow = Flow()
    flow.look(0)
    flow.ends[CASES] = 5
    flow.look(1)
    assert (flow.freshness.as_of, flow.freshness.without) == (at(0), ()), "a push on its way"
    flow.held = {CASES: "fr-pj"}
    flow.look(2)
    flow.look(3)
    assert (flow.freshness.as_of, flow.freshness.indexed_as_of, flow.freshness.without) == (at(3), at(3), ("fr-pj",))
    flow.held = {}
    flow.look(4)
    assert (flow.freshness.as_of, flow.freshness.without) == (at(3), ("fr-pj",)), "it has ended and is not in"
    flow.done[CASES] = 5
    flow.look(5)
    assert (flow.freshness.as_of, flow.freshness.without) == (at(5), ())


def test_one_agencys_open_transaction_hides_no_other_agencys_backlog() -> None:
    other = TopicPartition("cases.be-fp", 0)
    freshness, index = Freshness(), NoticeIndex("t1", "g1")
    for minute, done in enumerate((0, 0, 3)):
        intake = GroupPosition({CASES: 5, other: 3}, {CASES: 0, other: done}, set(), {CASES: "fr-pj"})
        freshness.update_positions(at(minute), [intake], index, 0)
        assert freshness.as_of == (at(minute) if done else None)
        assert freshness.without == ("fr-pj",)


class CountedRefresh:
    """Counts the calls, and fails while `away`."""

    def __init__(self) -> None:
        self.calls = 0
        self.generation = ""
        self.away = False

    async def __call__(self, generation: str) -> None:
        self.calls += 1
        self.generation = generation
        if self.away:
            raise LiaisonError("away")


async def test_they_are_settled_once_a_refresh_shows_them_and_not_before() -> None:
    refresh = CountedRefresh()
    settled = SettledNotices(NoticeIndex("t1", "g1"), refresh)
    refresh.away = True
    await settled.follow_index(IndexedNotices(NoticeIndex("t1", "g1"), 7))
    assert settled.end == 0
    refresh.away = False
    await settled.follow_index(IndexedNotices(NoticeIndex("t1", "g1"), 7))
    assert settled.end == 7
    await settled.follow_index(IndexedNotices(NoticeIndex("t1", "g1"), 7))
    await settled.follow_index(IndexedNotices(NoticeIndex("t1", "g1"), 5))
    assert (settled.end, refresh.calls) == (7, 2), "where nothing came, nothing is asked"


async def test_another_generations_index_settles_anew() -> None:
    refresh = CountedRefresh()
    settled = SettledNotices(NoticeIndex("t1", "g1"), refresh)
    await settled.follow_index(IndexedNotices(NoticeIndex("t1", "g1"), 7))
    settled.follow_generation("g1")
    assert settled.end == 7
    settled.follow_generation("g2")
    assert settled.end == 0
    await settled.follow_index(IndexedNotices(NoticeIndex("t1", "g1"), 9))
    assert settled.end == 0, "a look from before the switch"
    await settled.follow_index(IndexedNotices(NoticeIndex("t1", "g2"), 8))
    assert (settled.end, refresh.generation) == (8, "g2"), "of its own index, to which readers may not be led yet"


async def test_another_topic_of_the_same_name_settles_anew() -> None:
    refresh = CountedRefresh()
    settled = SettledNotices(NoticeIndex("t1", "g1"), refresh)
    await settled.follow_index(IndexedNotices(NoticeIndex("t1", "g1"), 7))
    refresh.away = True
    await settled.follow_index(IndexedNotices(NoticeIndex("t2", "g1"), 3))
    assert (settled.index.topic, settled.end) == ("t2", 0), "known of it, though not how much searches show"
    refresh.away = False
    await settled.follow_index(IndexedNotices(NoticeIndex("t2", "g1"), 3))
    assert settled.end == 3


async def test_a_switch_while_searches_are_refreshed_settles_nothing() -> None:
    async def switch(_: str) -> None:
        settled.follow_generation("g2")

    settled = SettledNotices(NoticeIndex("t1", "g1"), switch)
    await settled.follow_index(IndexedNotices(NoticeIndex("t1", "g1"), 7))
    assert settled.end == 0


async def test_who_can_not_go_on_has_it_looked_at_sooner() -> None:
    settled = SettledNotices(NoticeIndex("t1", "g1"), CountedRefresh())
    settled.hurry()
    await asyncio.wait_for(settled.wait_hurried(0.0, 3600.0), 60)
    waiting = asyncio.create_task(settled.wait_hurried(0.0, 3600.0))
    await asyncio.sleep(0)
    assert not waiting.done()
    settled.hurry()
    await asyncio.wait_for(waiting, 60)
    await asyncio.wait_for(settled.wait_hurried(0.0, 0.0), 60)
