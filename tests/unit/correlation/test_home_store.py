"""What only the store on disk promises; the rest is tests/contract/test_home_store.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.correlation.home_store import FINGERPRINTS, LmdbHomeStore, SourcePosition
from pipeline.correlation.protocol import CaseVersion, case_id
from pipeline.correlation.store_file import StoreIdentity
from pipeline.matching.fingerprint import EntityPrint, Fingerprint
from support.correlation.store_content import read_content

IDENTITY = StoreIdentity("cluster", "topic", 0, "generation")
A, B = case_id("a:1"), case_id("b:1")
NAMED = Fingerprint("a:1", 1, "hash", "fr-pj", "FR", entities=(EntityPrint("p1", "person", emails=("canary@x.org",)),))
AT = {FINGERPRINTS: SourcePosition(5, 4), "watches": SourcePosition(2, 1)}


def filled(folder: Path) -> LmdbHomeStore:
    store = LmdbHomeStore(folder, IDENTITY, boot="boot 1")
    store.put_versions({A: CaseVersion(NAMED)})
    store.set_watching(B, A, True)
    store.set_followed(A, B, True)
    store.rebuilt = True
    store.commit(AT)
    return store


def crash(store: LmdbHomeStore) -> None:
    """End as a killed process does: nothing is marked as clean."""
    store._file.reader.abort()
    store._file._environment.close()
    assert store._file._lock
    store._file._lock.close()


def test_everything_committed_is_there_after_a_clean_close(tmp_path: Path) -> None:
    filled(tmp_path).close()
    store = LmdbHomeStore(tmp_path, IDENTITY, boot="boot 2")
    assert (store.positions, store.rebuilt, store.behind) == (AT, True, False)
    assert store.get_versions([A])[A].fingerprint == NAMED
    assert (store.get_watching([A]), store.get_followed([A])) == ([[B]], [[B]])
    store.put_versions({B: CaseVersion(Fingerprint("b:1", 1, "", "fr-pj", "FR"))})
    store.commit(AT)
    assert store.get_versions([A, B])[A].fingerprint == NAMED, "numbers go on"
    store.close()


def test_a_crash_of_the_process_loses_only_what_was_not_committed(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.put_versions({B: CaseVersion(NAMED)})
    store.set_watching(B, A, False)
    store.behind = True
    crash(store)
    store = LmdbHomeStore(tmp_path, IDENTITY, boot="boot 1")
    assert (store.positions, store.behind) == (AT, False)
    assert store.get_versions([A, B]).keys() == {A}
    assert store.get_watching([A]) == [[B]]
    store.close()


@pytest.mark.parametrize("boot", ["boot 2", ""])
def test_after_a_crash_of_the_machine_the_store_must_be_rebuilt(tmp_path: Path, boot: str) -> None:
    crash(filled(tmp_path))
    store = LmdbHomeStore(tmp_path, IDENTITY, boot=boot)
    assert (store.positions, store.rebuilt, store.get_versions([A])) == ({}, False, {})
    store.close()


def test_a_rebuild_that_did_not_end_starts_again(tmp_path: Path) -> None:
    store = LmdbHomeStore(tmp_path, IDENTITY)
    store.put_versions({A: CaseVersion(NAMED)})
    store.commit({})
    store.close()
    store = LmdbHomeStore(tmp_path, IDENTITY)
    assert (store.positions, store.get_versions([A])) == ({}, {})
    store.close()


def test_once_it_is_time_nothing_of_a_withdrawn_case_is_on_disk(tmp_path: Path) -> None:
    store = LmdbHomeStore(tmp_path, IDENTITY)
    store.put_versions({A: CaseVersion(NAMED), B: CaseVersion(Fingerprint("b:1", 1, "", "fr-pj", "FR"))})
    store.commit(AT)
    store.compact(0)
    store.put_versions({A: CaseVersion(Fingerprint("a:1", 2, "", "fr-pj", "FR", withdrawn=True))})
    store.commit(AT)
    store.compact(3600)
    assert b"canary" in read_content(tmp_path / "data.mdb"), "not yet"
    store.compact(0)
    assert b"canary" not in read_content(tmp_path / "data.mdb")
    assert store.get_versions([B])[B].fingerprint.case == "b:1"
    assert store.get_versions([A])[A].fingerprint.withdrawn
    store.close()
