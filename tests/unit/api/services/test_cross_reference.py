"""Cross-reference: records or a folder asked as a list, and the records that a list found, back to the rows."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from pipeline.access.audit import ActKind
from pipeline.api.entity_rows import CLOSED
from pipeline.api.list_worker import run_round
from pipeline.api.problems import ConflictError, NotFoundError
from pipeline.api.services import cross_reference
from pipeline.api.services.cross_reference import (
    cross_reference_folder,
    cross_reference_records,
    export_folder_entities,
    list_found_records,
)
from pipeline.api.services.folders import add_items, create_folder
from pipeline.api.services.list_checks import submit_list
from pipeline.api.services.list_results import ListFilter, export_results, read_results
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import Api
from support.records.builder import person, record, vehicle

PETROV = person("Ivan Petrov", id="p1", birth_date="1980-05-01")
KELLER = person("Anna Keller", id="p2", birth_date="1975-02-03")
ENTITIES = (
    b'{"id": "a-1", "schema": "Person", "properties": {"name": ["Ivan Petrov"], "birthDate": ["1980-05-01"]}}\n'
    b'{"id": "b-1", "schema": "Company", "properties": {"name": ["Nord Trade"]}}\n'
    b'{"id": "r-1", "schema": "Directorship", "properties": {"director": ["a-1"], "organization": ["b-1"]}}\n'
    b"{}\n"
)


def held(api: Api, code: str = "H0") -> None:
    """Two cases of Anna's, of which the Belgian and the Dutch ones name the same people."""
    api.hold(
        record("fr-pj", "1", entities=[PETROV, vehicle("AB-123-CD", "FR", id="v1")]),
        record("fr-pj", "2", entities=[KELLER]),
        record("be-fp", "7", to=("FR",), code=code, entities=[PETROV]),
        record("nl-np", "8", to=("FR",), entities=[KELLER, PETROV]),
    )


async def crossed(api: Api, *cases: str, who: Any = ANNA) -> str:
    """The list of a cross-reference that has been asked to its end."""
    made = await cross_reference_records(api.session(who), cases, "Harbour")
    while await run_round(api.runtime):
        pass
    return made.list.id


async def test_each_person_and_thing_is_a_row_that_finds_others_but_not_itself(api: Api) -> None:
    held(api)
    name = await crossed(api, "fr-pj:1", "fr-pj:2", "fr-pj:1")
    rows = (await read_results(api.session(ANNA), name)).rows
    assert [(row.id, [match.case for match in row.matches]) for row in rows] == [
        ("fr-pj:1 p1", ["be-fp:7", "nl-np:8"]),
        ("fr-pj:1 v1", []),
        ("fr-pj:2 p2", ["nl-np:8"]),
    ]
    assert rows[0].source == "fr-pj:1"
    assert rows[0].query == 'type:"person" name:"Ivan Petrov" born:"1980-05-01"'
    searches = [act for act in api.audit.acts if act.kind is ActKind.SEARCH]
    assert sorted(act.request for act in searches) == [f"{name}-{at}" for at in (1, 2, 3)]


async def test_nothing_of_a_record_is_kept_and_one_that_closes_leaves_the_list(api: Api) -> None:
    held(api)
    name = await crossed(api, "be-fp:7", "fr-pj:2")
    job = api.runtime.lists.read_job(ANNA, name)
    assert [row.question for row in api.runtime.lists.read_rows(job)] == ["", ""]
    before = (await read_results(api.session(ANNA), name)).rows
    api.hold(record("be-fp", "7", version=2, code="H3", entities=[PETROV]))
    closed, other = (await read_results(api.session(ANNA), name)).rows
    assert (closed.id, closed.query, closed.problem, closed.matches, closed.source) == (None, "", CLOSED, (), None)
    assert other == before[1]
    found = (await list_found_records(api.session(ANNA), name)).records
    assert [one.case for one in found] == ["nl-np:8"]


async def test_a_record_that_closes_before_it_is_asked_asks_nothing(api: Api) -> None:
    held(api)
    name = (await cross_reference_records(api.session(ANNA), ["be-fp:7"])).list.id
    api.hold(record("be-fp", "7", version=2, code="H2", to=("FR",), entities=[PETROV]))
    while await run_round(api.runtime):
        pass
    assert [act for act in api.audit.acts if act.kind is ActKind.SEARCH] == []
    api.hold(record("be-fp", "7", version=3, to=("FR",), entities=[PETROV]))
    (row,) = (await read_results(api.session(ANNA), name)).rows
    assert row.problem == CLOSED


