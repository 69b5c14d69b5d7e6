"""Whom cases meet: everybody who shares a key, in bounded portions, whatever comes first."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.correlation import meeting_places
from pipeline.correlation.batch import find_links
from pipeline.correlation.matcher import Matcher, PassingScreen, SmallSketches
from pipeline.correlation.meeting_places import (
    BlockSizeObserver,
    MeetingPlace,
    PostedSketchScreen,
    PostingChunk,
    take_together,
)
from pipeline.correlation.meeting_store import CaseNumberArray, Entries, MemoryMeetingStore
from pipeline.correlation.postings import KeyArray, PostedCase, encode_empty, encode_postings
from pipeline.correlation.protocol import Ask, ProtocolError, case_id, order_pair
from pipeline.matching.bounds.sketches import make_sketch
from pipeline.matching.fingerprint import EntityPrint, Fingerprint
from pipeline.matching.matcher import THRESHOLD
from pipeline.matching.model import load_model
from pipeline.matching.screening.small_screening import SmallSketchScreen
from pipeline.matching.screening.small_sketch import SMALL_SKETCH_WORDS
from support.correlation.meeting_cases import find_numbers

MakeCase = Callable[..., Fingerprint]
CROWD_KEY, OTHER_KEY = 7, 9
Places = Callable[..., "LoggedPlace"]


class ScreenLog(PostedSketchScreen):
    """Lets everything through unless told otherwise, and notes how many pairs came at once."""

    def __init__(self, store: MemoryMeetingStore, *, closed: bool) -> None:
        super().__init__(store, PassingScreen())
        self.pairs: list[int] = []
        self._closed = closed

    def may_link(self, asking: CaseNumberArray, held: CaseNumberArray) -> NDArray[np.bool_]:
        assert len(asking) == len(held)
        self.pairs.append(len(asking))
        return np.full(len(asking), not self._closed)


class EntryLog(MemoryMeetingStore):
    """A store that notes how many entries were found at once."""

    def __init__(self) -> None:
        super().__init__(0)
        self.found: list[int] = []

    def find_entries(self, keys: KeyArray) -> Entries:
        entries = super().find_entries(keys)
        self.found.append(len(entries.numbers))
        return entries


class LoggedPlace:
    """A meeting place with its store and screen; cases are given by name, whose first letter is their country."""

    def __init__(
        self, *, within: bool = False, closed: bool = False, observer: BlockSizeObserver | None = None
    ) -> None:
        self.store = EntryLog()
        self.screen = ScreenLog(self.store, closed=closed)
        self.place = MeetingPlace(self.store, self.screen, within=within, observer=observer)

    def take(self, cases: Mapping[str, Sequence[int]], order: int = 2) -> list[Ask]:
        """One chunk."""
        return self.place.take_postings(*self.encode(cases, order))

    def encode(self, cases: Mapping[str, Sequence[int]], order: int = 2) -> tuple[list[bytes], list[bytes]]:
        countries = [name[0].upper() * 2 if name[0] != "?" else "" for name in cases]
        posted = [
            PostedCase(case_id(name), order, country, sorted(keys))
            for (name, keys), country in zip(cases.items(), countries, strict=True)
        ]
        postings = encode_postings(posted, np.empty((len(posted), 0), np.uint32), 1)
        return [one.case for one in postings], [one.value for one in postings]

    def fill(self, count: int, *keys: int) -> list[str]:
        """Hold cases of one country under some keys; nothing is noted of them."""
        names = [f"b{keys}{at}" for at in range(count)]
        for name in names:
            self.take({name: keys})
        self.store.found.clear()
        self.screen.pairs.clear()
        self.place.counts.candidates = 0
        return names


def pairs(asks: Sequence[Ask]) -> set[tuple[bytes, bytes]]:
    found = [(ask.a, ask.b) for ask in asks]
    assert len(set(found)) == len(found), "each pair is asked for once"
    assert all(a < b for a, b in found)
    return set(found)


def met(one: str, *others: str) -> set[tuple[bytes, bytes]]:
    return {order_pair(case_id(one), case_id(other)) for other in others}


@pytest.fixture
def few_together(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(meeting_places, "MOST_TOGETHER", 8)
    monkeypatch.setattr(meeting_places, "CROWD", 8)
    return 8


def test_cases_of_a_chunk_meet_each_other_and_those_before_once() -> None:
    one = LoggedPlace()
    assert one.take({"a1": (1, 2)}) == []
    asks = one.take({"b1": (1, 2), "c1": (2, 3), "b2": (3,), "d1": (4,)}, order=4)
    assert pairs(asks) == met("a1", "b1", "c1") | met("b1", "c1") | met("c1", "b2")
    orders = {ask.a: ask.order_a for ask in asks} | {ask.b: ask.order_b for ask in asks}
    assert orders == {case_id(name): 2 if name == "a1" else 4 for name in ("a1", "b1", "b2", "c1")}


def test_one_country_does_not_meet_unless_within_or_unknown() -> None:
    for within in (False, True):
        one = LoggedPlace(within=within)
        asks = one.take({"a1": (1,), "a2": (1,), "?1": (1,), "?2": (1,)})
        unknown = met("?1", "a1", "a2", "?2") | met("?2", "a1", "a2")
        assert pairs(asks) == unknown | (met("a1", "a2") if within else set())


def test_a_case_is_met_under_its_last_keys_alone() -> None:
    one = LoggedPlace()
    one.take({"a1": (1, 2)})
    one.take({"a1": (2, 3)}, order=4)
    assert pairs(one.take({"b1": (1,), "c1": (3,)})) == met("a1", "c1")
    assert one.place.take_postings([case_id("a1")], [encode_empty(6)]) == []
    assert one.take({"b1": (2,), "c2": (3,)}, order=6) == [] != one.take({"b9": (3,)})


def test_an_older_posting_changes_nothing_and_one_of_the_same_version_asks_anew() -> None:
    one = LoggedPlace()
    one.take({"a1": (1,)}, order=6)
    one.take({"b1": (1,)})
    assert one.take({"a1": (1, 2)}, order=4) == []
    assert one.take({"b2": (2,)}) == []
    assert pairs(one.take({"a1": (1,)}, order=6)) == met("a1", "b1")


@pytest.mark.parametrize(("most", "times"), [(1 << 14, 1), (150, 3)])
def test_several_places_are_screened_at_once_and_ask_as_each_alone(
    most: int, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(7)
    monkeypatch.setattr(meeting_places, "MOST_TOGETHER", most)
    chunks = [{f"{random.choice('abc')}{at}": random.sample(range(9), 3) for at in range(20)} for _ in range(5)]
    expected = [pairs(LoggedPlace().take(chunk)) for chunk in chunks]
    asked, screen = list[int](), PassingScreen()
    taken = [PostingChunk(place.place, *place.encode(chunk)) for chunk in chunks for place in (LoggedPlace(),)]

    def may_link(asking: SmallSketches, held: SmallSketches) -> NDArray[np.bool_]:
        assert len(asking) == len(held)
        asked.append(len(asking))
        return np.ones(len(asking), np.bool_)

    monkeypatch.setattr(screen, "may_link", may_link)
    assert [pairs(found.asks) for found in take_together(taken, screen)] == expected
    assert (sum(asked), len(asked)) == (sum(map(len, expected)), times)
    assert take_together([], screen) == []


@pytest.mark.parametrize("crowd", [4, 1 << 10], ids=["crowds", "no crowds"])
def test_what_comes_again_to_several_places_asks_and_is_told_of_as_at_each_alone(
    crowd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With cases that keep their keys, change them, have none any more, and whose version is older than the last."""
    monkeypatch.setattr(meeting_places, "CROWD", crowd)
    monkeypatch.setattr(meeting_places, "MOST_TOGETHER", 30)
    random = Random(11)
    told: list[tuple[int, int]] = []

    def note(keys: NDArray[np.uint64], sizes: NDArray[np.int64]) -> None:
        told.extend(zip(keys.tolist(), sizes.tolist(), strict=True))

    alone, together = ([LoggedPlace(observer=note) for _ in range(3)] for _ in range(2))
    names = [f"{random.choice('abc')}{at}" for at in range(20)]
    for _ in range(30):
        chunks = [_draw_postings(random, one, random.sample(names, 6)) for one in alone]
        expected = [pairs(one.place.take_postings(*chunk)) for one, chunk in zip(alone, chunks, strict=True)]
        expected_told = sorted(told)
        told.clear()
        posted = [PostingChunk(one.place, *chunk) for one, chunk in zip(together, chunks, strict=True)]
        assert [pairs(found.asks) for found in take_together(posted, PassingScreen())] == expected
        assert sorted(told) == expected_told
        told.clear()
    assert [one.place.counts for one in together] == [one.place.counts for one in alone]
    assert all(one.place.counts.candidates > 100 for one in together)


