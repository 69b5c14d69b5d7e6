"""A client, this test's indices, and cases and links to write into them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from elasticsearch import AsyncElasticsearch

from pipeline.index.engine import connect
from pipeline.index.mappings import Indices, apply_mappings
from pipeline.index.reading import IndexReader
from pipeline.index.writer import BulkWriter
from pipeline.matching.model import load_model
from pipeline.settings import Settings
from support.index.documents import PureStages


@pytest.fixture
async def client(engine_settings: Settings) -> AsyncIterator[AsyncElasticsearch]:
    async with connect(engine_settings) as connected:
        yield connected


@pytest.fixture
async def indices(client: AsyncElasticsearch, namespace: str) -> Indices:
    """This test's own indices, empty."""
    made = Indices(namespace, "g1")
    assert await apply_mappings(client, made) == []
    return made


@pytest.fixture
def writer(client: AsyncElasticsearch, indices: Indices) -> BulkWriter:
    return BulkWriter(client, indices)


@pytest.fixture(scope="session")
def stages() -> PureStages:
    return PureStages(load_model())


@pytest.fixture
def reader(client: AsyncElasticsearch, indices: Indices) -> IndexReader:
    return IndexReader(client, indices, lambda: datetime(2026, 11, 24, 12, tzinfo=UTC))
