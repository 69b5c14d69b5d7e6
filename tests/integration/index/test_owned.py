"""What is read owner by owner is the same of Elasticsearch, of one shard and of three, as of the index in memory."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

import pytest
from elasticsearch import AsyncElasticsearch

from pipeline.access.release import Viewer
from pipeline.index.documents import CaseDocument, DocumentWrite, case_document
from pipeline.index.mappings import DEFAULT_LAYOUTS, IndexLayout, Indices, apply_mappings
from pipeline.index.queries import QueryLimits, owned_body
from pipeline.index.reading import IndexReader
from pipeline.index.searching import OPERATIONS, find_hits
from pipeline.index.writer import BulkWriter
from pipeline.search.probes import make_probe, make_strict_query
from pipeline.search.questions import parse_question
from pipeline.search.ranking import Candidate
from support.index.documents import PureStages
from support.index.memory import MemoryIndex
from support.records.builder import named, person, record

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300), pytest.mark.rare]

TODAY: Final = datetime(2026, 11, 24, tzinfo=UTC)
LIMITS: Final = QueryLimits(date(2026, 11, 24), Viewer("be-fp", "BE", "investigation"), hits=True)
QUESTIONS: Final = (
    "ivan sergeevich petrov 1980-05-01", "ivan petrov 1980-05-01", "Иван Петров 1980-05-01", "passport:C01X00T47",
    "C01X00T47", "ivan petrov 1980-05-01 +33612345678", "petrov ivan 1980-01-05 C01X00T47",
)  # fmt: skip
NAMES: Final = (
    "Ivan Sergeevich Petrov", "Ivan Petrov", "Иван Петров", "Anna Petrova", "Sergeevich Petrov", "Ivan Sidorov",
)  # fmt: skip
TOGETHER: Final = 50
"""Documents of one request to write."""


def documents(stages: PureStages) -> list[DocumentWrite]:
    """Many hit-only cases of one owner, some too large for their cards, and few of others; some are for others."""
    crowd: list[dict[str, Any]] = []
    for at in range(3 * OPERATIONS):
        numbers = [{"type": "passport" if at % 3 else "other", "value": "C01X00T47"}] if at % 2 else []
        man = named(NAMES[at % 6], NAMES[(at + at % 4) % 6], birth_date="1980-05-01", identifiers=numbers, id="p1")
        more = [person(f"Ivan Petrov {n}", id=f"q{n}") for n in range(199 if at % 25 == 1 else 0)]
        crowd.append(record("de-lka", str(at), code="H2", entities=[man, *more]))
    handlings = (("nl-np", "H2", "*"), ("fr-pj", "H2", ("FR",)), ("at-bk", "H3", "*"), ("lu-pg", "H0", "*"))
    equal = person(NAMES[0], id="p1", birth_date="1980-05-01")
    others = [record(agency, "1", code=code, to=to, entities=[equal]) for agency, code, to in handlings]
    return [case_document(stages.accepted(one), b"key") for one in (*crowd, *others)]


def told(found: list[tuple[Candidate, CaseDocument]]) -> list[tuple[Any, ...]]:
    return [(candidate.card.case, candidate.met, candidate.score, candidate.entities, doc) for candidate, doc in found]


async def test_elasticsearch_answers_as_the_index_in_memory(
    client: AsyncElasticsearch, namespace: str, stages: PureStages
) -> None:
    actions = documents(stages)
    memory = MemoryIndex(Indices("", "g1"))
    memory.write(actions)
    readers = [IndexReader(memory, Indices("", "g1"), lambda: TODAY)]
    for name, shards in (("one", 1), ("three", 3)):
        indices = Indices(f"{namespace}{name}-", "g1")
        assert await apply_mappings(client, indices, {kind: IndexLayout(shards) for kind in DEFAULT_LAYOUTS}) == []
        for start in range(0, len(actions), TOGETHER):
            assert (await BulkWriter(client, indices).write(actions[start : start + TOGETHER])).refused == []
        await client.indices.refresh(index=f"{indices.namespace}*")
        readers.append(IndexReader(client, indices, lambda: TODAY))
    for text in QUESTIONS:
        question = parse_question(text)
        first, *others = [told(await find_hits(reader, question, "FR", stages.model, LIMITS)) for reader in readers]
        assert "nl-np:1" in {case for case, *_ in first} or "C01X" in text
        assert first
        assert others == [first, first]
        body = owned_body(make_strict_query(question, make_probe(question, "FR", exact=True)), LIMITS, OPERATIONS)
        parts = [[part async for part in reader.find_owned(body, OPERATIONS)] for reader in readers]
        assert parts[1:] == [parts[0], parts[0]]
        assert {one.card.agency for part in parts[0] for one in part} <= {"de-lka", "nl-np"}
