"""A point in time on either index: it stays as it is while others write, and one that has gone is opened anew."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any, Protocol

import pytest
from elasticsearch import AsyncElasticsearch

from pipeline.index.documents import DocumentWrite, case_document
from pipeline.index.engine import PointInTime, SearchEngine, connect
from pipeline.index.mappings import Indices, apply_mappings
from pipeline.index.queries import BY_CASE, page_body
from pipeline.index.writer import BulkWriter
from pipeline.matching.model import load_model
from pipeline.settings import Settings
from support.index.documents import PureStages
from support.index.memory import MemoryIndex
from support.records.builder import record

pytestmark = pytest.mark.engines


class Held(Protocol):
    """An engine that documents can be written to, and that can lose what it holds open."""

    @property
    def engine(self) -> SearchEngine: ...
    @property
    def index(self) -> str: ...

    async def write(self, actions: Iterable[DocumentWrite]) -> None: ...
    async def drop(self) -> None: ...


class InMemory:
    """The tests' index."""

    def __init__(self) -> None:
        self.engine = MemoryIndex(Indices("", "g1"))
        self.index = Indices("", "g1").read_alias("cases")

    async def write(self, actions: Iterable[DocumentWrite]) -> None:
        self.engine.write(actions)

    async def drop(self) -> None:
        self.engine.forget_points()


class Real:
    """Elasticsearch; its point goes with its index, which is made again with what it held."""

    def __init__(self, client: AsyncElasticsearch, names: Indices) -> None:
        self.engine, self._names = client, names
        self.index = names.read_alias("cases")
        self._written: list[DocumentWrite] = []

    async def write(self, actions: Iterable[DocumentWrite]) -> None:
        given = list(actions)
        self._written += given
        await BulkWriter(self.engine, self._names).write(given)
        await self.engine.indices.refresh(index=self.index)

    async def drop(self) -> None:
        made = await self.engine.indices.get(index=self._names.write_alias("cases"))
        await self.engine.indices.delete(index=list(made))
        await apply_mappings(self.engine, self._names)
        await self.write(self._written)


@pytest.fixture(params=["memory", "elasticsearch"])
async def held(request: pytest.FixtureRequest, engine_settings: Settings, namespace: str) -> AsyncIterator[Held]:
    """Three cases, in either index."""
    if request.param == "memory":
        made: Held = InMemory()
        await made.write([case(number) for number in range(3)])
        yield made
        return
    names = Indices(namespace, "g1")
    async with connect(engine_settings) as client:
        assert await apply_mappings(client, names) == []
        real = Real(client, names)
        await real.write([case(number) for number in range(3)])
        yield real


STAGES = PureStages(load_model())


def case(number: int, version: int = 1) -> DocumentWrite:
    return case_document(STAGES.accepted(record("fr-pj", str(number), version=version)))


async def read(point: PointInTime, after: list[Any] | None = None) -> list[tuple[str, int]]:
    hits = await point.hits(**page_body({"term": {"agency": "fr-pj"}}, BY_CASE, 2, after))
    return [(hit.id, hit.source["version"]) for hit in hits]


async def test_it_stays_as_it_is_while_others_write(held: Held) -> None:
    steady, now = PointInTime(held.engine, held.index, ""), PointInTime(held.engine, held.index)
    assert await read(steady) == await read(now) == [("fr-pj:0", 1), ("fr-pj:1", 1)]
    await held.write([case(2, version=2), case(3)])
    assert await read(steady, ["fr-pj:1"]) == [("fr-pj:2", 1)]
    assert await read(now, ["fr-pj:1"]) == [("fr-pj:2", 2), ("fr-pj:3", 1)]
    again = PointInTime(held.engine, held.index, steady.held)
    assert await read(again, ["fr-pj:1"]) == [("fr-pj:2", 1)]
    await again.close()


@pytest.mark.parametrize("lost", ["closed", "dropped"])
async def test_one_that_has_gone_is_opened_anew(held: Held, lost: str) -> None:
    first = PointInTime(held.engine, held.index, "")
    await read(first)
    name = first.held
    await held.write([case(2, version=2)])
    await (first.close() if lost == "closed" else held.drop())
    again = PointInTime(held.engine, held.index, name)
    assert await read(again, ["fr-pj:1"]) == [("fr-pj:2", 2)]
    assert again.held != name
    await again.close()
    await again.close()