@pytest.mark.parametrize("cases", [["be-fp:7"], ["xx-yy:1"], ["be-fp:7", "nothing"], []])
async def test_what_cannot_be_opened_is_as_if_it_were_not_named(api: Api, cases: list[str]) -> None:
    held(api, code="H2")
    with pytest.raises(NotFoundError):
        await cross_reference_records(api.session(ANNA), cases)
    whole = await cross_reference_records(api.session(ANNA), [*cases, "fr-pj:2"])
    assert whole.list.rows == 1


async def test_hit_only_records_answer_as_they_answer_a_list(api: Api) -> None:
    held(api, code="H2")
    name = await crossed(api, "fr-pj:1")
    row = (await read_results(api.session(ANNA), name)).rows[0]
    assert [hit.agency for hit in row.hits] == ["be-fp"]
    spent = api.runtime.hits.remaining(ANNA, api.now)
    assert spent == api.settings.hit_budget - 1


async def foldered(api: Api, *items: str, who: Any = ANNA, title: str = "Harbour") -> str:
    made = await create_folder(api.session(who), title)
    await add_items(api.session(who), made.folder.id, items)
    return made.folder.id


async def test_a_folder_is_asked_by_what_its_viewer_can_open(api: Api) -> None:
    held(api)
    link = api.link("fr-pj:2", "nl-np:8")
    folder = await foldered(api, "entity fr-pj:1 p1", f"link {link}", "record be-fp:7")
    made = await cross_reference_folder(api.session(ANNA), folder)
    assert (made.list.title, made.list.rows) == ("Harbour", 5)
    while await run_round(api.runtime):
        pass
    rows = (await read_results(api.session(ANNA), made.list.id)).rows
    assert [row.id for row in rows] == ["fr-pj:1 p1", "fr-pj:2 p2", "nl-np:8 p2", "nl-np:8 p1", "be-fp:7 p1"]
    api.hold(record("be-fp", "7", version=2, code="H3", entities=[PETROV]))
    assert (await cross_reference_folder(api.session(ANNA), folder)).list.rows == 4
    with pytest.raises(NotFoundError):
        await cross_reference_folder(api.session(BERT), folder)


async def test_an_empty_folder_says_so(api: Api) -> None:
    made = await create_folder(api.session(ANNA), "empty")
    with pytest.raises(NotFoundError):
        await cross_reference_folder(api.session(ANNA), made.folder.id)


async def test_a_record_leads_back_to_the_rows_that_found_it(api: Api) -> None:
    held(api)
    name = await crossed(api, "fr-pj:1", "fr-pj:2")
    answer = await list_found_records(api.session(ANNA), name)
    assert [(one.case, one.count, [entry.id for entry in one.entries]) for one in answer.records] == [
        ("nl-np:8", 2, ["fr-pj:1 p1", "fr-pj:2 p2"]),
        ("be-fp:7", 1, ["fr-pj:1 p1"]),
    ]
    first = await list_found_records(api.session(ANNA), name, limit=1)
    second = await list_found_records(api.session(ANNA), name, limit=1, cursor=first.next or "")
    assert [*first.records, *second.records] == [*answer.records]
    assert second.next is None


async def test_two_lists_meet_in_what_both_found_and_a_list_and_a_folder_in_what_that_keeps(api: Api) -> None:
    held(api)
    name = await crossed(api, "fr-pj:1", "fr-pj:2")
    other = (await submit_list(api.session(ANNA), b"id,name,born\nX9,Ivan Petrov,1980-05-01\n", "csv")).list.id
    while await run_round(api.runtime):
        pass
    both = (await list_found_records(api.session(ANNA), name, other=other)).records
    assert [(one.case, [entry.id for entry in one.also]) for one in both] == [
        ("nl-np:8", ["X9"]),
        ("be-fp:7", ["X9"]),
    ]
    back = (await list_found_records(api.session(ANNA), other, other=name)).records
    assert [(one.case, one.count_also) for one in back] == [("be-fp:7", 1), ("nl-np:8", 2)]
    folder = await foldered(api, "record be-fp:7", "record fr-pj:2")
    kept = (await list_found_records(api.session(ANNA), name, folder=folder)).records
    assert [one.case for one in kept] == ["be-fp:7"]
    for missing in (("0" * 32, ""), ("", "0" * 32)):
        with pytest.raises(NotFoundError):
            await list_found_records(api.session(ANNA), name, 50, "", *missing)
    with pytest.raises(NotFoundError):
        await list_found_records(api.session(BERT), name)


