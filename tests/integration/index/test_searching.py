from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from elasticsearch import AsyncElasticsearch

from pipeline.access.case_filters import Filters
from pipeline.access.release import Viewer
from pipeline.index.documents import case_document
from pipeline.index.filters import filter_clauses
from pipeline.index.mappings import Indices
from pipeline.index.queries import QueryLimits
from pipeline.index.reading import IndexReader
from pipeline.index.searching import search_cases
from pipeline.index.writer import BulkWriter
from pipeline.search.questions import parse_question
from support.index.documents import PureStages
from support.records.builder import case_data, handling, person

pytestmark = pytest.mark.engines

EVERYTHING = QueryLimits(date(2026, 11, 24))


RECORDS: dict[str, tuple[str, dict[str, Any]]] = {
    "petrov": ("FR", person("Ivan Petrov", birth_date="1980-05-01", phones=["+33 6 12 34 56 78"])),
    "namesake": ("FR", person("Ivan Petrov", birth_date="1955-11-30")),
    "cyrillic": ("BG", person("Георги Димитров")),
    "garcia": ("ES", person("María García Ñúñez", emails=["maria@example.org"])),
    "arabic": ("BE", person("محمد العمري")),
    "car": ("BE", {"id": "v1", "type": "vehicle", "plate": "1-ABC-234", "plate_country": "BE"}),
    "other-car": ("BE", {"id": "v1", "type": "vehicle", "plate": "1-XYZ-234", "plate_country": "BE"}),
    "document": (
        "DE",
        {"id": "d1", "type": "document", "document_type": "passport", "number": "C01X00T47", "country": "DE"},
    ),
    "firm": ("FR", {"id": "o1", "type": "organisation", "names": [{"full": "Nord Trade Logistique SARL"}]}),
}


@pytest.fixture
async def filled(
    stages: PureStages, writer: BulkWriter, reader: IndexReader, client: AsyncElasticsearch, indices: Indices
) -> IndexReader:
    """An index of one case a record; the firm's has a summary, some are not for everyone."""
    more: dict[str, dict[str, Any]] = {
        "firm": {"summary": "Fraude à la TVA, société écran"},
        "namesake": {"handling": handling("H1", ["BE"], ["investigation"])},
        "garcia": {"handling": handling("H3", ["*"], [])},
    }
    cases = [
        stages.accepted(case_data(f"{country.lower()}-x", name, [entity], **more.get(name, {})))
        for name, (country, entity) in RECORDS.items()
    ]
    assert (await writer.write([case_document(case) for case in cases])).refused == []
    await client.indices.refresh(index=indices.write_alias("cases"))
    return reader


async def found(
    reader: IndexReader, stages: PureStages, question: str, limits: QueryLimits = EVERYTHING, country: str = ""
) -> list[str]:
    results = await search_cases(reader, parse_question(question), stages.model, limits, country)
    assert [result.score for result in results] == sorted((result.score for result in results), reverse=True)
    return [result.case.case.split(":")[1] for result in results]


FIRST = {
    "Иван Петров 1980-05-01": "petrov",
    "ivan petrov 1955": "namesake",
    "Petrov, Ivan born:1980-05": "petrov",
    "georgi dimitrov": "cyrillic",
    "maria garcia nunez": "garcia",
    "Mohammed al-Omari": "arabic",
    "+33 612 345 678": "petrov",
    "maria@example.org": "garcia",
    "1ABC234": "car",
    "1-abc-234": "car",
    "plate:1?BC*": "car",
    "*BC-234": "car",
    "c01x00t47": "document",
    "nord trade": "firm",
    "text:fraude": "firm",
    "societe ecran": "firm",
    'name:"Boris Savin" name:"Ivan Petrov" born:1971 born:1980-05 nationality:Russian type:person': "petrov",
    "ivan petrov born:1954/1956 birthplace:Tver": "namesake",
    'type:organisation nickname:"Nord Trade"': "firm",
}


async def test_what_is_asked_for_comes_first(filled: IndexReader, stages: PureStages) -> None:
    firsts = {question: (await found(filled, stages, question))[:1] for question in FIRST}
    assert firsts == {question: [first] for question, first in FIRST.items()}


async def test_a_phone_as_dialled_at_home_is_found_with_its_country_and_without(
    filled: IndexReader, stages: PureStages
) -> None:
    assert await found(filled, stages, "06 12 34 56 78", country="FR") == ["petrov"]
    assert await found(filled, stages, "06 12 34 56 78") == ["petrov"]


async def test_a_partial_plate_finds_only_what_fits_it(filled: IndexReader, stages: PureStages) -> None:
    assert await found(filled, stages, "plate:1?BC*") == ["car"]
    assert sorted(await found(filled, stages, "plate:1*234")) == ["car", "other-car"]


async def test_a_name_of_another_type_finds_nobody(filled: IndexReader, stages: PureStages) -> None:
    assert await found(filled, stages, 'type:vessel name:"Ivan Petrov"') == []
    assert await found(filled, stages, 'type:person name:"Nord Trade Logistique"') == []


