"""Lists and drafts: whole or not at all, unreadable without the key, their owner's alone, gone after a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest

from pipeline.access.query_cipher import QueryCipher, keys_in
from pipeline.access.requester import Grounds, Purpose
from pipeline.api import list_store
from pipeline.api.list_planning import ListRow, plan_draft
from pipeline.api.list_store import (
    CaseFinding,
    HitFinding,
    ListDraft,
    ListJob,
    ListProgress,
    ListRowFindings,
    ListStore,
    NoListError,
)
from pipeline.api.paging import PageCursor
from pipeline.api.problems import UnprocessableError
from pipeline.api.services.list_results import ListFilter
from pipeline.api.session import Session
from pipeline.correlation.key_ring import KeyRing
from pipeline.errors import LiaisonError
from pipeline.feeds.tables.grids import GridHead, GridOptions, GridRow, TableGrid
from pipeline.matching.bands import Band
from pipeline.ops.kept_lists import LASTS
from support.access.requesters import ANNA, BERT
from support.api.runtime import NOW
from support.earlier_version import EarlierVersion

NAMESPACES = ("", "a-", "a-b-")
JOB = ListJob("0" * 32, ANNA, Grounds(Purpose.INVESTIGATION, "2026/1"), "en", NOW, 1)


@pytest.fixture
def stores(tmp_path: Path) -> dict[str, ListStore]:
    cipher = QueryCipher(keys_in(tmp_path / "keys"))
    return {namespace: ListStore(tmp_path / "lists", cipher, namespace) for namespace in NAMESPACES}


@pytest.mark.parametrize("own", NAMESPACES)
def test_an_installation_sees_no_list_of_another_in_the_same_home(stores: dict[str, ListStore], own: str) -> None:
    assert stores[own].add(JOB, (ListRow(question="ivan"),))
    assert stores[own].list_all_jobs() == stores[own].list_jobs(ANNA) == [JOB]
    for namespace, store in stores.items():
        if namespace != own:
            assert store.list_all_jobs() == store.list_jobs(ANNA) == []
            with pytest.raises(NoListError):
                store.read_job(ANNA, JOB.id)
            with store.lock_job(JOB) as taken:
                assert not taken
            store.delete_expired(NOW + LASTS + timedelta(days=9))
            store.delete(JOB)
    assert stores[own].read_job(ANNA, JOB.id) == JOB
    stores[own].delete_expired(NOW + LASTS)
    assert stores[own].list_all_jobs() == []


def test_what_an_earlier_version_stored_is_read_and_counted_beside_what_this_one_stores(tmp_path: Path) -> None:
    """It wrote a step without a count behind it, and rows that said nothing of why."""
    cipher = QueryCipher(keys_in(tmp_path / "keys"))
    store, job = ListStore(tmp_path / "lists", cipher), msgspec.structs.replace(JOB, rows=9)
    store.add(job, (ListRow(question="ivan"),) * 9)
    (folder,) = (tmp_path / "lists").iterdir()
    rows = [{"cases": [], "hits": [], "problem": "", "values": {}}] * 8
    (folder / "found").write_bytes(cipher.encrypt(msgspec.json.encode(rows).decode(), job.created).encode() + b"\n")
    assert store.read_progress(job) == ListProgress(9, 8, 0)
    store.append(job, (ListRowFindings(not_asked="budget"),))
    assert store.read_progress(job) == ListProgress(9, 9, 1)
    assert [row.found.not_asked for row in store.read_checked(job)] == [""] * 8 + ["budget"]


GRID = msgspec.Raw(msgspec.json.encode(TableGrid(("name",), (GridRow(2, ("Ivan Petrov",)),))))
RAW = b"name\nIvan Petrov\n"


def draft(name: str = "a" * 32) -> ListDraft:
    return ListDraft(name, "suspects.csv", NOW, GridOptions(), GridHead(("name",), 1), plan_draft(GRID, ("name",)))


def store(tmp_path: Path, namespace: str = "") -> ListStore:
    return ListStore(tmp_path / "lists", QueryCipher(keys_in(tmp_path / "keys")), namespace)


def test_a_draft_is_kept_whole_and_unreadable(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.add_draft(ANNA, draft(), GRID, RAW)
    assert kept.read_draft(ANNA, "a" * 32) == draft()
    assert kept.read_whole_draft(ANNA, "a" * 32) == (draft(), GRID)
    assert kept.read_upload(ANNA, draft()) == RAW
    files = [file for file in (tmp_path / "lists").rglob("*") if file.is_file()]
    assert len(files) == 2
    assert all(b"Ivan" not in file.read_bytes() for file in files)
    assert all(file.stat().st_mode & 0o077 == 0 for file in (*files, files[0].parent))


def test_a_draft_is_its_senders_alone(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.add_draft(ANNA, draft(), GRID, RAW)
    for who, name in ((BERT, "a" * 32), (ANNA, "b" * 32), (ANNA, "../x"), (ANNA, "")):
        for read in (kept.read_draft, kept.read_whole_draft):
            with pytest.raises(NoListError):
                read(who, name)
    assert kept.list_drafts(BERT) == []
    assert store(tmp_path, "other-").list_drafts(ANNA) == []


def test_an_upload_without_its_table_is_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies between the two files."""
    kept, write = store(tmp_path), list_store._write_file

    def dies(path: Path, content: bytes) -> None:
        if path.name == "table":
            raise KeyboardInterrupt
        write(path, content)

    monkeypatch.setattr(list_store, "_write_file", dies)
    with pytest.raises(KeyboardInterrupt):
        kept.add_draft(ANNA, draft(), GRID, RAW)
    assert kept.list_drafts(ANNA) == []
    assert len(list((tmp_path / "lists").iterdir())) == 1
    kept.delete_expired(datetime.now(UTC) + LASTS)
    assert list((tmp_path / "lists").iterdir()) == []


