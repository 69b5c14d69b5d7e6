"""The API's runtime on the session's engines, over a small index."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import chain

import pytest

from pipeline.api.runtime import Runtime, open_runtime
from pipeline.index.documents import case_document, link_document
from pipeline.matching.model import load_model
from pipeline.settings import Settings
from support.api.index import index
from support.index.documents import PureStages, admissions
from support.records.builder import record


@pytest.fixture(scope="session")
def stages() -> PureStages:
    return PureStages(load_model())


@pytest.fixture
async def runtime(engine_settings: Settings, stages: PureStages) -> AsyncIterator[Runtime]:
    """Cases of four countries about one man, linked to the French one."""
    cases = [
        stages.accepted(record(agency, code=code))
        for agency, code in (("fr-pj", "H0"), ("be-fp", "H1"), ("nl-np", "H2"), ("es-cnp", "H3"))
    ]
    claims = [stages.claim(cases[0], other) for other in cases[1:]]
    told = chain.from_iterable(map(admissions, claims))
    await index(engine_settings, stages, [*map(case_document, cases), *map(link_document, claims), *told])
    async with open_runtime(engine_settings) as runtime:
        yield runtime
