"""Local stores: where they lie, when they are emptied, when they are thrown away."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
from aiokafka import TopicPartition

from pipeline.correlation.store_file import NO_OFFSET, StoreInUseError
from pipeline.settings import Settings
from pipeline.streams.admin import Ids
from pipeline.streams.stores import KEPT_S, LOCK, Places, delete_abandoned, reopened, root, shared_root, tend
from pipeline.streams.table_store import TableStore

SOURCE = TopicPartition("blocks.ab12", 3)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(Settings(home=tmp_path, worker_name="w"), "correlate", "ab12", Ids("cluster", {SOURCE.topic: "id"}))


def held(places: Places, offset: int) -> None:
    store = TableStore(places.folder(SOURCE), places.identity(SOURCE))
    store.put(b"key", b"value")
    store.commit(offset)
    store.close()


def test_a_store_lies_under_its_worker_stage_scope_and_source(places: Places, tmp_path: Path) -> None:
    assert places.folder(SOURCE) == tmp_path / "stores" / "w" / "correlate" / "ab12" / "blocks.ab12-3"


@pytest.mark.parametrize(("applied", "offset"), [(7, 7), (9, 7), (6, NO_OFFSET), (NO_OFFSET, NO_OFFSET)])
def test_a_store_is_kept_unless_it_is_ahead_of_what_was_applied(places: Places, applied: int, offset: int) -> None:
    held(places, 7)
    store = reopened(TableStore, places, SOURCE, applied)
    assert store.offset == offset
    assert (store.get(b"key") is None) == (offset == NO_OFFSET)
    store.close()


def test_a_topic_made_anew_finds_an_empty_store(places: Places) -> None:
    held(places, 7)
    anew = Places(places.settings, places.stage, places.scope, Ids("cluster", {SOURCE.topic: "another"}))
    store = reopened(TableStore, anew, SOURCE, 9)
    assert store.offset == NO_OFFSET
    store.close()


def test_only_old_stores_that_no_one_holds_are_deleted(places: Places) -> None:
    held(places, 7)
    base = root(places.settings)
    opened_at = (places.folder(SOURCE) / LOCK).stat().st_mtime
    assert delete_abandoned(base, opened_at + KEPT_S - 1) == []
    store = TableStore(places.folder(SOURCE), places.identity(SOURCE))
    os.utime(places.folder(SOURCE) / LOCK, (opened_at, opened_at))
    assert delete_abandoned(base, opened_at + KEPT_S + 1) == []
    store.close()
    assert delete_abandoned(base, opened_at + KEPT_S + 1) == [places.folder(SOURCE)]
    assert not places.folder(SOURCE).exists()


def test_a_store_in_use_for_days_is_not_taken_for_abandoned_when_its_worker_dies(places: Places) -> None:
    store = TableStore(places.folder(SOURCE), places.identity(SOURCE))
    store.commit(7)
    days_ago = time.time() - 3 * KEPT_S
    os.utime(places.folder(SOURCE) / LOCK, (days_ago, days_ago))
    assert tend([places.folder(SOURCE), places.folder(SOURCE).with_name("keeps nothing")], root(places.settings)) == []
    store.close()
    assert delete_abandoned(root(places.settings)) == []
    assert tend([], root(places.settings), time.time() + KEPT_S + 1) == [places.folder(SOURCE)]


def test_what_a_worker_left_that_came_back_under_another_name_is_deleted(places: Places) -> None:
    held(places, 7)
    opened_at = (places.folder(SOURCE) / LOCK).stat().st_mtime
    successor = places.settings.model_copy(update={"worker_name": "another"})
    assert delete_abandoned(shared_root(successor), opened_at + KEPT_S + 1) == [places.folder(SOURCE)]


def test_a_store_that_another_deletes_meanwhile_is_passed_over(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    held(places, 7)
    folder = places.folder(SOURCE)
    seen = list(os.walk(root(places.settings)))
    monkeypatch.setattr(os, "walk", lambda _: seen)
    shutil.rmtree(folder)
    assert delete_abandoned(root(places.settings), time.time() + KEPT_S + 1) == []


def test_a_folder_without_stores_is_nothing_to_delete(tmp_path: Path) -> None:
    assert delete_abandoned(tmp_path / "none") == []


def test_a_table_sees_its_changes_before_and_after_commit(places: Places) -> None:
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
