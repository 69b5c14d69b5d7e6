from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Any

import pytest

from pipeline.index.documents import DocumentWrite, case_document
from pipeline.index.mappings import Indices
from pipeline.index.queries import QueryLimits
from pipeline.index.reading import IndexReader
from pipeline.index.searching import Admit, Documents, PageRequest, find_cases, search_cases
from pipeline.matching.model import Model, load_model
from pipeline.search.probes import make_probe
from pipeline.search.questions import parse_question
from support.index.documents import PureStages
from support.index.memory import IndexCall, MemoryIndex, SearchAnswer
from support.records.builder import person


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model()


class Behind(MemoryIndex):
    """An index whose queries see what was there at the last `refreshed`, as Elasticsearch's do."""

    def __init__(self) -> None:
        super().__init__(Indices("", "g1"))
        self.past = MemoryIndex(Indices("", "g1"))

    def refreshed(self, actions: list[DocumentWrite]) -> None:
        self.write(actions)
        self.past.write(actions)

    async def search(self, *given: Any, **asked: Any) -> SearchAnswer:
        self.calls.append(IndexCall("search"))
        return await self.past.search(*given, **asked)


def case(
    stages: PureStages, number: int, name: str = "Ivan Petrov", version: int = 1, title: str = "As sent"
) -> DocumentWrite:
    man = person(name, id="p1")
    record = {"case_id": str(number), "agency": "fr-pj", "country": "FR", "version": version, "entities": [man]}
    return case_document(stages.accepted(record | {"title": title}))


async def first(index: Behind, stages: PureStages, most: int, admit: Admit) -> list[str]:
    question, limits = parse_question("ivan petrov"), QueryLimits(date(2026, 11, 24))
    reader = IndexReader(index, Indices("", ""), lambda: datetime(2026, 11, 24, tzinfo=UTC))
    asked_for, wanted = make_probe(question, ""), PageRequest(most, admit)
    return [
        document.case
        for _, document in (await find_cases(reader, question, asked_for, stages.model, limits, wanted)).cases
    ]


async def all_of_them(documents: Documents) -> Collection[str]:
    return documents.keys()


@pytest.fixture(scope="module")
def stages(model: Model) -> PureStages:
    return PureStages(model)


@pytest.fixture
def behind(stages: PureStages) -> Behind:
    """Five cases of one man."""
    index = Behind()
    index.refreshed([case(stages, number) for number in range(5)])
    return index


async def test_only_what_is_shown_is_looked_at_in_real_time(behind: Behind, stages: PureStages) -> None:
    shown = await first(behind, stages, 2, all_of_them)
    assert behind.calls == [IndexCall("search"), IndexCall("get", "cases", tuple(shown))]


async def test_what_has_changed_since_it_was_indexed_is_ranked_anew(behind: Behind, stages: PureStages) -> None:
    behind.write([case(stages, 0, "Ivan Petroff", 2), case(stages, 1, "Zhou Wen", 2)])
    assert await first(behind, stages, 3, all_of_them) == ["fr-pj:2", "fr-pj:3", "fr-pj:4"]
    assert await first(behind, stages, 9, all_of_them) == ["fr-pj:2", "fr-pj:3", "fr-pj:4", "fr-pj:0"]


async def test_what_is_shown_of_an_amended_case_is_what_holds_now(behind: Behind, stages: PureStages) -> None:
    behind.write([case(stages, 0, version=2, title="Amended")])
    question, limits = parse_question("ivan petrov"), QueryLimits(date(2026, 11, 24))
    reader = IndexReader(behind, Indices("", ""), lambda: datetime(2026, 11, 24, tzinfo=UTC))
    found = await search_cases(reader, question, stages.model, limits)
    titles = {result.case.case: (result.case.data or {}).get("title") for result in found}
    assert titles == {"fr-pj:0": "Amended"} | {f"fr-pj:{number}": "As sent" for number in range(1, 5)}


async def test_what_has_gone_or_may_not_be_read_makes_room_for_the_next(behind: Behind, stages: PureStages) -> None:
    async def but_one(documents: Documents) -> Collection[str]:
        return documents.keys() - {"fr-pj:2"}

    behind.write([case_document(stages.accepted({
        "case_id": "0", "agency": "fr-pj", "country": "FR", "version": 2, "status": "withdrawn", "entities": []
    }))])  # fmt: skip
    assert await first(behind, stages, 2, but_one) == ["fr-pj:1", "fr-pj:3"]


async def test_a_case_too_large_for_its_card_is_ranked_by_its_document(behind: Behind, stages: PureStages) -> None:
    names = [{"full": name} for name in ("Zhou Wen", "Chou Wen the Younger", "Chow Wan of the Northern Quarter")]
    crowd = [person(names=names, id=f"p{at}", emails=[f"{at:0150}@example.org"]) for at in range(2, 200)]
    man = person("Ivan Petrov", id="p1")
    record = {"case_id": "crowd", "agency": "fr-pj", "country": "FR", "entities": [man, *crowd]}
    large = case_document(stages.accepted(record))
    assert b'"entities":"' in large.body
    behind.refreshed([large])
    assert "fr-pj:crowd" in await first(behind, stages, 9, all_of_them)