async def test_a_name_nobody_bears_finds_nobody(filled: IndexReader, stages: PureStages) -> None:
    assert await found(filled, stages, "zbigniew oczko") == []


async def test_a_requester_finds_only_what_is_released_to_him(filled: IndexReader, stages: PureStages) -> None:
    belgian, own, german = (
        QueryLimits(EVERYTHING.today, Viewer(agency, country, "investigation"))
        for agency, country in (("be-fp", "BE"), ("fr-x", "FR"), ("de-bka", "DE"))
    )
    assert sorted(await found(filled, stages, "ivan petrov", belgian)) == ["namesake", "petrov"]
    assert sorted(await found(filled, stages, "ivan petrov", own)) == ["namesake", "petrov"]
    assert await found(filled, stages, "ivan petrov", german) == ["petrov"]
    assert await found(filled, stages, "maria@example.org", german) == []


async def test_a_case_withdrawn_since_the_last_refresh_is_not_shown(
    filled: IndexReader, stages: PureStages, writer: BulkWriter
) -> None:
    gone = {"case_id": "petrov", "agency": "fr-x", "country": "FR", "version": 2, "status": "withdrawn"}
    await writer.write([case_document(stages.accepted(gone))])
    assert await found(filled, stages, "ivan petrov") == ["namesake"]


async def test_results_say_why(filled: IndexReader, stages: PureStages) -> None:
    (result,) = await search_cases(filled, parse_question("Иван Петров 1980-05-01"), stages.model, EVERYTHING, limit=1)
    fields = {item.field: item for entity in result.evidence for item in entity.items}
    assert fields["birth_date"].bits > 0
    assert {"name", "key"} <= set(result.met)


NARROWED: tuple[tuple[Filters, list[str]], ...] = (
    (Filters(opened_from="2026-02-01"), ["fraud", "theft"]),
    (Filters(opened_from="2026-01-01", opened_to="2026-02-01"), ["arson", "fraud"]),
    (Filters(closed_to="2026-06-30"), ["arson"]),
    (Filters(open_only=True), ["fraud", "theft"]),
    (Filters(offences=("ICCS:0501", "ICCS:0701")), ["fraud", "theft"]),
    (Filters(goals=(6,)), ["theft"]),
    (Filters(countries=("BE",), offences=("ICCS:0701",)), ["fraud"]),
    (Filters(agencies=("fr-x",)), ["arson", "theft"]),
)


async def test_days_places_offences_and_agencies_narrow_a_search(
    stages: PureStages, writer: BulkWriter, reader: IndexReader, client: AsyncElasticsearch, indices: Indices
) -> None:
    told: dict[str, tuple[str, dict[str, Any]]] = {
        "arson": ("FR", {"opened": "2026-01-01", "closed": "2026-06-30"}),
        "fraud": ("BE", {"opened": "2026-02-01", "offences": [{"scheme": "ICCS", "code": "0701"}]}),
        "theft": (
            "FR",
            {"opened": "2026-03-01", "offences": [{"scheme": "ICCS", "code": "0501"}], "policing_goals": [6]},
        ),
    }
    man = person("Ivan Petrov", addresses=[{"city": "Lyon", "country": "FR"}])
    cases = [
        stages.accepted(case_data(f"{country.lower()}-x", name, [man], **fields))
        for name, (country, fields) in told.items()
    ]
    assert (await writer.write([case_document(case) for case in cases])).refused == []
    await client.indices.refresh(index=indices.write_alias("cases"))
    for filters, expected in NARROWED:
        limits = QueryLimits(EVERYTHING.today, filters=filter_clauses(filters))
        assert sorted(await found(reader, stages, "ivan petrov", limits)) == expected, filters
        assert [document.case for document in await reader.browse_cases(limits, 10)] == sorted(
            f"{told[name][0].lower()}-x:{name}" for name in expected
        )
    assert sorted(await found(reader, stages, "petrov city:Lyon")) == sorted(told)
    assert sorted(await found(reader, stages, "city:Lyon")) == sorted(told)
    assert await found(reader, stages, "city:Tver") == []


async def test_a_case_is_found_by_its_number_with_and_without_its_agency(
    stages: PureStages, writer: BulkWriter, reader: IndexReader, client: AsyncElasticsearch, indices: Indices
) -> None:
    cases = [
        stages.accepted(case_data("fr-pj", number, [person("Ivan Petrov")])) for number in ("2026-0417", "2026-0418")
    ]
    assert (await writer.write([case_document(case) for case in cases])).refused == []
    await client.indices.refresh(index=indices.write_alias("cases"))
    for asked in ("2026-0417", "2026/0417", "fr-pj:2026-0417"):
        assert await found(reader, stages, asked) == ["2026-0417"]
    assert await found(reader, stages, "be-fp:2026-0417") == []
