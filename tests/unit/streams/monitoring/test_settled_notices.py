"""Notices are settled once the index that is read shows all that they are about."""

from __future__ import annotations

import asyncio

from pipeline.errors import LiaisonError
from pipeline.streams.monitoring.settled_notices import IndexedNotices, NoticeIndex, SettledNotices


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