async def test_follow_the_money_entities_come_in_by_their_ids_and_go_out_with_what_they_met(api: Api) -> None:
    held(api)
    name = (await submit_list(api.session(ANNA), ENTITIES, "ndjson", title="entities.ftm.json")).list.id
    while await run_round(api.runtime):
        pass
    rows = (await read_results(api.session(ANNA), name)).rows
    assert [(row.line, row.id, bool(row.problem)) for row in rows] == [
        (1, "a-1", False),
        (2, "b-1", False),
        (4, None, True),
    ]
    assert [(tie.relation, tie.other) for tie in rows[0].ties] == [("Directorship", "b-1")]
    content = b"".join([part async for part in export_results(api.session(ANNA), name, "ftm")])
    sent = [orjson.loads(line) for line in content.splitlines()]
    found = {one["id"]: one for one in sent}
    assert {one["schema"] for one in sent} >= {"Project", "Person", "UnknownLink"}
    ties = [one["properties"] for one in sent if one["properties"].get("subject") == ["a-1"]]
    assert len(ties) == 3
    assert all(found[tie["object"][0]]["schema"] == "Project" for tie in ties)


async def test_rows_without_a_match_and_of_others_records_leave_no_entity_of_theirs(api: Api) -> None:
    held(api, code="H2")
    name = (
        await submit_list(api.session(ANNA), b"id,name,born\nX9,Ivan Petrov,1980-05-01\nX8,Nobody,\n", "csv")
    ).list.id
    while await run_round(api.runtime):
        pass
    content = b"".join([part async for part in export_results(api.session(ANNA), name, "ftm", ListFilter())])
    sent = [orjson.loads(line) for line in content.splitlines()]
    assert [one["properties"] for one in sent if one["schema"] == "LegalEntity"] == [{"name": ["Ivan Petrov"]}]
    assert "be-fp:7" not in content.decode()
    hidden = [one for one in sent if one["properties"].get("publisher") == ["be-fp"]]
    assert [one["properties"] for one in hidden] == [{"publisher": ["be-fp"]}]


async def test_a_folder_goes_out_as_entities_of_what_its_viewer_can_open(api: Api) -> None:
    held(api)
    folder = await foldered(api, "entity fr-pj:1 v1", "record be-fp:7")
    api.hold(record("be-fp", "7", version=2, code="H3", entities=[PETROV]))
    content = b"".join([part async for part in export_folder_entities(api.session(ANNA), folder)])
    schemas = sorted(orjson.loads(line)["schema"] for line in content.splitlines())
    assert schemas == ["Project", "UnknownLink", "Vehicle"]
    assert api.audit.acts[-1].kind is ActKind.EXPORT


async def test_more_than_a_list_may_have_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    held(api)
    monkeypatch.setattr(cross_reference, "MOST_ROWS", 1)
    answer = await api.post("/v1/cross-references", {"cases": ["fr-pj:1"]})
    assert answer.status_code == 422
    assert (await api.post("/v1/cross-references", {"cases": []})).status_code == 422
    assert (await api.post("/v1/cross-references", {"cases": ["fr-pj:1"] * 501})).status_code == 422


async def test_lists_of_one_person_are_few_whatever_they_are_made_of(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    held(api)
    monkeypatch.setattr("pipeline.api.services.list_checks.MOST_LISTS", 1)
    await cross_reference_records(api.session(ANNA), ["fr-pj:1"])
    with pytest.raises(ConflictError):
        await cross_reference_records(api.session(ANNA), ["fr-pj:1"])
    await cross_reference_records(api.session(make_requester("fr-pj", subject="carl")), ["fr-pj:1"])
