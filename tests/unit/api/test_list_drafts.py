"""Drafts: whole or not at all, unreadable without the key, their owner's alone, gone after a day."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from pipeline.access.query_cipher import QueryCipher, keys_in
from pipeline.api.list_drafts import ListDraft, ListDraftStore
from pipeline.api.list_planning import plan_draft
from pipeline.api.list_store import LASTS, NoListError
from pipeline.feeds.tables.grids import GridHead, GridOptions, GridRow, TableGrid
from support.access.requesters import ANNA, BERT

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GRID = msgspec.Raw(msgspec.json.encode(TableGrid(("name",), (GridRow(2, ("Ivan Petrov",)),))))
RAW = b"name\nIvan Petrov\n"


def draft(name: str = "a" * 32) -> ListDraft:
    return ListDraft(name, "suspects.csv", NOW, GridOptions(), GridHead(("name",), 1), plan_draft(GRID, ("name",)))


def store(tmp_path: Path, namespace: str = "") -> ListDraftStore:
    return ListDraftStore(tmp_path / "drafts", QueryCipher(keys_in(tmp_path / "keys")), namespace)


def test_a_draft_is_kept_whole_and_unreadable(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.add(ANNA, draft(), GRID, RAW)
    assert kept.read(ANNA, "a" * 32) == draft()
    assert kept.read_whole(ANNA, "a" * 32) == (draft(), GRID)
    assert kept.read_upload(ANNA, draft()) == RAW
    assert all(b"Ivan" not in file.read_bytes() for file in (tmp_path / "drafts").iterdir())
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "drafts").iterdir())


def test_a_draft_is_its_senders_alone(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.add(ANNA, draft(), GRID, RAW)
    for who, name in ((BERT, "a" * 32), (ANNA, "b" * 32), (ANNA, "../x"), (ANNA, "")):
        for read in (kept.read, kept.read_whole):
            with pytest.raises(NoListError):
                read(who, name)
    assert kept.list_drafts(BERT) == []
    assert store(tmp_path, "other-").list_drafts(ANNA) == []


def test_an_upload_without_its_table_is_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies between the two files."""
    kept = store(tmp_path)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(kept, "replace", dies)
    with pytest.raises(KeyboardInterrupt):
        kept.add(ANNA, draft(), GRID, RAW)
    assert kept.list_drafts(ANNA) == []


def test_a_draft_is_deleted(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.add(ANNA, draft(), GRID, RAW)
    kept.delete(ANNA, "a" * 32)
    kept.delete(ANNA, "a" * 32)
    assert list((tmp_path / "drafts").iterdir()) == []


def test_what_has_had_its_day_is_deleted_however_lately_it_was_changed(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.delete_expired(NOW)
    for name in ("a" * 32, "b" * 32):
        kept.add(ANNA, draft(name), GRID, RAW)
    left = tmp_path / "drafts" / ".0.draft"
    left.touch()
    for file in [left, *(tmp_path / "drafts").glob(f"*.{'a' * 32}.file")]:
        os.utime(file, (NOW.timestamp(), NOW.timestamp()))
    for file in (tmp_path / "drafts").glob(f"*.{'b' * 32}.*"):
        os.utime(file, (NOW.timestamp() + 60, NOW.timestamp() + 60))
    kept.delete_expired(NOW + LASTS)
    assert [one.id for one in kept.list_drafts(ANNA)] == ["b" * 32]
    assert len(list((tmp_path / "drafts").iterdir())) == 2