def _draw_postings(random: Random, one: LoggedPlace, names: Sequence[str]) -> tuple[list[bytes], list[bytes]]:
    found = [one.encode({name: random.sample(range(8), 2)}, random.choice([2, 4, 6])) for name in names]
    cases, values = [case for (case,), _ in found], [value for _, (value,) in found]
    values[0] = encode_empty(4)
    return cases, values


def test_postings_that_meet_very_many_are_taken_a_few_at_a_time_and_ask_for_the_same() -> None:
    chunk = {f"{'abc'[at % 3]}{at}": (1, 2 + at % 2) for at in range(30)}
    expected = sorted(pairs(LoggedPlace().take(chunk)))
    one, screen = LoggedPlace(), PassingScreen()
    cases, values = one.encode(chunk)
    found, steps = set[tuple[bytes, bytes]](), 0
    while cases:
        waiting = PostingChunk(LoggedPlace().place, *LoggedPlace().encode({"a1": (1,)}))
        (taken, other) = take_together([PostingChunk(one.place, cases, values), waiting], screen, most_met=100)
        assert taken.taken >= 1
        assert other.taken in (0, 1)
        found |= {(ask.a, ask.b) for ask in taken.asks}
        cases, values, steps = cases[taken.taken :], values[taken.taken :], steps + 1
    assert sorted(found) == expected
    assert steps > 5


