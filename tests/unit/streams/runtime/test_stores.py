"""Local stores: where they lie, when they are emptied, when they are thrown away."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import TopicPartition

from pipeline.correlation.home_store import FINGERPRINTS, LmdbHomeStore, SourcePosition
from pipeline.correlation.meeting_store_on_disk import DiskMeetingStore
from pipeline.correlation.protocol import CaseVersion, case_id
from pipeline.correlation.store_file import NO_OFFSET, StoreIdentity, StoreInUseError
from pipeline.matching.fingerprint import Fingerprint
from pipeline.settings import Settings
from pipeline.streams.kafka.admin import ClusterIds
from pipeline.streams.runtime.stores import (
    DATA,
    KEPT_S,
    LOCK,
    StorePlaces,
    adopt_store,
    delete_abandoned,
    delete_generation,
    delete_namespace,
    reopen_store,
    scratch_folder,
    shared_root,
    size_on_disk,
    touch_and_prune,
)
from pipeline.streams.runtime.table_store import TableStore
from support.correlation.meeting_cases import WORDS, assert_holds, put, spread_key

SOURCE = TopicPartition("postings.ab12", 3)


@pytest.fixture
def places(tmp_path: Path) -> StorePlaces:
    return StorePlaces(tmp_path / "stores" / "0", "correlate", "ab12", ClusterIds("cluster", {SOURCE.topic: "id"}))


def held(places: StorePlaces, offset: int) -> None:
    store = TableStore(places.folder(SOURCE), places.identity(SOURCE))
    store.put(b"key", b"value")
    store.commit(offset)
    store.close()


def test_a_store_lies_under_its_slot_stage_scope_and_source(places: StorePlaces, tmp_path: Path) -> None:
    assert places.folder(SOURCE) == tmp_path / "stores" / "0" / "correlate" / "ab12" / "postings.ab12-3"


@pytest.mark.parametrize(("applied", "offset"), [(7, 7), (9, 7), (6, NO_OFFSET), (NO_OFFSET, NO_OFFSET)])
def test_a_store_is_kept_unless_it_is_ahead_of_what_was_applied(places: StorePlaces, applied: int, offset: int) -> None:
    held(places, 7)
    store = reopen_store(TableStore, places, SOURCE, applied)
    assert store.offset == offset
    assert (store.get(b"key") is None) == (offset == NO_OFFSET)
    store.close()


def test_a_topic_made_anew_finds_an_empty_store(places: StorePlaces) -> None:
    held(places, 7)
    anew = StorePlaces(places.root, places.stage, places.scope, ClusterIds("cluster", {SOURCE.topic: "another"}))
    store = reopen_store(TableStore, anew, SOURCE, 9)
    assert store.offset == NO_OFFSET
    store.close()


def test_only_old_stores_that_no_one_holds_are_deleted(places: StorePlaces) -> None:
    held(places, 7)
    base = places.root
    opened_at = (places.folder(SOURCE) / LOCK).stat().st_mtime
    assert delete_abandoned(base, opened_at + KEPT_S - 1) == []
    store = TableStore(places.folder(SOURCE), places.identity(SOURCE))
    os.utime(places.folder(SOURCE) / LOCK, (opened_at, opened_at))
    assert delete_abandoned(base, opened_at + KEPT_S + 1) == []
    store.close()
    assert delete_abandoned(base, opened_at + KEPT_S + 1) == [places.folder(SOURCE)]
    assert not places.folder(SOURCE).exists()


def test_a_store_in_use_for_days_is_not_taken_for_abandoned_when_its_worker_dies(places: StorePlaces) -> None:
    store = TableStore(places.folder(SOURCE), places.identity(SOURCE))
    store.commit(7)
    days_ago = time.time() - 3 * KEPT_S
    os.utime(places.folder(SOURCE) / LOCK, (days_ago, days_ago))
    assert touch_and_prune([places.folder(SOURCE), places.folder(SOURCE).with_name("keeps nothing")], places.root) == []
    store.close()
    assert delete_abandoned(places.root) == []
    assert touch_and_prune([], places.root, time.time() + KEPT_S + 1) == [places.folder(SOURCE)]


def test_what_a_slot_holds_that_nobody_claims_any_more_is_deleted(places: StorePlaces, tmp_path: Path) -> None:
    held(places, 7)
    opened_at = (places.folder(SOURCE) / LOCK).stat().st_mtime
    assert delete_abandoned(shared_root(Settings(home=tmp_path)), opened_at + KEPT_S + 1) == [places.folder(SOURCE)]


def test_a_store_that_another_deletes_meanwhile_is_passed_over(
    places: StorePlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    held(places, 7)
    folder = places.folder(SOURCE)
    seen = list(os.walk(places.root))
    monkeypatch.setattr(os, "walk", lambda _: seen)
    shutil.rmtree(folder)
    assert delete_abandoned(places.root, time.time() + KEPT_S + 1) == []


def test_a_folder_without_stores_is_nothing_to_delete(tmp_path: Path) -> None:
    assert delete_abandoned(tmp_path / "none") == []


def test_a_table_sees_its_changes_before_and_after_commit(places: StorePlaces) -> None:
    store = TableStore(places.folder(SOURCE), places.identity(SOURCE))
    assert store.get(b"a") is None
    store.put(b"a", b"1")
    assert store.get(b"a") == b"1"
    store.commit(0)
    assert bytes(store.get(b"a") or b"") == b"1"
    store.put(b"a", b"2")
    store.close()
    again = TableStore(places.folder(SOURCE), places.identity(SOURCE))
    assert bytes(again.get(b"a") or b"") == b"1"
    with pytest.raises(StoreInUseError):
        TableStore(places.folder(SOURCE), places.identity(SOURCE))
    again.close()


def in_slot(places: StorePlaces, slot: str) -> StorePlaces:
    return replace(places, root=places.root.with_name(slot))


def written(places: StorePlaces, offset: int, at: float) -> None:
    held(places, offset)
    os.utime(places.folder(SOURCE) / DATA, (at, at))


def offset_of(places: StorePlaces) -> int:
    store = TableStore(places.folder(SOURCE), places.identity(SOURCE))
    store.close()
    return store.offset


@pytest.mark.parametrize("own_at", [None, 1000.0])
def test_a_partitions_latest_store_goes_with_it_to_another_slot(places: StorePlaces, own_at: float | None) -> None:
    own = in_slot(places, "7")
    written(in_slot(places, "0"), 5, 2000.0)
    written(in_slot(places, "name-of-a-former-version"), 9, 3000.0)
    if own_at is not None:
        written(own, 3, own_at)
    adopt_store(own.folder(SOURCE))
    assert offset_of(own) == 9
    assert not in_slot(places, "name-of-a-former-version").folder(SOURCE).exists()
    assert offset_of(in_slot(places, "0")) == 5


def test_a_slots_own_store_stays_where_none_is_later(places: StorePlaces) -> None:
    written(places, 5, 2000.0)
    written(in_slot(places, "1"), 3, 1000.0)
    adopt_store(places.folder(SOURCE))
    assert offset_of(places) == 5
    assert offset_of(in_slot(places, "1")) == 3


def test_a_store_that_is_held_is_not_taken_and_the_next_is(places: StorePlaces) -> None:
    own = in_slot(places, "7")
    written(in_slot(places, "1"), 3, 1000.0)
    written(places, 5, 2000.0)
    store = TableStore(places.folder(SOURCE), places.identity(SOURCE))
    adopt_store(own.folder(SOURCE))
    store.close()
    assert offset_of(own) == 3
    assert offset_of(places) == 5


def test_what_is_of_another_partition_stage_or_command_is_not_taken(places: StorePlaces, tmp_path: Path) -> None:
    own = in_slot(places, "7")
    written(replace(places, stage="subscribe"), 5, 2000.0)
    written(replace(places, scope="cd34"), 5, 2000.0)
    with scratch_folder(Settings(home=tmp_path), "reindex") as root:
        written(replace(places, root=root), 5, 2000.0)
        adopt_store(own.folder(SOURCE))
        assert not own.folder(SOURCE).exists()
    assert not root.exists()


def test_a_namespaces_stores_are_deleted_and_no_others(places: StorePlaces, tmp_path: Path) -> None:
    held(places, 7)
    other = TopicPartition("demo-postings.ab12", 3)
    TableStore(places.folder(other), StoreIdentity("cluster", "id", 3, "ab12")).close()
    delete_namespace(shared_root(Settings(home=tmp_path)), "demo-")
    assert places.folder(SOURCE).exists()
    assert not places.folder(other).exists()


def test_a_generations_stores_are_deleted_and_those_of_others_are_not(places: StorePlaces) -> None:
    kinds = ("fingerprints", "postings", "links", "blocks")
    sources = [TopicPartition(f"{kind}.ab12", 3) for kind in kinds]
    kept = [TopicPartition("demo-postings.ab12", 3), TopicPartition("postings.ab12", 3)]
    folders = [places.folder(source) for source in sources]
    folders += [places.folder(kept[0]), replace(places, scope="cd34").folder(kept[1])]
    for folder in folders:
        TableStore(folder, StoreIdentity("cluster", "id", 3, "ab12")).close()
    root = places.root.parent
    assert sorted(delete_generation(root, "", "ab12")) == sorted(folders[: len(sources)])
    assert [folder.exists() for folder in folders[len(sources) :]] == [True, True]
    assert delete_generation(root, "demo-", "ab12") == [folders[len(sources)]]


def test_a_home_and_a_meeting_place_go_to_another_slot_whole(places: StorePlaces) -> None:
    """The meeting place with its runs and rows, which lie beside the file that tells when it was written."""
    keys = [spread_key(key) for key in range(20)]
    cases = {f"a:{number}": (1, keys[number % 10 :]) for number in range(30)}
    fingerprints = TopicPartition("fingerprints.ab12", 3)
    own, version = in_slot(places, "7"), CaseVersion(Fingerprint("a:1", 1, "hash", "fr-pj", "FR"))

    def open_place(at: StorePlaces) -> DiskMeetingStore:
        return DiskMeetingStore(at.folder(SOURCE), places.identity(SOURCE), WORDS, run_entries=50)

    def open_home(at: StorePlaces) -> LmdbHomeStore:
        return LmdbHomeStore(at.folder(fingerprints), StoreIdentity("cluster", "other id", 3, "ab12"))

    place, home = open_place(places), open_home(places)
    put(place, cases)
    place.commit(7)
    home.put_versions({case_id("a:1"): version})
    home.set_watching(case_id("b:1"), case_id("a:1"), on=True)
    home.commit({FINGERPRINTS: SourcePosition(5, 4), "watches": SourcePosition(2, 2)})
    before = size_on_disk(places.folder(SOURCE))
    for store in (place, home):
        store.close()
    assert list(places.folder(SOURCE).glob("run-*"))
    for source in (SOURCE, fingerprints):
        adopt_store(own.folder(source))
    place, home = open_place(own), open_home(own)
    assert place.offset == 7
    assert_holds(place, cases, keys)
    assert home.positions == {FINGERPRINTS: (5, 4), "watches": (2, 2)}
    assert home.get_versions([case_id("a:1")])[case_id("a:1")].encoded == version.encoded
    assert home.get_watching([case_id("a:1")]) == [[case_id("b:1")]]
    assert size_on_disk(own.folder(SOURCE)) >= before > 0
    for store in (place, home):
        store.close()
    assert not places.folder(SOURCE).exists()
    assert not places.folder(fingerprints).exists()
