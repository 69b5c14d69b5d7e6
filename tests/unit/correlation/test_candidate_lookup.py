"""Whom cases meet: everybody who shares a key, in bounded portions, whatever comes first."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.correlation import candidate_lookup
from pipeline.correlation.candidate_lookup import NOBODY, CandidateLookup, Candidates
from pipeline.correlation.correlator import Correlator
from pipeline.correlation.store import MemoryStore
from pipeline.matching.bounds.sketches import Sketches, make_sketch
from pipeline.matching.fingerprint import EntityPrint, Fingerprint
from pipeline.matching.model import load_model
from pipeline.matching.screening.crowd_screening import CrowdScreen
from pipeline.matching.screening.screening import Screen
from support.matching.sketches import sketch_of

MakeCase = Callable[..., Fingerprint]
CROWD_KEY, OTHER_KEY = 7, 9


class ScreenLog:
    """Lets everything through, and notes how many pairs came at once."""

    def __init__(self) -> None:
        self.pairs: list[int] = []

    def __call__(self, a: Sketches, b: Sketches) -> NDArray[np.bool_]:
        assert len(a.counts) == len(b.counts)
        self.pairs.append(len(a.counts))
        return np.ones(len(a.counts), np.bool_)


def leave_all(some: Sketches, crowd: Sketches) -> NDArray[np.bool_]:
    """A first look at a crowd that rules nobody out."""
    return np.ones((len(some.counts), len(crowd.counts)), np.bool_)


class EntryLog(MemoryStore):
    """A store that notes how many entries were found at once."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[int] = []

    def find_entries(self, keys: Sequence[Sequence[int]]) -> tuple[NDArray[np.void], NDArray[np.int64]]:
        entries, asking = super().find_entries(keys)
        self.found.append(len(entries))
        return entries, asking


