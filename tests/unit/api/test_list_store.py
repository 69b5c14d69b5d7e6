"""Lists of several installations in one folder."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from pipeline.access.query_cipher import QueryCipher, keys_in
from pipeline.access.requester import Grounds, Purpose
from pipeline.api.list_rows import ListRow
from pipeline.api.list_store import LASTS, ListJob, ListRowFindings, ListStore, NoListError
from support.access.requesters import ANNA
from support.api.runtime import NOW

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
    assert (store.count_done(job), store.count_not_asked(job)) == (8, 0)
    store.append(job, (ListRowFindings(not_asked="budget"),))
    assert (store.count_done(job), store.count_not_asked(job)) == (9, 1)
    assert [found.not_asked for _, found in store.read_results(job)] == [""] * 8 + ["budget"]