def test_what_is_loaded_asks_for_nothing() -> None:
    one = LoggedPlace()
    posted = [PostedCase(case_id(name), 2, name[0].upper() * 2, (1,)) for name in ("a1", "b1")]
    postings = encode_postings(posted, np.empty((2, 0), np.uint32), 1)
    one.place.load_postings([case.case for case in postings], [case.value for case in postings])
    assert pairs(one.take({"c1": (1,)})) == met("c1", "a1", "b1")


def test_what_is_no_posting_changes_nothing() -> None:
    one = LoggedPlace()
    with pytest.raises(ProtocolError):
        one.place.take_postings([case_id("a1"), case_id("b1")], [encode_empty(2), b"torn"])
    assert find_numbers(one.store, np.frombuffer(case_id("a1"), np.uint8).reshape(1, -1)).tolist() == [2**32 - 1]


def test_a_crowd_is_met_whole_in_bounded_portions(few_together: int) -> None:
    one = LoggedPlace()
    crowd, few = one.fill(100, CROWD_KEY), one.fill(3, OTHER_KEY)
    asks = one.take({"a1": (OTHER_KEY,), "a2": (CROWD_KEY, OTHER_KEY), "a3": (OTHER_KEY,)})
    assert pairs(asks) == met("a1", *few) | met("a2", *crowd, *few) | met("a3", *few)
    assert one.place.counts.candidates == 109
    assert max(one.screen.pairs) <= few_together
    assert sum(one.screen.pairs) == 109, "each pair is screened once"
    assert max(one.store.found) <= 101 + few_together, "of all blocks at once no more than the largest"


def test_who_is_met_under_several_keys_is_met_once(few_together: int) -> None:
    one, keys = LoggedPlace(), tuple(range(1, 31))
    crowd = one.fill(50, *keys)
    assert pairs(one.take({"a1": keys})) == met("a1", *crowd)
    assert one.place.counts.candidates == sum(one.screen.pairs) == 50, "each pair is screened once"
    assert max(one.store.found) <= 51 + few_together


@pytest.mark.usefixtures("few_together")
def test_who_meets_a_crowd_meets_those_of_other_keys_too() -> None:
    """Each once."""
    one = LoggedPlace()
    crowd, few = one.fill(20, CROWD_KEY, OTHER_KEY), one.fill(3, OTHER_KEY + 1)
    one.take({crowd[0]: (CROWD_KEY, OTHER_KEY, OTHER_KEY + 1)})
    keys = (CROWD_KEY, OTHER_KEY, OTHER_KEY + 1)
    one.screen.pairs.clear()
    one.place.counts.candidates = 0
    others = *crowd, *few, "b99"
    assert pairs(one.take({"a1": keys, "a2": keys, "b99": keys})) == met("a1", *others) | met("a2", *others)
    assert one.place.counts.candidates == sum(one.screen.pairs) == 2 * 24, "b99, which is met by both, meets nobody"


@pytest.mark.usefixtures("few_together")
def test_a_crowd_of_ones_own_country_is_not_met() -> None:
    one = LoggedPlace()
    one.fill(40, CROWD_KEY)
    assert one.take({"b99": (CROWD_KEY,)}) == []
    assert sum(one.screen.pairs) == 0