@pytest.fixture
def few_together(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(candidate_lookup, "MOST_TOGETHER", 8)
    monkeypatch.setattr(candidate_lookup, "CROWD", 8)
    return 8


def fill(store: MemoryStore, case: MakeCase, count: int, *keys: int, sketch: bytes = b"") -> list[int]:
    """Hold cases of the country BB under some keys."""
    numbers = []
    for at in range(count):
        numbers.append(store.put_case(case(f"b{at}", "word", sketch=sketch), None))
        store.list_under_keys(numbers[-1], keys)
    return numbers


def test_a_crowd_is_met_whole_in_bounded_portions(case: MakeCase, few_together: int) -> None:
    store, screen = EntryLog(), ScreenLog()
    crowd, few = fill(store, case, 100, CROWD_KEY), fill(store, case, 3, OTHER_KEY)
    lookup = CandidateLookup(store, within=False, screen=screen, screen_crowd=leave_all, observer=None)
    asking = [case(f"a{at}", "word") for at in range(3)]
    found = lookup(asking, [(OTHER_KEY,), (CROWD_KEY, OTHER_KEY), (OTHER_KEY,)])
    assert [one.numbers for one in found] == [few, sorted(crowd + few), few]
    assert [one.met for one in found] == [3, 103, 3]
    assert max(screen.pairs) <= few_together
    assert sum(screen.pairs) == 109, "each pair is screened once"
    assert max(store.found) <= 100 + few_together, "of all blocks at once no more than the largest"


def test_who_is_met_under_several_keys_is_met_once(case: MakeCase, few_together: int) -> None:
    store, screen = EntryLog(), ScreenLog()
    keys = tuple(range(1, 31))
    crowd = fill(store, case, 50, *keys)
    (found,) = CandidateLookup(store, within=False, screen=screen, screen_crowd=leave_all, observer=None)(
        [case("a1", "word")], [keys]
    )
    assert (found.numbers, found.met) == (sorted(crowd), 50)
    assert sum(screen.pairs) == 50, "all values in common, and each pair is screened once"
    assert max(store.found) <= 50 + few_together


def test_who_meets_a_crowd_meets_those_of_other_keys_too(case: MakeCase, few_together: int) -> None:
    """Each once, whether the first look leaves them or not; those that it rules out are met all the same."""
    store, screen, looks = MemoryStore(), ScreenLog(), list[tuple[int, int]]()
    crowd, few = fill(store, case, 20, CROWD_KEY, OTHER_KEY), fill(store, case, 3, OTHER_KEY + 1)
    store.list_under_keys(crowd[0], (OTHER_KEY + 1,))

    def look(some: Sketches, held: Sketches) -> NDArray[np.bool_]:
        looks.append((len(some.counts), len(held.counts)))
        return np.zeros((len(some.counts), len(held.counts)), np.bool_)

    keys = (CROWD_KEY, OTHER_KEY, OTHER_KEY + 1)
    lookup = CandidateLookup(store, within=False, screen=screen, screen_crowd=look, observer=None)
    found = lookup([case("a1", "word"), case("a2", "word"), case("b99", "word")], [keys, keys, keys])
    assert found == [Candidates(few, 23), Candidates(few, 23), NOBODY]
    assert looks == [(2, 8), (2, 8), (2, 4)], "as many at once as have few others in all, but who meets nobody"
    assert sum(screen.pairs) == 6


def test_a_crowd_of_ones_own_country_is_not_met(case: MakeCase, few_together: int) -> None:
    store, screen = EntryLog(), ScreenLog()
    fill(store, case, 40, CROWD_KEY)
    looks: list[tuple[int, int]] = []

    def look(some: Sketches, held: Sketches) -> NDArray[np.bool_]:
        looks.append((len(some.counts), len(held.counts)))
        return leave_all(some, held)

    lookup = CandidateLookup(store, within=False, screen=screen, screen_crowd=look, observer=None)
    assert lookup([case("b99", "word")], [(CROWD_KEY,)]) == [NOBODY]
    assert (screen.pairs, looks) == ([], [])
    stranger = store.put_case(case("c1", "word"), None)
    store.list_under_keys(stranger, (CROWD_KEY,))
    assert lookup([case("b99", "word")], [(CROWD_KEY,)]) == [Candidates([stranger], 1)]
    assert (screen.pairs, looks) == ([1], [(1, 1)]), "none of its own country is looked at"
    looks.clear()
    lookup([case("b99", "word"), case("d1", "word")], [(CROWD_KEY,)] * 2)
    assert sorted(looks) == [(1, 8)] * 5 + [(2, 1)]


def test_an_empty_store_has_nobody_to_meet(case: MakeCase) -> None:
    lookup = CandidateLookup(MemoryStore(), within=False, screen=ScreenLog(), screen_crowd=leave_all, observer=None)
    assert lookup([case("a1", "word"), case("a2", "word")], [(CROWD_KEY,), ()]) == [NOBODY, NOBODY]
    assert lookup([], []) == []


def test_cases_that_come_together_are_screened_together(case: MakeCase) -> None:
    screen = ScreenLog()
    lookup = CandidateLookup(MemoryStore(), within=False, screen=screen, screen_crowd=leave_all, observer=None)
    coming = [case("a1", "w"), case("b1", "w"), case("a2", "w"), case("b2", "w")]
    assert lookup.each_other(coming, [(1, 2), (2,), (1, 2), (3,)]) == {1: [0], 2: [1]}
    assert screen.pairs == [2], "those of one country are not"


def test_what_comes_together_is_ruled_out_by_the_screen_too(
    correlator: Callable[..., Correlator], case: MakeCase
) -> None:
    one, sketch = correlator(), sketch_of("")
    coming = [case(f"{'ab'[at % 2]}{at}", "red car", sketch=sketch) for at in range(6)]
    assert list(one.receive_all([*coming, case("c1", "red car")]))[:6] == [[]] * 6
    assert one.counts.judged == 6, "c1 alone has no sketch"


def test_one_pair_in_ten_thousand_is_of_the_sample() -> None:
    hashes, numbers = np.arange(200, dtype=np.uint32)[:, None] * np.uint32(7919), np.arange(5000, dtype=np.uint32)
    sampled = candidate_lookup._is_sampled(hashes, numbers)
    assert 50 < sampled.sum() < 200, "of a million"


@pytest.mark.parametrize("crowd", [2, 1 << 10], ids=["crowd", "no crowd"])
def test_pairs_of_the_sample_are_held_to_the_bound_whatever_the_screens_say(
    crowd: int, correlator: Callable[..., Correlator], case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The matcher of words rules out pairs whose cases both have sketches, though two words in common make a link."""
    monkeypatch.setattr(candidate_lookup, "_IN_SAMPLE", np.uint32((1 << 32) - 1))
    monkeypatch.setattr(candidate_lookup, "CROWD", crowd)
    one, sketch = correlator(), sketch_of("")
    one.receive(case("b1", "red car", sketch=sketch))
    one.receive(case("b2", "red boat", sketch=sketch))
    one.receive(case("a1", "red plane"))
    assert one.receive(case("a2", "red car", sketch=sketch)) == [], "nothing is claimed of what a screen rules out"
    assert (one.counts.bounds_checked, one.counts.bounds_exceeded) == (4, 1), "b1 with a1 and a2, b2 likewise"


def test_memory_of_a_case_among_a_crowd_grows_by_its_numbers_alone(case: MakeCase) -> None:
    """Of each of the crowd a few numbers are held at once; sketches and what screening makes of them, of a portion."""
    sketch = make_sketch((EntityPrint("p1", "person", gender="male"),))
    asking, screen = case("a1", "word", sketch=sketch), Screen(load_model(), 0.5)
    look = CrowdScreen(load_model(), 0.5)
    peaks = []
    for count in (candidate_lookup.MOST_TOGETHER, 3 * candidate_lookup.MOST_TOGETHER):
        store = MemoryStore()
        fill(store, case, count, CROWD_KEY, sketch=sketch)
        lookup = CandidateLookup(store, within=False, screen=screen, screen_crowd=look, observer=None)
        tracemalloc.start()
        (found,) = lookup([asking], [(CROWD_KEY,)])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.met == count
    assert (peaks[1] - peaks[0]) / (2 * candidate_lookup.MOST_TOGETHER) < 100, "bytes for each further one of the crowd"


def test_a_block_is_told_of_by_its_size(case: MakeCase, few_together: int) -> None:
    store, told = MemoryStore(), list[tuple[int, int]]()
    fill(store, case, 20, CROWD_KEY)
    fill(store, case, 2, OTHER_KEY)

    def note(keys: NDArray[np.uint64], sizes: NDArray[np.int64]) -> None:
        told.extend(zip(keys.tolist(), sizes.tolist(), strict=True))

    CandidateLookup(store, within=False, screen=ScreenLog(), screen_crowd=leave_all, observer=note)(
        [case("a1", "word"), case("a2", "word")], [(OTHER_KEY, CROWD_KEY), (OTHER_KEY,)]
    )
    assert sorted(told) == [(CROWD_KEY, 20), (OTHER_KEY, 2), (OTHER_KEY, 2)]
