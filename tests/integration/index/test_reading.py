from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import combinations
from typing import Any

import pytest
from elasticsearch import AsyncElasticsearch

from pipeline.correlation.claims import ClaimState
from pipeline.correlation.key_ring import digest_name
from pipeline.errors import LiaisonError
from pipeline.index import engine, reading
from pipeline.index.documents import case_document, link_document
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices
from pipeline.index.queries import QueryLimits
from pipeline.index.reading import IndexReader
from pipeline.index.writer import BulkWriter
from pipeline.settings import Settings
from support.index.documents import PureStages
from support.records.builder import record

pytestmark = pytest.mark.engines

EVERYTHING = QueryLimits(date(2026, 11, 24))


async def linked(stages: PureStages, writer: BulkWriter, **fields: Any) -> tuple[str, str]:
    """Write two linked cases, the second with further fields; their keys."""
    a, b = stages.accepted(record("be-fp")), stages.accepted(record("fr-pj", **fields))
    await writer.write([case_document(a), case_document(b), link_document(stages.claim(a, b))])
    return a.case, b.case


async def visible(reader: IndexReader) -> list[str]:
    return [link.link async for link in reader.every_link()]


async def test_a_case_is_read_the_moment_it_is_written(
    stages: PureStages, writer: BulkWriter, reader: IndexReader
) -> None:
    given = record("fr-pj", title="Vol")
    await writer.write([case_document(stages.accepted(given))])
    found = await reader.read_case("fr-pj:1")
    assert found is not None
    assert found.data["title"] == "Vol"
    assert found.data["entities"] == given["entities"]
    assert await reader.read_case("fr-pj:2") is None


async def test_a_reference_finds_its_case_for_those_to_whom_it_is_shown(
    stages: PureStages, writer: BulkWriter, reader: IndexReader, client: AsyncElasticsearch, indices: Indices
) -> None:
    handling = {"releasable_to": ["BE"], "purposes": ["investigation"]}
    for code in ("H1", "H2", "H3"):
        given = record("fr-pj", case_id=code, handling=handling | {"code": code})
        await writer.write([case_document(stages.accepted(given))])
    await client.indices.refresh(index=indices.write_alias("cases"))

    async def found(code: str, country: str = "BE", purpose: str = "investigation") -> str | None:
        case = await reader.find_digested(digest_name(f"fr-pj:{code}"), country, purpose)
        return None if case is None else case.case

    assert [await found(code) for code in ("H1", "H2", "H3")] == ["fr-pj:H1", "fr-pj:H2", None]
    assert await found("H2", country="DE") is None
    assert await found("H2", purpose="prosecution") is None


async def test_a_link_shows_while_both_cases_are_what_it_was_made_of(
    stages: PureStages, writer: BulkWriter, reader: IndexReader
) -> None:
    a, b = await linked(stages, writer)
    (link,) = [link async for link in reader.every_link()]
    assert (link.a.case, link.b.case) == (a, b)
    assert link.band
    assert [document.link for document in await reader.links_of(a, 10)] == [link.link] == await visible(reader)


async def test_an_amendment_of_what_is_matched_hides_the_link_until_it_is_claimed_again(
    stages: PureStages, writer: BulkWriter, reader: IndexReader
) -> None:
    a, _ = await linked(stages, writer)
    amended = stages.accepted(record("fr-pj", version=2, retain_until="2031-01-01"))
    await writer.write([case_document(amended)])
    assert await visible(reader) == []
    assert await reader.links_of(a, 10) == []
    await writer.write([link_document(stages.claim(stages.accepted(record("be-fp")), amended))])
    assert len(await visible(reader)) == 1


async def test_an_amendment_of_title_and_summary_hides_nothing(
    stages: PureStages, writer: BulkWriter, reader: IndexReader
) -> None:
    await linked(stages, writer)
    await writer.write([case_document(stages.accepted(record("fr-pj", version=2, title="Autre titre")))])
    assert len(await visible(reader)) == 1