def test_an_empty_store_has_nobody_to_meet() -> None:
    one = LoggedPlace()
    assert one.take({"a1": (CROWD_KEY,), "a2": ()}) == []
    assert one.take({}) == []


def test_one_pair_in_ten_thousand_is_of_the_sample() -> None:
    hashes, numbers = np.arange(200, dtype=np.uint32)[:, None] * np.uint32(7919), np.arange(5000, dtype=np.uint32)
    sampled = meeting_places._is_sampled(hashes, numbers)
    assert 50 < sampled.sum() < 200, "of a million"


@pytest.mark.parametrize("crowd", [2, 1 << 10], ids=["crowd", "no crowd"])
def test_pairs_of_the_sample_are_asked_for_whatever_the_screens_say(
    crowd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meeting_places, "_IN_SAMPLE", np.uint32((1 << 32) - 1))
    monkeypatch.setattr(meeting_places, "CROWD", crowd)
    one = LoggedPlace(closed=True)
    asks = [*one.take({"b1": (1,), "b2": (1,)}), *one.take({"a1": (1,), "a2": (1,)})]
    assert pairs(asks) == met("a1", "b1", "b2") | met("a2", "b1", "b2")
    assert all(ask.sampled for ask in asks)


@pytest.mark.parametrize("seed", range(20))
def test_neither_bounds_nor_order_change_a_link(
    seed: int, case: MakeCase, matcher: Callable[..., Matcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)
    words = ["red", "car", "old", "van"]
    cases = [
        case(
            f"{random.choice('abc')}{at}",
            " ".join(random.sample(words, 3)),
            keys=(CROWD_KEY, *sorted(random.sample(range(10, 20), 2))),
        )
        for at in range(60)
    ]
    expected = find_links(cases, matcher())
    monkeypatch.setattr(meeting_places, "MOST_TOGETHER", random.randrange(1, 40))
    monkeypatch.setattr(meeting_places, "CROWD", random.randrange(1, 40))
    monkeypatch.setattr("pipeline.correlation.batch.TOGETHER", random.randrange(1, 40))
    random.shuffle(cases)
    assert find_links(cases, matcher()) == expected
    assert expected


def test_memory_of_a_case_among_a_crowd_grows_by_its_numbers_alone(case: MakeCase) -> None:
    """Of each of the crowd a few numbers are held at once; sketches and what screening makes of them, of a portion."""
    screen = SmallSketchScreen(load_model(), THRESHOLD)
    sketch = make_sketch((EntityPrint("p1", "person", gender="male"),))
    (row,) = screen.make_sketches([case("a1", "word", sketch=sketch)])
    peaks = []
    for count in (meeting_places.MOST_TOGETHER, 3 * meeting_places.MOST_TOGETHER):
        store = MemoryMeetingStore(SMALL_SKETCH_WORDS)
        place = MeetingPlace(store, PostedSketchScreen(store, screen))
        posted = [PostedCase(case_id(f"b{at}"), 2, "BB", (CROWD_KEY,)) for at in range(count)]
        postings = encode_postings(posted, np.tile(row, (count, 1)), 1)
        place.load_postings([one.case for one in postings], [one.value for one in postings])
        (asking,) = encode_postings([PostedCase(case_id("a1"), 2, "AA", (CROWD_KEY,))], row[None], 1)
        place.load_postings([asking.case], [asking.value])
        tracemalloc.start()
        asks = place.take_postings([asking.case], [asking.value])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert place.counts.candidates == count
        assert len(asks) < count / 100, "strangers"
    assert (peaks[1] - peaks[0]) / (2 * meeting_places.MOST_TOGETHER) < 100, "bytes for each further one of the crowd"


@pytest.mark.usefixtures("few_together")
def test_a_block_is_told_of_by_the_other_cases_in_it() -> None:
    told: list[tuple[int, int]] = []

    def note(keys: NDArray[np.uint64], sizes: NDArray[np.int64]) -> None:
        told.extend(zip(keys.tolist(), sizes.tolist(), strict=True))

    one = LoggedPlace(observer=note)
    one.fill(20, CROWD_KEY)
    one.fill(2, OTHER_KEY)
    told.clear()
    for _ in range(2):  # those that come again are in the block once
        one.take({"a1": (OTHER_KEY, CROWD_KEY, 1), "a2": (OTHER_KEY,)})
        assert sorted(told) == [(CROWD_KEY, 20), (OTHER_KEY, 3), (OTHER_KEY, 3)]
        told.clear()
