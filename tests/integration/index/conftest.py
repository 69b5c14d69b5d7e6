"""A client, this test's indices, and cases and links to write into them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from elasticsearch import AsyncElasticsearch

from pipeline.index.client import connect
from pipeline.index.mappings import Indices, apply
from pipeline.index.writer import BulkWriter
from pipeline.settings import Settings


@pytest.fixture
async def client(engine_settings: Settings) -> AsyncIterator[AsyncElasticsearch]:
    async with connect(engine_settings) as connected:
        yield connected


@pytest.fixture
async def indices(client: AsyncElasticsearch, namespace: str) -> Indices:
    """This test's own indices, empty."""
    made = Indices(namespace, "g1")
    assert await apply(client, made) == []
    return made


@pytest.fixture
def writer(client: AsyncElasticsearch, indices: Indices) -> BulkWriter:
    return BulkWriter(client, indices)
