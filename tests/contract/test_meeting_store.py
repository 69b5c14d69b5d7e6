"""One contract for every meeting store: the one in memory must not drift from the one on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from pipeline.correlation.meeting_store import NO_CASE, MeetingStore, MemoryMeetingStore
from pipeline.correlation.meeting_store_on_disk import DiskMeetingStore
from pipeline.correlation.protocol import case_id
from pipeline.correlation.store_file import NO_OFFSET, StoreIdentity
from support.correlation.meeting_cases import (
    WORDS,
    assert_holds,
    country_of,
    find_numbers,
    listed,
    look_up_keys,
    make_postings,
    put,
    spread_key,
)

IDENTITY = StoreIdentity("cluster", "topic", 0, "generation")

KEYS = [*map(spread_key, range(20)), 3, 5, 7, 2**53 - 1]
"""Also some that are no hashes, so close to each other that they are in one slot."""


def on_disk(folder: Path) -> DiskMeetingStore:
    """With so little room that maps overflow and runs are written and merged within a test."""
    return DiskMeetingStore(folder / "store", IDENTITY, WORDS, map_size=1 << 16, run_entries=8)


@pytest.fixture(params=["memory", "disk"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MeetingStore]:
    made: MeetingStore = MemoryMeetingStore(WORDS) if request.param == "memory" else on_disk(tmp_path)
    yield made
    made.close()


@pytest.fixture(params=["before commit", "after commit"])
def settle(request: pytest.FixtureRequest, store: MeetingStore) -> Callable[[], None]:
    """Called between a change and a look at it: both must show the same."""
    return (lambda: store.commit(1)) if request.param == "after commit" else (lambda: None)


def test_a_new_store_holds_nothing(store: MeetingStore) -> None:
    assert store.offset == NO_OFFSET
    assert store.records == 0
    assert_holds(store, {}, KEYS)
    nobody = store.look_up(make_postings({"a:1": (1, [])}).cases, np.empty(0, np.uint64))
    assert nobody.numbers.tolist() == [NO_CASE]
    assert nobody.sizes.tolist() == []


def test_a_posting_comes_back_whole(store: MeetingStore, settle: Callable[[], None]) -> None:
    cases = {"a:1": (2**53 - 1, KEYS[:9]), "b:1": (1, KEYS[5:])}
    put(store, cases)
    settle()
    assert_holds(store, cases, KEYS)
    numbers = find_numbers(store, make_postings(cases).cases)
    assert store.get_countries(numbers).tolist() == [country_of("a:1"), country_of("b:1")]


@pytest.mark.parametrize(
    "keys", [KEYS[:4], KEYS[:2], KEYS[2:8], [], KEYS], ids=["same", "fewer", "other", "no", "more"]
)
def test_a_later_posting_takes_the_place(store: MeetingStore, settle: Callable[[], None], keys: list[int]) -> None:
    cases = {"a:1": (1, KEYS[:4]), "b:1": (1, KEYS[:4]), "c:1": (1, [])}
    put(store, cases)
    settle()
    put(store, {"a:1": (2, keys), "c:1": (2, keys)})
    settle()
    assert_holds(store, cases | {"a:1": (2, keys), "c:1": (2, keys)}, KEYS)
    put(store, {"a:1": (3, KEYS[:4])})
    settle()
    assert_holds(store, {"a:1": (3, KEYS[:4]), "b:1": (1, KEYS[:4]), "c:1": (2, keys)}, KEYS)


def test_numbers_of_new_cases_are_returned(store: MeetingStore, settle: Callable[[], None]) -> None:
    put(store, {"a:1": (1, KEYS[:3])})
    settle()
    postings = make_postings({"b:1": (1, KEYS[:3]), "a:1": (2, KEYS[:3]), "c:1": (1, [])})
    numbers = find_numbers(store, postings.cases)
    assert [number == NO_CASE for number in numbers.tolist()] == [True, False, True]
    put_numbers = store.put_postings(postings, numbers)
    assert put_numbers.tolist() == find_numbers(store, postings.cases).tolist()
    assert put_numbers[1] == numbers[1]


@pytest.mark.parametrize("new", [2, 600], ids=["few", "many"])
def test_what_was_looked_up_before_a_put_tells_of_cases_that_were_not_put(
    store: MeetingStore, settle: Callable[[], None], new: int
) -> None:
    held = [f"held {at}" for at in range(20)]
    put(store, {"stays": (1, KEYS[:2]), "leaves": (1, KEYS[:2]), "comes": (1, KEYS[1:3])})
    put(store, dict.fromkeys(held, (1, KEYS[:1])))
    settle()
    changes = {"stays": (2, KEYS[:2]), "leaves": (2, KEYS[1:2]), "comes": (2, KEYS[:3])}
    postings = make_postings(changes | {f"new {at}": (1, KEYS[:1]) for at in range(new)})
    found = store.look_up(postings.cases, np.array([KEYS[0], KEYS[5], KEYS[1]], np.uint64))
    assert [number == NO_CASE for number in found.numbers.tolist()] == [False] * 3 + [True] * new
    assert found.sizes.tolist() == [22, 0, 3]
    numbers = store.put_postings(postings, found.numbers)
    asked, others, countries = found.find_entries(np.array([2, 0]))
    assert countries.tolist() == store.get_countries(others).tolist()
    untouched = ~np.isin(others, numbers)
    assert asked[untouched].tolist() == [1] * 20
    assert sorted(case.tobytes() for case in store.get_ids(others[untouched])) == sorted(map(case_id, held))
    assert len(found.find_entries(np.array([1])).numbers) == 0
    present = ["stays", "comes", *held, *(f"new {at}" for at in range(new))]
    assert listed(store, KEYS[:1]) == {KEYS[0]: sorted(map(case_id, present))}


def test_many_cases_outgrow_what_there_is_room_for(store: MeetingStore) -> None:
    cases: dict[str, tuple[int, list[int]]] = {}
    for chunk in range(40):
        added = {f"a:{chunk}-{i}": (1, [KEYS[chunk % 9], KEYS[9 + i % 7]]) for i in range(60)}
        put(store, added)
        cases |= added
        if chunk % 3 == 0:
            store.commit(chunk)
    assert_holds(store, cases, KEYS)


def test_a_crowd_is_found_whole_and_counted(store: MeetingStore, settle: Callable[[], None]) -> None:
    cases = {f"a:{i}": (1, [KEYS[0], KEYS[1 + i % 4]]) for i in range(500)}
    for start in range(0, 500, 100):
        put(store, dict(list(cases.items())[start : start + 100]))
        settle()
    assert_holds(store, cases, KEYS)
    counted = look_up_keys(store, KEYS[:6]).sizes
    assert counted[0] == 500
    assert counted[5] < 50, "of others few"


def test_the_offset_is_that_of_the_last_commit(store: MeetingStore) -> None:
    put(store, {"a:1": (1, KEYS[:3])})
    assert store.offset == NO_OFFSET
    store.commit(41)
    put(store, {"b:1": (1, KEYS[:3])})
    assert store.offset == 41
    store.records = 2
    store.commit(42)
    store.sync()
    assert (store.offset, store.records) == (42, 2)


def test_a_commit_without_changes_keeps_everything(store: MeetingStore) -> None:
    cases = {"a:1": (1, KEYS[:3])}
    put(store, cases)
    for offset in range(3):
        store.commit(offset)
        assert_holds(store, cases, KEYS)
    store.put_postings(make_postings({}), np.empty(0, np.uint32))
    store.commit(4)
    assert_holds(store, cases, KEYS)


def test_compaction_changes_nothing_that_is_read(store: MeetingStore) -> None:
    cases = {f"a:{i}": (1, KEYS[i % 5 : i % 5 + 4]) for i in range(50)}
    put(store, cases)
    store.commit(1)
    gone: dict[str, tuple[int, list[int]]] = {f"a:{i}": (2, []) for i in range(0, 50, 3)}
    put(store, gone)
    store.commit(2)
    put(store, {"a:1": (2, KEYS[8:12])})
    held = cases | gone | {"a:1": (2, KEYS[8:12])}
    store.compact(0)
    assert_holds(store, held, KEYS)
    added = {f"b:{i}": (1, KEYS[i % 5 : i % 5 + 4]) for i in range(30)}
    put(store, added)
    assert_holds(store, held | added, KEYS)
    store.commit(3)
    assert_holds(store, held | added, KEYS)
