"""One contract for every block store: the one in memory must not drift from the one on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.correlation.lmdb_store import LmdbStore
from pipeline.correlation.store import BlockStore, MemoryStore, StoreFullError, same_country
from pipeline.correlation.store_file import NO_OFFSET, Identity
from pipeline.matching.fingerprint import Contact, EntityPrint, Fingerprint, Handling, PhonePrint

IDENTITY = Identity("cluster", "topic", 0, "generation")


def on_disk(folder: Path) -> LmdbStore:
    """With a map and a cache so small that both overflow within a test."""
    return LmdbStore(folder / "store", IDENTITY, map_size=1 << 16, cache_bytes=4096)


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


def test_a_new_store_holds_nothing(store: BlockStore) -> None:
    assert store.offset == NO_OFFSET
    assert store.find("a:1") is None
    assert list(store.block(7)) == []
    assert list(store.followed(7)) == []


def test_a_record_comes_back_whole(store: BlockStore, settle: Callable[[], None]) -> None:
    number = store.put(fingerprint("a:1"))
    settle()
    assert store.find("a:1") == number
    assert store.record(number).fingerprint == fingerprint("a:1")
    assert tuple(store.record(number).keys) == (3, 2**53 - 1)


def test_a_later_version_takes_the_place_and_the_number(store: BlockStore, settle: Callable[[], None]) -> None:
    number = store.put(fingerprint("a:1"))
    settle()
    assert store.record(number).fingerprint.version == 1
    assert store.put(fingerprint("a:1", 2, keys=())) == number
    settle()
    assert store.record(number).fingerprint == fingerprint("a:1", 2, keys=())
    assert tuple(store.record(number).keys) == ()


def test_case_numbers_tell_countries_apart(store: BlockStore) -> None:
    french, belgian, also_french, nowhere, also_nowhere = (
        store.put(fingerprint(case, country=country))
        for case, country in (("a:1", "FR"), ("b:1", "BE"), ("c:1", "FR"), ("d:1", ""), ("e:1", ""))
    )
    assert len({french, belgian, also_french, nowhere, also_nowhere}) == 5
    assert same_country(french, also_french)
    assert not same_country(french, belgian)
    assert not same_country(nowhere, also_nowhere), "what is not known must be read"


def test_blocks_list_each_case_once(store: BlockStore, settle: Callable[[], None]) -> None:
    one, two = store.put(fingerprint("a:1")), store.put(fingerprint("b:1"))
    for number in (one, two, one):
        store.enlist(3, number)
    settle()
    store.enlist(3, two)
    assert sorted(store.block(3)) == sorted((one, two))
    store.delist(3, one)
    store.delist(3, one)
    store.delist(4, one)
    settle()
    assert list(store.block(3)) == [two]
    assert list(store.block(4)) == []


def test_an_emptied_block_can_be_filled_again(store: BlockStore, settle: Callable[[], None]) -> None:
    number = store.put(fingerprint("a:1"))
    store.enlist(3, number)
    settle()
    store.delist(3, number)
    settle()
    assert list(store.block(3)) == []
    store.enlist(3, number)
    settle()
    assert list(store.block(3)) == [number]


def test_links_are_followed_from_both_sides(store: BlockStore, settle: Callable[[], None]) -> None:
    one, two, three = (store.put(fingerprint(case)) for case in ("a:1", "b:1", "c:1"))
    store.follow(one, two)
    store.follow(two, one)
    store.follow(three, one)
    settle()
    assert sorted(store.followed(one)) == sorted((two, three))
    assert list(store.followed(two)) == [one]
    store.unfollow(two, one)
    store.unfollow(two, three)
    settle()
    assert list(store.followed(one)) == [three]
    assert list(store.followed(two)) == []


def test_followed_may_be_changed_while_it_is_read(store: BlockStore) -> None:
    one, two, three = (store.put(fingerprint(case)) for case in ("a:1", "b:1", "c:1"))
    store.follow(one, two)
    store.follow(one, three)
    for other in store.followed(one):
        store.unfollow(one, other)
    assert list(store.followed(one)) == []


def test_the_offset_is_that_of_the_last_commit(store: BlockStore) -> None:
    store.put(fingerprint("a:1"))
    assert store.offset == NO_OFFSET
    store.commit(41)
    store.put(fingerprint("b:1"))
    assert store.offset == 41
    store.commit(42)
    store.sync()
    assert store.offset == 42


def test_many_records_outgrow_map_and_cache(store: BlockStore) -> None:
    numbers = {}
    for chunk in range(20):
        for case in (f"a:{chunk}-{i}" for i in range(50)):
            numbers[case] = store.put(fingerprint(case, country="FR" if chunk % 2 else "BE", keys=(chunk,)))
            store.enlist(chunk, numbers[case])
        store.commit(chunk)
    for case, number in numbers.items():
        assert store.find(case) == number
        assert store.record(number).fingerprint.case == case
    assert all(len(store.block(chunk)) == 50 for chunk in range(20))


def test_a_full_store_says_so(store: BlockStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.correlation.store.MAX_CASES", 2)
    store.put(fingerprint("a:1"))
    store.put(fingerprint("a:2"))
    with pytest.raises(StoreFullError, match="block_partitions"):
        store.put(fingerprint("a:3"))
    store.put(fingerprint("a:2", 2))