def test_a_draft_is_deleted(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.add_draft(ANNA, draft(), GRID, RAW)
    kept.delete_draft(ANNA, "a" * 32)
    kept.delete_draft(ANNA, "a" * 32)
    assert list((tmp_path / "lists").iterdir()) == []


def test_what_has_had_its_day_is_deleted_however_lately_it_was_changed(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.delete_expired(NOW)
    later = msgspec.structs.replace(draft("b" * 32), created=NOW + timedelta(minutes=1))
    kept.add_draft(ANNA, draft(), GRID, RAW)
    kept.add_draft(ANNA, later, GRID, RAW)
    kept.replace_draft(ANNA, draft(), GRID)
    kept.delete_expired(NOW + LASTS)
    assert [one.id for one in kept.list_drafts(ANNA)] == ["b" * 32]
    assert len(list((tmp_path / "lists").iterdir())) == 1


def test_a_draft_that_was_deleted_is_not_changed(tmp_path: Path) -> None:
    kept = store(tmp_path)
    with pytest.raises(NoListError):
        kept.replace_draft(ANNA, draft(), GRID)
    assert kept.list_drafts(ANNA) == []


def test_a_draft_and_a_list_of_one_id_stand_beside_each_other(tmp_path: Path) -> None:
    """A crash between the list and its draft leaves both; so does an upload that names the key of another."""
    kept = store(tmp_path)
    kept.add_draft(ANNA, draft(JOB.id), GRID, RAW)
    assert kept.add(JOB, (ListRow(question="ivan"),))
    assert not kept.add(JOB, (ListRow(question="other"),))
    assert (kept.list_all_jobs(), kept.list_drafts(ANNA)) == ([JOB], [draft(JOB.id)])
    kept.delete_draft(ANNA, JOB.id)
    assert (list(kept.read_rows(JOB)), kept.list_drafts(ANNA)) == ([ListRow(question="ivan")], [])


WRITE_BY_0_3_0 = """
import sys
from pathlib import Path
import msgspec
from pipeline.access.query_cipher import QueryCipher, keys_in
from pipeline.api.list_planning import ListRow
from pipeline.api.list_store import ListJob, ListRowFindings, ListStore

class Given(msgspec.Struct):
    folder: str
    job: ListJob
    rows: tuple[ListRow, ...]
    found: tuple[ListRowFindings, ...]

given = msgspec.json.decode(sys.stdin.buffer.read(), type=Given)
folder = Path(given.folder)
store = ListStore(folder / "lists", QueryCipher(keys_in(folder / "keys")), "a-")
assert store.add(given.job, given.rows)
store.append(given.job, given.found)
"""
"""Writes a home as 0.3.0 did, by its own code."""

JOB_OF_0_3_0 = ListJob("b" * 32, ANNA, Grounds(Purpose.INVESTIGATION, "2026/1"), "fr", NOW, 9, "passengers.csv")
FOUND_BY_0_3_0 = (
    ListRowFindings((CaseFinding("fr-pj:1", 2310, "certain", ("name", "key")),)),
    ListRowFindings((), (HitFinding("ref", "likely"),)),
    *(ListRowFindings((), (), "born: use {form}"),) * 6,
)


@pytest.fixture
def earlier(tmp_path: Path, earlier_version: EarlierVersion) -> ListStore:
    rows = tuple(ListRow(f"A-{at}", f'name:"Ivan Petrov {at}"', "FR", at + 1) for at in range(1, 10))
    given = {"folder": str(tmp_path), "job": JOB_OF_0_3_0, "rows": rows, "found": FOUND_BY_0_3_0}
    earlier_version.run(WRITE_BY_0_3_0, msgspec.json.encode(given))
    return store(tmp_path, "a-")


def test_lists_of_the_version_before_go_on(earlier: ListStore) -> None:
    earlier.delete_expired(NOW)
    (job,) = earlier.list_all_jobs()
    assert job == earlier.read_job(ANNA, "b" * 32) == JOB_OF_0_3_0
    assert earlier.read_progress(job).done == 8
    assert list(earlier.read_rows(job, 8)) == [ListRow("A-9", 'name:"Ivan Petrov 9"', "FR", 10)]
    assert tuple(row.found for row in earlier.read_checked(job)) == FOUND_BY_0_3_0
    with earlier.lock_job(job) as locked:
        assert locked
        earlier.append(job, (ListRowFindings(),))
    assert earlier.read_progress(job).done == 9
    assert earlier.list_unfinished_jobs() == []


@pytest.mark.parametrize("left", ["a-0.0.file", "a-0.0.table", ".a-0.draft"])
def test_drafts_of_a_version_before_0_3_0_are_refused_in_a_sentence(tmp_path: Path, left: str) -> None:
    drafts = tmp_path / "lists" / "drafts"
    drafts.mkdir(parents=True)
    (drafts / left).touch()
    with pytest.raises(LiaisonError, match=r"of a version before 0\.3\.0: start 0\.3\.0, .* or delete"):
        store(tmp_path, "a-")
    assert store(tmp_path, "b-").list_all_jobs() == store(tmp_path).list_all_jobs() == []
    (drafts / left).unlink()
    assert store(tmp_path, "a-").list_all_jobs() == [], "an empty folder holds nothing"


def test_a_cursor_of_a_version_before_0_2_0_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    opaque = SimpleNamespace(ring=KeyRing([b"s" * 32]))
    session = cast("Session", SimpleNamespace(requester=ANNA, runtime=SimpleNamespace(opaque=opaque)))
    cursor = PageCursor(session, "list", "investigation", "b" * 32, ListFilter("match", Band.CERTAIN))
    with monkeypatch.context() as patch:
        patch.setattr(msgspec.msgpack, "encode", msgspec.json.encode)  # as it wrote places
        former = cursor.seal([8])
    with pytest.raises(UnprocessableError, match=r"before 0\.2\.0; ask without it, from the beginning"):
        cursor.open(former)


def test_a_list_is_kept_until_its_date_and_not_longer(tmp_path: Path) -> None:
    kept, until = store(tmp_path), NOW + timedelta(days=30)
    kept.add(JOB, (ListRow(question="ivan"),))
    kept.append(JOB, (ListRowFindings(),))
    kept.keep(JOB, until)
    kept.delete_expired(until - timedelta(seconds=1))
    held = kept.read_job(ANNA, JOB.id)
    assert (held.expires, kept.read_progress(held).done, list(kept.read_rows(held))) == (
        until,
        1,
        [ListRow(question="ivan")],
    )
    kept.keep(held, NOW + timedelta(days=2))
    kept.delete_expired(NOW + timedelta(days=2))
    assert kept.list_all_jobs() == []
    with pytest.raises(NoListError):
        kept.keep(held, until)


def test_a_crash_while_it_is_kept_leaves_the_list_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = store(tmp_path)
    kept.add(JOB, (ListRow(question="ivan"),))

    def die(*_: object) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", die)
        with pytest.raises(KeyboardInterrupt):
            kept.keep(JOB, NOW + timedelta(days=9))
    assert kept.read_job(ANNA, JOB.id) == JOB
    kept.delete_expired(NOW + LASTS)
    assert list((tmp_path / "lists").iterdir()) == []
