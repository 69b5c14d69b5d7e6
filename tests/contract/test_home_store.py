"""One contract for every store of a home: the one in memory must not drift from the one on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.correlation.home_store import FINGERPRINTS, HomeStore, LmdbHomeStore, MemoryHomeStore, SourcePosition
from pipeline.correlation.protocol import CaseVersion, case_id
from pipeline.correlation.store_file import StoreIdentity
from pipeline.matching.fingerprint import Fingerprint

IDENTITY = StoreIdentity("cluster", "topic", 0, "generation")
A, B, C = sorted(case_id(name) for name in ("a:1", "b:1", "c:1"))


def on_disk(folder: Path) -> LmdbHomeStore:
    """With a map so small that it overflows within a test."""
    return LmdbHomeStore(folder / "store", IDENTITY, map_size=1 << 16)


@pytest.fixture(params=["memory", "lmdb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HomeStore]:
    made: HomeStore = MemoryHomeStore() if request.param == "memory" else on_disk(tmp_path)
    yield made
    made.close()


@pytest.fixture(params=["before commit", "after commit"])
def settle(request: pytest.FixtureRequest, store: HomeStore) -> Callable[[], None]:
    """Called between a change and a look at it: both must show the same."""
    return (lambda: store.commit({})) if request.param == "after commit" else (lambda: None)


def version_of(case: str, version: int = 1) -> CaseVersion:
    return CaseVersion(Fingerprint(case, version, f"hash of {version}", "fr-pj", "FR", keys=(3, 2**53 - 1)))


def test_a_new_store_knows_nothing(store: HomeStore) -> None:
    assert (store.positions, store.rebuilt, store.behind) == ({}, False, False)
    assert store.get_versions([A]) == {}
    assert store.get_watching([A]) == store.get_followed([A]) == [[]]


def test_a_version_comes_back_whole(store: HomeStore, settle: Callable[[], None]) -> None:
    store.put_versions({A: version_of("a:1"), B: version_of("b:1", 7)})
    settle()
    found = store.get_versions([B, C, A])
    assert found.keys() == {A, B}
    assert found[B].order == 14
    assert found[A].encoded == version_of("a:1").encoded
    assert found[B].fingerprint == version_of("b:1", 7).fingerprint


def test_a_later_version_takes_the_place(store: HomeStore, settle: Callable[[], None]) -> None:
    for version in (1, 2):
        store.put_versions({A: version_of("a:1", version), C: version_of("c:1", version)})
        settle()
    store.put_versions({B: version_of("b:1")})
    settle()
    assert [version.order for version in store.get_versions([A, B, C]).values()] == [4, 2, 4]


@pytest.mark.parametrize("watching", [False, True])
def test_who_watches_and_what_is_followed_is_what_was_said_last(
    store: HomeStore, settle: Callable[[], None], *, watching: bool
) -> None:
    def set_member(member: bytes, of: bytes, *, on: bool) -> None:
        if watching:
            store.set_watching(member, of, on)
        else:
            store.set_followed(of, member, on)

    def members() -> list[list[bytes]]:
        found = (store.get_watching if watching else store.get_followed)([C, A, B])
        return [list(some) for some in found]

    for member, on in ((A, True), (B, True), (A, True), (C, False)):
        set_member(member, C, on=on)
        settle()
    assert members() == [[A, B], [], []]
    set_member(A, C, on=False)
    set_member(A, B, on=True)
    settle()
    assert members() == [[B], [], [A]]
    set_member(B, C, on=False)
    settle()
    assert members() == [[], [], [A]]


def test_what_is_followed_and_who_watches_are_two_things(store: HomeStore, settle: Callable[[], None]) -> None:
    store.set_watching(A, B, True)
    store.set_followed(A, C, True)
    settle()
    assert (store.get_watching([A, B, C]), store.get_followed([A, B, C])) == ([[], [A], []], [[C], [], []])


def test_the_positions_are_those_of_the_last_commit(store: HomeStore) -> None:
    for offset in (5, 9):
        store.commit({FINGERPRINTS: SourcePosition(offset, offset - 1), "pairs": SourcePosition(2, 2)})
        assert store.positions == {FINGERPRINTS: (offset, offset - 1), "pairs": (2, 2)}


def test_many_records_outgrow_the_map(store: HomeStore) -> None:
    names = [f"a:{number}" for number in range(2000)]
    for start in range(0, len(names), 500):
        store.put_versions({case_id(name): version_of(name) for name in names[start : start + 500]})
        for name in names[start : start + 500]:
            store.set_watching(A, case_id(name), True)
        store.commit({FINGERPRINTS: SourcePosition(start)})
    found = store.get_versions([case_id(name) for name in names])
    assert [version.fingerprint.case for version in found.values()] == names
    assert store.get_watching([case_id(names[7])]) == [[A]]
