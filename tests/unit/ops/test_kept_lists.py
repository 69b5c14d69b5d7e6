"""Lists on disk as operators need them: what is over or kept, and which rows ask about a person."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from pipeline.access.query_cipher import QueryCipher, delete_month_key, keys_in
from pipeline.access.requester import Grounds, Purpose
from pipeline.api.list_planning import ListRow
from pipeline.api.list_store import ListJob, ListStore
from pipeline.errors import LiaisonError
from pipeline.matching.model import load_model
from pipeline.ops.kept_lists import LASTS, count_kept, find_ended, find_rows_about
from support.access.requesters import ANNA, BERT
from support.api.runtime import NOW

PERSON = "ivan petrov born:1980-05-01 phone:+33612345678"
JOB = ListJob("0" * 32, ANNA, Grounds(Purpose.INVESTIGATION, "2026/1"), "en", NOW, 1, "suspects.csv")
ROWS = (
    ListRow(question="Иван Петров born:1980-05-01"),
    ListRow(question="ivan petrov born:1981-05-01"),
    ListRow(question="", line=7),
    ListRow(question="phone:0612345678", country="FR", line=9),
    ListRow(question="born:nonsense"),
)


@pytest.fixture
def store(tmp_path: Path) -> ListStore:
    return ListStore(tmp_path / "lists", QueryCipher(keys_in(tmp_path / "keys")), "a-")


def find(tmp_path: Path, agency: str = "fr-pj", namespace: str = "a-", days: int = 0) -> list[tuple[str, int]]:
    """The rows about the person, by list and line."""
    cipher = QueryCipher(keys_in(tmp_path / "keys"))
    found = find_rows_about(
        tmp_path / "lists", namespace, cipher, load_model(), agency, PERSON, NOW + timedelta(days=days)
    )
    return [(row.title, row.line) for row in found]


def test_the_rows_that_ask_exactly_about_a_person_are_found(tmp_path: Path, store: ListStore) -> None:
    store.add(JOB, ROWS)
    assert find(tmp_path) == [("suspects.csv", 1), ("suspects.csv", 9)]


def test_of_other_agencies_and_installations_and_what_is_over_nothing_is(tmp_path: Path, store: ListStore) -> None:
    store.add(JOB, ROWS)
    assert find(tmp_path, "be-fp") == find(tmp_path, namespace="b-") == find(tmp_path, days=1) == []
    store.keep(JOB, NOW + timedelta(days=9))
    assert len(find(tmp_path, days=8)) == 2
    delete_month_key(tmp_path / "keys", "2026-11")
    assert find(tmp_path) == []


def test_a_question_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError):
        find_rows_about(tmp_path, "", QueryCipher(keys_in(tmp_path)), load_model(), "fr-pj", "born:nonsense", NOW)


def test_what_is_over_and_what_is_kept_is_told_without_any_key(tmp_path: Path, store: ListStore) -> None:
    store.add(JOB, ROWS)
    store.add(msgspec.structs.replace(JOB, id="1" * 32, requester=BERT), ROWS)
    store.keep(JOB, NOW + timedelta(days=9))
    delete_month_key(tmp_path / "keys", "2026-11")
    folder = tmp_path / "lists"
    assert (find_ended(folder, "a-", NOW), count_kept(folder, "a-", NOW)) == ([], 1)
    assert [place.name[-32:] for place in find_ended(folder, "a-", NOW + LASTS)] == ["1" * 32]
    assert len(find_ended(folder, "a-", NOW + timedelta(days=9))) == 2
    assert find_ended(folder, "b-", NOW + timedelta(days=9)) == []
    assert find_ended(tmp_path / "none", "", NOW) == []
