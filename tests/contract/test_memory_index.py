"""The in-memory index of the tests answers as Elasticsearch does; and Elasticsearch itself leaks nothing (I3).

What the property tests show on the one holds on the other only because of this.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from pipeline.access.requester import Purpose, Requester
from pipeline.index.engine import connect
from pipeline.index.mappings import DEFAULT_LAYOUTS, IndexLayout, Indices, apply_mappings
from pipeline.settings import Settings
from support.api.runtime import Api
from support.index.traced_engine import TracedEngine
from support.no_leak.requests import ObservedAnswer, Request, ask, counts, reads
from support.no_leak.worlds import STAGES, CaseSpec, documents, requesters, worlds

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300), pytest.mark.rare]

EXAMPLES = 600 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 60
"""Each writes to a real index and reads it twice. In memory `make test` asks 2,000 times; what it shows there holds on
Elasticsearch while both give the same answers, so here fewer do, and `make test-long` asks more."""

# One index serves all examples: each brings it to its own documents first.
bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
purposes = st.sampled_from([Purpose.INVESTIGATION, Purpose.PROSECUTION])


LAYOUTS = {kind: IndexLayout(shards=2) for kind in DEFAULT_LAYOUTS}
"""The index in memory has no shards, so answers that are alike show too that they make no difference."""


class Both:
    """The same API on either index."""

    def __init__(self, engine: TracedEngine, names: Indices, home: Path) -> None:
        self._engine, self._names, self._home = engine, names, home

    async def real(self, world: list[CaseSpec], who: Requester, purpose: Purpose, request: Request) -> ObservedAnswer:
        await self._engine.hold(documents(world))
        return await ask(Api(STAGES, self._home, self._engine, self._names), who, purpose, request)

    async def memory(self, world: list[CaseSpec], who: Requester, purpose: Purpose, request: Request) -> ObservedAnswer:
        api = Api(STAGES, self._home)
        api.index.write(documents(world))
        return await ask(api, who, purpose, request)


@pytest.fixture
async def both(engine_settings: Settings, namespace: str, tmp_path: Path) -> AsyncIterator[Both]:
    names = Indices(namespace, "g1")
    async with connect(engine_settings) as client:
        assert await apply_mappings(client, names, LAYOUTS) == []
        yield Both(TracedEngine(client, names), names, tmp_path)


@bounded
@given(world=worlds, who=requesters, purpose=purposes, request=reads)
async def test_both_give_the_same_answer_to_the_same_calls(
    both: Both, world: list[CaseSpec], who: Requester, purpose: Purpose, request: Request
) -> None:
    real = await both.real(world, who, purpose, request)
    event(f"{request.method} {request.path.partition('?')[0].split(':')[0]} {real.statuses[0]}")
    assert real == await both.memory(world, who, purpose, request)


@bounded
@given(world=worlds, who=requesters, purpose=purposes, request=counts)
async def test_both_count_the_same(
    both: Both, world: list[CaseSpec], who: Requester, purpose: Purpose, request: Request
) -> None:
    assert await both.real(world, who, purpose, request) == await both.memory(world, who, purpose, request)


@bounded
@given(world=worlds, who=requesters, purpose=purposes, request=reads, data=st.data())
async def test_a_hidden_case_leaves_no_trace_in_elasticsearch(
    both: Both, world: list[CaseSpec], who: Requester, purpose: Purpose, request: Request, data: st.DataObject
) -> None:
    hidden = [spec for spec in world if spec.hidden_from(who, purpose)]
    assume(hidden)
    removed = data.draw(st.lists(st.sampled_from(hidden), min_size=1, unique=True))
    whole = await both.real(world, who, purpose, request)
    rest = await both.real([spec for spec in world if spec not in removed], who, purpose, request)
    assert whole.content == rest.content
    if request.traced:
        assert whole.trace == rest.trace
