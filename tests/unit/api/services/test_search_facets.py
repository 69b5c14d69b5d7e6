from __future__ import annotations

from typing import Any

import pytest

from pipeline.access.case_filters import Filters
from pipeline.api.problems import UnprocessableError
from pipeline.api.services.search import Search, search
from pipeline.api.services.search_facets import count_facets
from pipeline.index.facets import FacetCounts
from support.access.requesters import ANNA
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
    assert api.audit.acts[-1].shown == ()


async def test_a_question_that_makes_no_sense_is_refused(api: Api) -> None:
    with pytest.raises(UnprocessableError):
        await counts(api, "born:nonsense")