async def test_a_withdrawn_case_and_its_links_are_gone_at_once(
    stages: PureStages, writer: BulkWriter, reader: IndexReader
) -> None:
    a, b = await linked(stages, writer)
    gone = {"case_id": "1", "agency": "fr-pj", "country": "FR", "version": 2, "status": "withdrawn"}
    await writer.write([case_document(stages.accepted(gone))])
    assert await reader.read_case(b) is None
    assert await visible(reader) == []
    assert await reader.links_of(a, 10) == []
    assert [case.case async for part in reader.every_case(EVERYTHING) for case in part] == [a]


async def test_a_retraction_takes_the_link_and_its_evidence_out_of_the_index(
    stages: PureStages, writer: BulkWriter, reader: IndexReader, client: AsyncElasticsearch, indices: Indices
) -> None:
    await linked(stages, writer)
    a = stages.accepted(record("be-fp"))
    b = stages.accepted(record("fr-pj", version=2, entities=[]))
    claim = stages.claim(a, b, ClaimState.RETRACTED)
    await writer.write([link_document(claim)])
    assert await visible(reader) == []
    left = (await client.get(index=indices.write_alias("links"), id=claim.link))["_source"]
    assert left == {
        "link": claim.link, "state": "retracted", "generation": "g1", "cases": ["be-fp:1", "fr-pj:1"],
        "a": {"case": "be-fp:1", "version": 1}, "b": {"case": "fr-pj:1", "version": 2},
    }  # fmt: skip


async def test_from_its_last_day_a_case_is_invisible_by_the_clock_alone(
    stages: PureStages, writer: BulkWriter, client: AsyncElasticsearch, indices: Indices
) -> None:
    _, b = await linked(stages, writer, retain_until="2027-01-01")

    async def seen(time: datetime) -> tuple[bool, int, int]:
        reader = IndexReader(client, indices, lambda: time)
        cases = [case async for part in reader.every_case(QueryLimits(time.date())) for case in part]
        return await reader.read_case(b) is not None, len(await visible(reader)), len(cases)

    assert await seen(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == (True, 1, 2)
    assert await seen(datetime(2027, 1, 1, tzinfo=UTC)) == (False, 0, 1)


async def test_all_pages_are_read_in_order_and_those_of_a_case_are_filled(
    stages: PureStages, writer: BulkWriter, reader: IndexReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PAGE", 3)
    monkeypatch.setattr(reading, "PAGE", 3)
    monkeypatch.setattr(reading, "LISTED", 2)
    cases = [
        stages.accepted(record(f"x{number}", country=country))
        for number, country in enumerate(("BE", "FR", "DE", "NL", "ES"))
    ]
    claims = [stages.claim(a, b) for a, b in combinations(cases, 2)]
    await writer.write([*map(case_document, cases), *map(link_document, claims)])
    assert await visible(reader) == sorted(claim.link for claim in claims)
    assert [case.case async for part in reader.every_case(EVERYTHING) for case in part] == [case.case for case in cases]
    hidden = {"case_id": "1", "agency": "x1", "country": "FR", "version": 2, "status": "withdrawn"}
    await writer.write([case_document(stages.accepted(hidden))])
    assert len(await reader.links_of("x0:1", 3)) == 3


async def test_without_an_index_it_says_what_to_do(client: AsyncElasticsearch, namespace: str) -> None:
    with pytest.raises(LiaisonError, match="no search index yet"):
        await IndexReader(client, Indices(namespace, "g1")).read_case("fr-pj:1")


async def test_an_elasticsearch_that_is_away_is_one_line(indices: Indices) -> None:
    async with connect(Settings(elasticsearch_url="http://127.0.0.1:9")) as nowhere:
        with pytest.raises(LiaisonError, match="Elasticsearch is not responding"):
            await IndexReader(nowhere, indices).read_case("fr-pj:1")
