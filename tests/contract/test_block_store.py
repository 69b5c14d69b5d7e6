"""One contract for every block store: the one in memory must not drift from the one on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import msgspec
import numpy as np
import pytest

from pipeline.correlation.lmdb_store import LmdbStore
from pipeline.correlation.store import (
    SEQUENCE_BITS,
    UNKNOWN_COUNTRY,
    BlockStore,
    MemoryStore,
    StoreFullError,
    sequence_of,
)
from pipeline.correlation.store_file import NO_OFFSET, StoreIdentity
from pipeline.matching.encoded import ROW_WORDS
from pipeline.matching.fingerprint import Contact, EntityPrint, Fingerprint, Handling, PhonePrint
from support.matching.sketches import sketch_of

IDENTITY = StoreIdentity("cluster", "topic", 0, "generation")


def on_disk(folder: Path) -> LmdbStore:
    """With a map so small that it overflows within a test."""
    return LmdbStore(folder / "store", IDENTITY, map_size=1 << 16)


@pytest.fixture(params=["memory", "lmdb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlockStore]:
    made: BlockStore = MemoryStore() if request.param == "memory" else on_disk(tmp_path)
    yield made
    made.close()


@pytest.fixture(params=["before commit", "after commit"])
def settle(request: pytest.FixtureRequest, store: BlockStore) -> Callable[[], None]:
    """Called between a change and a look at it: both must show the same."""
    return (lambda: store.commit(1)) if request.param == "after commit" else (lambda: None)


def fingerprint(
    case: str, version: int = 1, country: str = "FR", keys: tuple[int, ...] = (3, 2**53 - 1)
) -> Fingerprint:
    return Fingerprint(
        case,
        version,
        f"hash of {case} {version}",
        "fr-pj",
        country,
        handling=Handling("H1", ("BE",), ("correlation",), "caveat"),
        contact=Contact("unit"),
        keys=keys,
        entities=(EntityPrint("p1", "person", phones=(PhonePrint("+33612345678", "612345678"),)),),
    )


def hold(store: BlockStore, held: Fingerprint) -> int:
    return store.put_case(held, store.find_cases([held.case]).get(held.case))


def listed(store: BlockStore, *keys: int) -> list[tuple[int, int]]:
    return sorted(store.find_entries([keys])[0].tolist())


def test_a_new_store_holds_nothing(store: BlockStore) -> None:
    assert store.offset == NO_OFFSET
    assert store.find_cases(["a:1"]) == {}
    assert listed(store, 7) == []
    assert list(store.followed_links(7)) == []


def test_a_record_comes_back_whole(store: BlockStore, settle: Callable[[], None]) -> None:
    number = hold(store, fingerprint("a:1"))
    settle()
    assert store.find_cases(["b:1", "a:1"]) == {"a:1": number}
    assert store.get_case(number).fingerprint == fingerprint("a:1")
    assert tuple(store.get_case(number).keys) == (3, 2**53 - 1)


def test_a_later_version_takes_the_place_and_the_number(store: BlockStore, settle: Callable[[], None]) -> None:
    number = hold(store, fingerprint("a:1"))
    settle()
    assert store.get_case(number).fingerprint.version == 1
    assert hold(store, fingerprint("a:1", 2, keys=())) == number
    settle()
    assert store.get_case(number).fingerprint == fingerprint("a:1", 2, keys=())
    assert tuple(store.get_case(number).keys) == ()


def test_case_numbers_tell_countries_apart(store: BlockStore) -> None:
    french, belgian, also_french, nowhere, also_nowhere = (
        hold(store, fingerprint(case, country=country))
        for case, country in (("a:1", "FR"), ("b:1", "BE"), ("c:1", "FR"), ("d:1", ""), ("e:1", ""))
    )
    assert len({french, belgian, also_french, nowhere, also_nowhere}) == 5
    bytes_of = [number >> SEQUENCE_BITS for number in (french, belgian, nowhere)]
    assert bytes_of == [store.country_byte("FR"), store.country_byte("BE"), UNKNOWN_COUNTRY]
    assert bytes_of[0] != bytes_of[1]
    assert also_french >> SEQUENCE_BITS == bytes_of[0]
    assert also_nowhere >> SEQUENCE_BITS == UNKNOWN_COUNTRY


def test_blocks_list_each_case_once(store: BlockStore, settle: Callable[[], None]) -> None:
    one, two = hold(store, fingerprint("a:1")), hold(store, fingerprint("b:1"))
    for number in (one, two, one):
        store.list_under_keys(number, (3, 5))
    settle()
    store.list_under_keys(two, [3])
    assert listed(store, 3) == sorted([(3, one), (3, two)])
    store.unlist_from_keys(one, [3, 4])
    store.unlist_from_keys(one, [3])
    settle()
    assert listed(store, 3, 4) == [(3, two)]
    assert listed(store, 4, 5, 3) == sorted([(3, two), (5, one), (5, two)])


def test_entries_come_by_case_and_key(store: BlockStore, settle: Callable[[], None]) -> None:
    keys = (9, 2**53 - 1, 3)
    for case in "abc":
        store.list_under_keys(hold(store, fingerprint(f"{case}:1")), keys)
        settle()
    entries, cases = store.find_entries([keys, (), keys[:1]])
    found = entries["key"].tolist()
    assert cases.tolist() == [0] * 9 + [2] * 3
    assert sorted(found) == sorted(keys * 3 + keys[:1] * 3)
    assert len(list(groupby(found[:9]))) == len(keys), "a key's entries lie together"


def test_entries_are_counted_without_finding_them(store: BlockStore, settle: Callable[[], None]) -> None:
    assert store.count_entries([]).tolist() == []
    assert store.count_entries([3]).tolist() == [0]
    for at in range(100):
        store.list_under_keys(hold(store, fingerprint(f"a:{at}")), (3,) if at else (3, 2**53 - 1))
        settle()
    counted = store.count_entries([3, 2**53 - 1, 1 << 47])
    assert counted[0] >= 100
    assert counted[1] >= 1
    assert counted.sum() < 130, "of others few more"


def test_an_emptied_block_can_be_filled_again(store: BlockStore, settle: Callable[[], None]) -> None:
    number = hold(store, fingerprint("a:1"))
    store.list_under_keys(number, [3])
    settle()
    store.unlist_from_keys(number, [3])
    settle()
    assert listed(store, 3) == []
    store.list_under_keys(number, [3])
    settle()
    assert listed(store, 3) == [(3, number)]


def test_sketches_are_those_of_the_last_versions(store: BlockStore, settle: Callable[[], None]) -> None:
    held: dict[str, bytes] = {}
    for version, rows in enumerate((1, 2, 0, 1, 15), start=1):
        for case in ("a:1", "b:1", "c:1"):
            held[case] = sketch_of(f"{case} {version}", rows)
            hold(store, msgspec.structs.replace(fingerprint(case, version), sketch=held[case]))
        settle()
    numbers = np.array([sequence_of(store.find_cases([case])[case]) for case in held], np.uint32)
    words, starts, counts, _ = store.sketches.get_sketches(numbers)
    kept = [
        words[start - 1 : start + ROW_WORDS * count].tobytes() if count else b""
        for start, count in zip(starts.tolist(), counts.tolist(), strict=True)
    ]
    assert kept == list(held.values())


def test_links_are_followed_from_both_sides(store: BlockStore, settle: Callable[[], None]) -> None:
    one, two, three = (hold(store, fingerprint(case)) for case in ("a:1", "b:1", "c:1"))
    store.follow_link(one, two)
    store.follow_link(two, one)
    store.follow_link(three, one)
    settle()
    assert sorted(store.followed_links(one)) == sorted((two, three))
    assert list(store.followed_links(two)) == [one]
    store.unfollow_link(two, one)
    store.unfollow_link(two, three)
    settle()
    assert list(store.followed_links(one)) == [three]
    assert list(store.followed_links(two)) == []


def test_followed_may_be_changed_while_it_is_read(store: BlockStore) -> None:
    one, two, three = (hold(store, fingerprint(case)) for case in ("a:1", "b:1", "c:1"))
    store.follow_link(one, two)
    store.follow_link(one, three)
    for other in store.followed_links(one):
        store.unfollow_link(one, other)
    assert list(store.followed_links(one)) == []


def test_the_offset_is_that_of_the_last_commit(store: BlockStore) -> None:
    hold(store, fingerprint("a:1"))
    assert store.offset == NO_OFFSET
    store.commit(41)
    hold(store, fingerprint("b:1"))
    assert store.offset == 41
    store.commit(42)
    store.sync()
    assert store.offset == 42


def test_many_records_outgrow_the_map(store: BlockStore) -> None:
    numbers = {}
    for chunk in range(20):
        for case in (f"a:{chunk}-{i}" for i in range(50)):
            numbers[case] = hold(store, fingerprint(case, country="FR" if chunk % 2 else "BE", keys=(chunk,)))
            store.list_under_keys(numbers[case], [chunk])
        store.commit(chunk)
    for case, number in numbers.items():
        assert store.find_cases([case]) == {case: number}
        assert store.get_case(number).fingerprint.case == case
    assert len(store.find_entries([range(20)])[0]) == 20 * 50


def test_a_full_store_says_so(store: BlockStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.correlation.store.MAX_CASES", 2)
    hold(store, fingerprint("a:1"))
    hold(store, fingerprint("a:2"))
    with pytest.raises(StoreFullError, match="block_partitions"):
        hold(store, fingerprint("a:3"))
    hold(store, fingerprint("a:2", 2))
