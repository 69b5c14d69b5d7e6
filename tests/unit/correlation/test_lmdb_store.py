"""What only the store on disk promises; the rest is tests/contract/test_block_store.py."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from pipeline.correlation.lmdb_store import LmdbStore
from pipeline.correlation.store_file import NO_OFFSET, StoreIdentity
from pipeline.matching.fingerprint import EntityPrint, Fingerprint
from support.matching.sketches import sketch_of

IDENTITY = StoreIdentity("cluster", "topic", 0, "generation")
CASE = Fingerprint("a:1", 1, "hash", "fr-pj", "FR", keys=(7,), sketch=sketch_of("sketched"))


def filled(folder: Path) -> LmdbStore:
    store = LmdbStore(folder, IDENTITY, boot="boot 1")
    one, two = store.put_case(CASE, None), store.put_case(msgspec.structs.replace(CASE, case="b:1", country="BE"), None)
    store.list_under_keys(one, [7])
    store.follow_link(one, two)
    store.commit(5)
    return store


def crashed(store: LmdbStore) -> None:
    """End as a killed process does: nothing is marked as clean."""
    store._file.reader.abort()
    store._file._environment.close()
    assert store._file._lock
    store._file._lock.close()


def test_everything_committed_is_there_after_a_clean_close(tmp_path: Path) -> None:
    filled(tmp_path).close()
    store = LmdbStore(tmp_path, IDENTITY, boot="boot 2")
    number = store.find_cases(["a:1"])["a:1"]
    assert number is not None
    assert store.offset == 5
    assert store.get_case(number).fingerprint == msgspec.structs.replace(CASE, sketch=b"")
    assert store.find_entries([[7]])[0].tolist() == [(7, number)]
    assert store.sketches.get_sketches(np.array([0, 1])).words.tobytes().startswith(CASE.sketch)
    assert list(store.followed_links(number)) == [store.find_cases(["b:1"])["b:1"]]
    later = store.put_case(msgspec.structs.replace(CASE, case="c:1"), None)
    assert later not in (number, store.find_cases(["b:1"])["b:1"]), "numbers go on"
    store.close()


def test_how_many_records_it_stands_for_is_that_of_the_last_commit(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.records += 3
    store.commit(9)
    store.records += 2
    crashed(store)
    store = LmdbStore(tmp_path, IDENTITY, boot="boot 1")
    assert (store.offset, store.records) == (9, 3)
    store.close()


def test_a_crash_of_the_process_loses_only_what_was_not_committed(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.put_case(msgspec.structs.replace(CASE, case="c:1"), None)
    crashed(store)
    store = LmdbStore(tmp_path, IDENTITY, boot="boot 1")
    assert store.offset == 5
    assert "a:1" in store.find_cases(["a:1"])
    assert store.find_cases(["c:1"]) == {}
    store.put_case(msgspec.structs.replace(CASE, case="d:1"), None)
    store.commit(6)
    store.close()


def test_a_close_drops_what_was_not_committed(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.put_case(msgspec.structs.replace(CASE, case="c:1"), None)
    store.close()
    store.close()
    store = LmdbStore(tmp_path, IDENTITY)
    assert store.find_cases(["c:1"]) == {}
    store.close()


@pytest.mark.parametrize(
    "other",
    [
        StoreIdentity("another cluster", "topic", 0, "generation"),
        StoreIdentity("cluster", "another topic", 0, "generation"),
        StoreIdentity("cluster", "topic", 1, "generation"),
        StoreIdentity("cluster", "topic", 0, "another generation"),
        StoreIdentity("cluster", "topic", 0, "generation", format=0),
    ],
)
def test_a_store_of_another_identity_must_be_rebuilt(tmp_path: Path, other: StoreIdentity) -> None:
    filled(tmp_path).close()
    store = LmdbStore(tmp_path, other, boot="boot 1")
    assert store.offset == NO_OFFSET
    assert store.find_cases(["a:1"]) == {}
    store.close()


@pytest.mark.parametrize("boot", ["boot 2", ""])
def test_after_a_crash_of_the_machine_the_store_must_be_rebuilt(tmp_path: Path, boot: str) -> None:
    crashed(filled(tmp_path))
    store = LmdbStore(tmp_path, IDENTITY, boot=boot)
    assert store.offset == NO_OFFSET
    assert store.find_cases(["a:1"]) == {}
    store.close()


def test_a_rebuild_that_did_not_end_starts_again(tmp_path: Path) -> None:
    store = LmdbStore(tmp_path, IDENTITY)
    store.put_case(CASE, None)
    store.commit(NO_OFFSET)
    store.close()
    store = LmdbStore(tmp_path, IDENTITY)
    assert store.find_cases(["a:1"]) == {}
    store.close()


def test_a_file_that_is_no_store_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "data.mdb").write_bytes(b"torn" * 4096)
    store = LmdbStore(tmp_path, IDENTITY)
    assert store.offset == NO_OFFSET
    store.close()


def test_lists_that_changed_often_take_no_more_room_once_opened_again(tmp_path: Path) -> None:
    store = filled(tmp_path)
    for turn in range(5):
        store.unlist_from_keys(0, [7])
        store.list_under_keys(0, [7])
        store.commit(6 + turn)
    listed = store.find_entries([[7]])[0].tolist()
    store.close()
    for _ in range(2):
        store = LmdbStore(tmp_path, IDENTITY)
        assert store.offset == 10
        assert store.find_entries([[7]])[0].tolist() == listed
        [page] = [bytes(page) for page in store._read_pages("listed")]
        assert len(page) == 12 * (len(listed) + 2), "and both cases by name"
        store.close()


def test_after_a_machine_crash_a_store_that_was_once_closed_cleanly_is_rebuilt_as_well(tmp_path: Path) -> None:
    filled(tmp_path).close()
    store = LmdbStore(tmp_path, IDENTITY, boot="boot 1")
    store.commit(6)
    crashed(store)
    store = LmdbStore(tmp_path, IDENTITY, boot="boot 2")
    assert store.offset == NO_OFFSET
    store.close()


def test_once_it_is_time_nothing_of_a_withdrawn_case_is_on_disk(tmp_path: Path) -> None:
    store = LmdbStore(tmp_path, IDENTITY)
    named = msgspec.structs.replace(CASE, entities=(EntityPrint("p1", "person", emails=("canary@example.org",)),))
    number = store.put_case(named, None)
    other = store.put_case(msgspec.structs.replace(CASE, case="b:1"), None)
    store.commit(1)
    store.compact(0)
    store.put_case(Fingerprint("a:1", 2, "", "fr-pj", "FR", withdrawn=True), number)
    store.commit(2)
    store.compact(3600)
    assert b"canary" in (tmp_path / "data.mdb").read_bytes(), "not yet"
    store.compact(0)
    assert b"canary" not in (tmp_path / "data.mdb").read_bytes()
    assert store.get_case(other).fingerprint.case == "b:1"
    assert store.get_case(number).fingerprint.withdrawn
    store.close()


def test_cases_whose_names_have_one_hash_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.correlation.lmdb_store.hash_value", lambda name: 7)
    store = filled(tmp_path)
    assert store.find_cases(["c:1", "b:1", "a:1"]) == {"a:1": 1 << 24, "b:1": (2 << 24) + 1}
    assert len(store.find_entries([[7]])[0]) == 1, "a name is no blocking key"
    store.close()
