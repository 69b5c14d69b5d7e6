"""The API's runtime on the session's engines, over a small index."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from api_runtime import record
from index_office import Office

from pipeline.api.runtime import Runtime, opened
from pipeline.index.client import connect
from pipeline.index.documents import case_document, link_document
from pipeline.index.mappings import Indices, apply
from pipeline.index.writer import BulkWriter
from pipeline.matching.model import generation, load_model
from pipeline.settings import Settings
from pipeline.streams.setup import apply_all


@pytest.fixture(scope="session")
def office() -> Office:
    return Office(load_model())


@pytest.fixture
async def runtime(engine_settings: Settings, office: Office) -> AsyncIterator[Runtime]:
    """Cases of four countries about one man, linked to the French one."""
    await apply_all(engine_settings)
    own = Indices(engine_settings.namespace, generation(office.model, engine_settings.block_partitions))
    cases = [
        office.accepted(record(agency, code=code))
        for agency, code in (("fr-pj", "H0"), ("be-fp", "H1"), ("nl-np", "H2"), ("es-cnp", "H3"))
    ]
    claims = [office.claim(cases[0], other) for other in cases[1:]]
    async with connect(engine_settings) as client:
        assert await apply(client, own) == []
        await BulkWriter(client, own).write([*map(case_document, cases), *map(link_document, claims)])
        await client.indices.refresh(index=[own.own("cases"), own.own("links")])
    async with opened(engine_settings) as runtime:
        yield runtime
