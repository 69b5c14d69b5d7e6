"""Answers from an index of three shards are those from one: order, score, reasons, pages, links."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from elasticsearch import AsyncElasticsearch

from pipeline.access.release import Viewer
from pipeline.index.documents import DocumentWrite, case_document, link_document
from pipeline.index.mappings import DEFAULT_LAYOUTS, IndexLayout, Indices, apply_mappings
from pipeline.index.queries import BY_SCORE, QueryLimits, candidate_body, page_body
from pipeline.index.reading import IndexReader
from pipeline.index.searching import SearchResult, find_hits, search_cases
from pipeline.index.writer import BulkWriter
from pipeline.search.probes import make_candidate_query, make_probe
from pipeline.search.questions import parse_question
from support.index.documents import PureStages
from support.records.builder import person

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300), pytest.mark.rare]

COUNT = 240
NAMES = ("Ivan Petrov", "Anna Petrova", "Иван Петров", "Maria Garcia", "Jan Nowak")
ALL = QueryLimits(date(2026, 11, 24))
LIMITS = (
    ALL,
    QueryLimits(date(2026, 11, 24), Viewer("be-fp", "BE", "investigation")),
    QueryLimits(date(2026, 11, 24), Viewer("fr-pj", "FR", "prosecution")),
)
QUESTIONS = (
    "ivan petrov",
    "petrova 1980",
    "Иван Петров 1980-05-01",
    "garcia",
    "nowak jan born:1981",
    "+33 6 12 34 56 07",
)


def documents(stages: PureStages) -> tuple[list[DocumentWrite], str]:
    """Cases with few names and many ties, some hidden, and links between neighbours; and a case with links.

    Two of five pairs are links, the others have no band.
    """
    draw = random.Random(7)
    taken = []
    for number in range(COUNT):
        man = person(
            draw.choice(NAMES),
            id="p1",
            birth_date=f"19{80 + number % 3}-05-01",
            phones=[f"+33 6 12 34 56 {number % 20:02}"],
        )
        country = draw.choice(["FR", "BE", "NL"])
        code = draw.choice(["H0", "H1", "H3"])
        handling = {"code": code, "releasable_to": ["BE"] if code == "H1" else ["*"], "purposes": ["investigation"]}
        record = {"case_id": str(number), "agency": f"{country.lower()}-x", "country": country, "entities": [man]}
        taken.append(stages.accepted(record | {"handling": handling}))
    links = [link_document(stages.claim(a, b)) for a, b in zip(taken[::2], taken[1::2], strict=True)]
    links += [link_document(stages.claim(taken[0], other)) for other in taken[2:]]
    return [*map(case_document, taken), *links], taken[0].case


@pytest.fixture
async def readers(
    client: AsyncElasticsearch, namespace: str, stages: PureStages
) -> tuple[IndexReader, IndexReader, str]:
    """The same documents in one shard and in three, and a case that has many links."""
    actions, linked = documents(stages)
    made = []
    for name, shards in (("one", 1), ("three", 3)):
        indices = Indices(f"{namespace}{name}-", "g1")
        layouts = {kind: IndexLayout(shards) for kind in DEFAULT_LAYOUTS}
        assert await apply_mappings(client, indices, layouts) == []
        assert (await BulkWriter(client, indices).write(actions)).refused == []
        await client.indices.refresh(index=f"{indices.namespace}*")
        made.append(IndexReader(client, indices))
    return made[0], made[1], linked


def told(results: Sequence[SearchResult]) -> list[tuple[Any, ...]]:
    return [(result.case.case, result.score, result.met, result.evidence) for result in results]


async def test_every_answer_is_the_same(readers: tuple[IndexReader, IndexReader, str], stages: PureStages) -> None:
    one, three, linked = readers
    for limits in LIMITS:
        for text in QUESTIONS:
            question = parse_question(text)
            found = [told(await search_cases(reader, question, stages.model, limits, "FR")) for reader in (one, three)]
            assert found[0] == found[1]
            assert found[0] or limits is not ALL
            hits = [await find_hits(reader, question, "FR", stages.model, limits) for reader in (one, three)]
            assert hits[0] == hits[1]
        cases = [[case.case async for part in reader.every_case(limits) for case in part] for reader in (one, three)]
        assert cases[0] == cases[1]
        assert [document.case for document in await one.browse_cases(limits, 50)] == [
            document.case for document in await three.browse_cases(limits, 50)
        ]
    links = [await reader.links_of(linked, 30) for reader in (one, three)]
    assert links[0] == links[1]
    assert len(links[0]) == 30
    whole = [[link.link async for link in reader.every_link()] for reader in (one, three)]
    assert whole[0] == whole[1]
    assert len(whole[0]) > COUNT / 2


async def test_candidates_are_cut_off_at_the_same_place(
    readers: tuple[IndexReader, IndexReader, str], stages: PureStages
) -> None:
    """More cases answer than are ranked, with equal scores at the cut."""
    question = parse_question("ivan petrov")
    asked_for = make_candidate_query(
        question, make_probe(question, ""), stages.model.stop_keys, stages.model.key_rarity
    )
    found = [await reader.find_candidates(candidate_body(asked_for, ALL, 20)) for reader in readers[:2]]
    assert [(candidate.card.case, candidate.score, candidate.met) for candidate in found[0]] == [
        (candidate.card.case, candidate.score, candidate.met) for candidate in found[1]
    ]
    assert len(found[0]) == 20


async def test_pages_from_a_point_in_time_are_the_same(readers: tuple[IndexReader, IndexReader, str]) -> None:
    listed: list[list[str]] = []
    for reader in readers[:2]:
        point, after, seen = reader.open_point("cases", ""), None, []
        while hits := await point.hits(source=False, **page_body({"match_all": {}}, BY_SCORE, 7, after)):
            seen += [hit.id for hit in hits]
            after = hits[-1].sort
        await point.close()
        listed.append(seen)
    assert listed[0] == listed[1]
    assert len(set(listed[0])) == COUNT
