from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pipeline.access.audit import ShownForm
from pipeline.access.case_filters import Filters
from pipeline.access.requester import Role, parse_grounds
from pipeline.api.problems import UnprocessableError
from pipeline.api.services.search import Search, search
from pipeline.api.services.search_facets import count_facets
from pipeline.index.filters import FacetCounts
from support.access.requesters import ANNA, make_requester
from support.api.runtime import Api
from support.records.builder import person, record, vehicle


def _held(api: Api) -> None:
    burglary, drugs = ([{"scheme": "ICCS", "code": code}] for code in ("0501", "0601"))
    api.hold(
        record("fr-pj", "1", opened="2026-01-02", offences=burglary, entities=[_man("Suspect"), vehicle("AB-1", "FR")]),
        record("fr-pj", "2", opened="2025-03-04", offences=drugs, entities=[_man("witness")]),
        record("be-fp", "3", opened="2025-12-31", offences=burglary, entities=[_man("suspect")]),
        record("be-fp", "4", "H2", opened="2025-05-05", offences=burglary, entities=[_man("victim")]),
        record("be-fp", "5", "H3", opened="2024-05-05", offences=burglary, entities=[_man("victim")]),
        record("nl-np", "6", to=["BE"], opened="2023-05-05", entities=[_man("missing")]),
        record("be-fp", "7", opened="2022-05-05", entities=[person("Anna Keller")]),
    )


def _man(role: str) -> dict[str, Any]:
    return person("Ivan Petrov", birth_date="1980-05-01", role=role)


async def counts(api: Api, question: str, **filters: Any) -> FacetCounts:
    return (await count_facets(api.session(ANNA), Search(question, "FR", filters=Filters(**filters)))).facets


def told(counted: FacetCounts, name: str) -> dict[str, int]:
    return {one.value: one.count for one in getattr(counted, name)}


async def test_a_questions_answers_are_counted_by_each_facet(api: Api) -> None:
    _held(api)
    found = await counts(api, "ivan petrov")
    assert found.cases == 3
    assert told(found, "countries") == {"FR": 2, "BE": 1}
    assert told(found, "agencies") == {"fr-pj": 2, "be-fp": 1}
    assert told(found, "types") == {"person": 3, "vehicle": 1}
    assert told(found, "roles") == {"suspect": 2, "witness": 1}
    assert told(found, "offences") == {"ICCS:0501": 2, "ICCS:0601": 1}
    assert list(told(found, "years").items()) == [("2026", 1), ("2025", 2)]


async def test_several_values_of_a_facet_can_be_chosen(api: Api) -> None:
    _held(api)
    found = await counts(api, "ivan petrov", roles=("suspect",))
    assert (found.cases, told(found, "roles")) == (2, {"suspect": 2, "witness": 1})
    assert told(found, "countries") == {"BE": 1, "FR": 1}
    assert told(found, "years") == {"2026": 1, "2025": 1}
    both = await counts(api, "ivan petrov", roles=("suspect", "witness"), years=(2025,))
    assert (both.cases, told(both, "countries")) == (2, {"FR": 1, "BE": 1})


@pytest.mark.parametrize("question", ["ivan petrov", ""])
@pytest.mark.parametrize(
    "filters",
    [{"countries": ("BE",)}, {"types": ("vehicle",)}, {"roles": ("suspect",), "years": (2025, 2026)},
     {"years": (2022,)}, {"offences": ("ICCS:0501",), "agencies": ("fr-pj", "be-fp")}],
)  # fmt: skip
async def test_as_many_are_counted_as_are_found(api: Api, question: str, filters: dict[str, Any]) -> None:
    _held(api)
    found = await search(api.session(ANNA), Search(question, "FR", 100, filters=Filters(**filters)))
    assert (await counts(api, question, **filters)).cases == len(found.results)


async def test_without_a_question_all_that_may_be_read_is_counted(api: Api) -> None:
    _held(api)
    found = await counts(api, "")
    assert (found.cases, told(found, "countries")) == (4, {"BE": 2, "FR": 2})
    assert (await counts(api, "offence:05")).cases == 2


async def test_what_is_counted_is_recorded(api: Api) -> None:
    _held(api)
    await counts(api, "ivan petrov")
    assert api.audit.acts[-1].kind == "read"


async def test_a_question_that_makes_no_sense_is_refused(api: Api) -> None:
    with pytest.raises(UnprocessableError):
        await counts(api, "born:nonsense")


def counted(api: Api) -> set[str]:
    """The records that the last act counted; it showed none in any other form."""
    shown = api.audit.acts[-1].shown
    assert {one.form for one in shown} <= {ShownForm.COUNTED}
    return {one.case for one in shown}


async def test_owners_are_told_of_the_few_records_that_are_counted(api: Api) -> None:
    """A number asked for gives country, role, offence and year of the one case that has it."""
    _held(api)
    await counts(api, "ivan petrov")
    assert counted(api) == {"be-fp:3"}, "own records and hit-only ones are not among them"
    assert {one.rule for one in api.audit.acts[-1].shown} == {"released"}
    await counts(api, "anna keller")
    assert counted(api) == {"be-fp:7"}
    await counts(api, "", roles=("suspect",))
    assert counted(api) == {"be-fp:3", "be-fp:7"}, "the roles are counted of all records"


async def test_counts_over_more_than_five_records_of_others_name_none(api: Api) -> None:
    api.hold(*(record("be-fp", str(number), entities=[_man("suspect")]) for number in range(5)))
    await counts(api, "ivan petrov")
    assert len(counted(api)) == 5
    api.hold(record("nl-np", "5", entities=[_man("suspect")]), record("fr-pj", "6", entities=[_man("witness")]))
    await counts(api, "ivan petrov")
    assert counted(api) == set()
    await counts(api, "ivan petrov", agencies=("nl-np",))
    assert counted(api) == {"nl-np:5"}, "one remains, whose other facets are counted alone"


async def test_counts_of_a_search_that_was_just_answered_join_its_access(api: Api) -> None:
    _held(api)
    asked = Search("ivan petrov", "FR")
    await search(api.session(ANNA), asked)
    await count_facets(api.session(ANNA), asked)
    assert counted(api) == set()
    elsewhere = api.session(ANNA)
    elsewhere.grounds = parse_grounds("investigation", "2026/2")
    for other in (api.session(make_requester("fr-pj", Role.INVESTIGATOR, subject="cleo")), elsewhere):
        await count_facets(other, asked)
        assert counted(api) == {"be-fp:3"}, "who did not search, or for another case, was shown nothing"
    await count_facets(api.session(ANNA), Search("ivan petrov", "BE"))
    assert counted(api) == {"be-fp:3"}
    api.now += timedelta(minutes=2)
    await count_facets(api.session(ANNA), asked)
    assert counted(api) == {"be-fp:3"}


async def test_counts_cost_the_index_the_same_with_a_hidden_record(api: Api) -> None:
    _held(api)
    traces = []
    for _ in range(2):
        api.index.calls.clear()
        await counts(api, "ivan petrov")
        traces.append([(call.kind, call.where) for call in api.index.calls])
        api.hold(
            record("be-fp", "8", "H3", entities=[_man("suspect")]), record("be-fp", "9", "H2", entities=[_man("x")])
        )
    assert traces[0] == traces[1]
    assert counted(api) == {"be-fp:3"}
