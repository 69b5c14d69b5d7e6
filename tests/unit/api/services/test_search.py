"""What a question that is nearly right finds, and that it finds nothing of hit-only records."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.api.services.search import Search, SearchAnswer, search
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.records.builder import person, record, vehicle


def _passport(value: str, **fields: Any) -> dict[str, Any]:
    return person("Zoltan Nagy", id="p1", identifiers=[{"type": "passport", "value": value, "country": "HU"}], **fields)


async def ask(api: Api, question: str) -> SearchAnswer:
    return await search(api.session(ANNA), Search(question, "FR"))


def found(answer: SearchAnswer) -> list[str]:
    return [row["case"] for row in answer.results]


@pytest.mark.parametrize("typed", ["751234568", "715234567", "75123456", "7512345677", "number:751234568"])
async def test_a_number_with_one_slip_finds_its_case(api: Api, typed: str) -> None:
    api.hold(record("be-fp", "1", entities=[_passport("751234567")]))
    answer = await ask(api, typed)
    assert found(answer) == ["be-fp:1"]
    assert answer.results[0]["met"] == ["near"]
    assert "one character different" in answer.results[0]["why"][0]


async def test_a_slip_weighs_less_than_another_name(api: Api) -> None:
    api.hold(record("be-fp", "1", entities=[_passport("751234567")]))
    assert found(await ask(api, "zoltan nagy 751234568")) == ["be-fp:1"]
    assert found(await ask(api, "ivan petrov 751234568")) == []


async def test_the_right_number_comes_first(api: Api) -> None:
    api.hold(
        record("be-fp", "1", entities=[_passport("751234568")]), record("be-fp", "2", entities=[_passport("751234567")])
    )
    answer = await ask(api, "751234567")
    assert found(answer) == ["be-fp:2", "be-fp:1"]
    assert answer.results[0]["score"] > answer.results[1]["score"]


@pytest.mark.parametrize("typed", ["751234588", "75123", "851234568"])
async def test_two_slips_find_nothing(api: Api, typed: str) -> None:
    api.hold(record("be-fp", "1", entities=[_passport("751234567")]))
    assert found(await ask(api, typed)) == []


async def test_a_number_whose_check_digit_is_right_is_another(api: Api) -> None:
    account = {"id": "a1", "type": "account", "iban": "FR7630006000011234567890189"}
    api.hold(record("be-fp", "1", entities=[account]))
    assert found(await ask(api, "FR7630006000011234567890198")) == ["be-fp:1"]


@pytest.mark.parametrize("typed", ["AB12", "plate:AB1", "B123C", "23CD", "ab-123-cd", "plate:ab-123-?d"])
async def test_a_part_of_a_plate_finds_the_car(api: Api, typed: str) -> None:
    api.hold(record("be-fp", "1", entities=[vehicle("AB-123-CD", "FR", id="v1")]))
    assert found(await ask(api, typed)) == ["be-fp:1"]


@pytest.mark.parametrize("typed", ["AB13", "plate:BA1", "plate:AB"])
async def test_what_is_no_part_of_it_does_not(api: Api, typed: str) -> None:
    api.hold(record("be-fp", "1", entities=[vehicle("AB-123-CD", "FR", id="v1")]))
    assert found(await ask(api, typed)) == []


@pytest.mark.parametrize("typed", ["751234568", "715234567", "number:75123456", "AB12", "plate:AB1", "plate:AB*"])
async def test_hit_only_records_answer_no_number_that_is_not_whole(api: Api, typed: str) -> None:
    before = await ask(api, typed)
    asked, api.engine.calls = [(call.kind, call.where) for call in api.engine.calls], []
    api.hold(record("be-fp", "1", "H2", entities=[_passport("751234567"), vehicle("AB-123-CD", "FR", id="v1")]))
    assert await ask(api, typed) == before
    assert [(call.kind, call.where) for call in api.engine.calls] == asked
    assert sum(len(call.ids) for call in api.engine.calls) == 0


async def test_hit_only_records_answer_whole_numbers_as_before(api: Api) -> None:
    api.hold(record("be-fp", "1", "H2", entities=[_passport("751234567"), vehicle("AB-123-CD", "FR", id="v1")]))
    for typed in ("751234567", "AB123CD"):
        answer = await ask(api, typed)
        assert (found(answer), len(answer.hits)) == ([], 1)


async def test_twenty_rows_and_the_cursor_of_a_next_page_are_small(api: Api) -> None:
    man = person("Ivan Sergeyevich Petrov", id="p1", birth_date="1980-05-01")
    api.hold(*(record("be-fp", f"2026-{number:06}", entities=[man]) for number in range(30)))
    answer = await api.post("/v1/search", {"question": 'name:"Ivan Petrov" 1980'})
    assert len(answer.json()["results"]) == 20
    assert len(answer.json()["next"]) < 280
    assert [part["words"] for part in answer.json()["understood"]] == ["1980"]
    beside = sum(len(str(row["why"]).encode()) for row in answer.json()["results"])
    assert len(answer.content) - beside < 4500, "what an answer takes beside its reasons"


async def test_a_row_names_no_title_or_caveat_where_there_is_none_unless_evidence_is_asked_for(api: Api) -> None:
    api.hold(record("be-fp", "1", entities=[_passport("751234567")], title=None))
    brief = (await api.post("/v1/search", {"question": "751234567"})).json()["results"][0]
    whole = (await api.post("/v1/search", {"question": "751234567", "evidence": True})).json()["results"][0]
    assert {name for name in whole if name not in brief} == {"title", "caveat", "evidence", "about"}
    assert (whole["title"], whole["caveat"]) == (None, None)
    assert brief == {name: whole[name] for name in brief}
