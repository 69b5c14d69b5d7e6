"""Tests of the measure of blocking: what counts as a candidate, and that respelling is the same each time."""

from __future__ import annotations

from benchmarks.lists.blocking import _count_candidates
from benchmarks.lists.respelling import _respell_event
from benchmarks.lists.sets import agency_of

ENTITY = {
    "id": "e", "type": "person", "names": [{"full": "Zbigniew Oczko"}], "birth_date": "1984-03-11", "phones": ["1"],
}  # fmt: skip
EVENTS = [{"data": {"agency": "un-sc", "case_id": f"{at}", "entities": [ENTITY]}} for at in range(9)]
SPELLINGS = {"zbigniew": ["sbignev", "zbigniew", "zbignyef"]}


def test_candidates_are_of_other_agencies_and_counted_once() -> None:
    keys = {"a:1": [1, 2], "a:2": [1], "b:1": [1, 2], "b:2": [3]}
    assert _count_candidates(keys, agency_of) == 4 / 4


def test_entries_are_respelt_alike_each_time_and_keep_little_else() -> None:
    first, again = ([_respell_event(event, SPELLINGS)["data"]["entities"][0] for event in EVENTS] for _ in range(2))
    assert first == again
    assert all("phones" not in entity for entity in first)
    assert 0 < sum("birth_date" in entity for entity in first) < len(EVENTS)
    words = {word for entity in first for name in entity["names"] for word in name["full"].split()}
    assert {"sbignev", "zbignyef", "zbigniew", "oczko"} <= words
