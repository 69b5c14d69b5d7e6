"""I3: what a requester may not see leaves no trace, neither in the answer nor in what the engine was asked for it.

Every answer is held against the same request on an index that never held the hidden cases: status, headers, body, and
the calls made to the engine with the documents that its searches brought.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from api_runtime import Api
from hidden_worlds import OFFICE, Answered, Request, Spec, ask, documents, requesters, requests, worlds
from hypothesis import assume, event, given
from hypothesis import strategies as st

from pipeline.access.requester import Purpose, Requester

HOME = tempfile.TemporaryDirectory(prefix="liaison-no-leak-")


def answered(world: Iterable[Spec], who: Requester, purpose: Purpose, request: Request) -> Answered:
    """What an index of these cases answers."""
    api = Api(OFFICE, Path(HOME.name))
    api.index.write(documents(world))
    return asyncio.run(ask(api, who, purpose, request))


@pytest.mark.timeout(1200)
@given(worlds, requesters, st.sampled_from([Purpose.INVESTIGATION, Purpose.PROSECUTION]), requests, st.data())
def test_a_hidden_case_leaves_no_trace(
    world: list[Spec], who: Requester, purpose: Purpose, request: Request, data: st.DataObject
) -> None:
    hidden = [one for one in world if one.hidden_from(who, purpose)]
    assume(hidden)
    removed = data.draw(st.lists(st.sampled_from(hidden), min_size=1, unique=True))
    whole = answered(world, who, purpose, request)
    rest = answered([one for one in world if one not in removed], who, purpose, request)
    event(f"{request.method} {request.path.partition('?')[0].split(':')[0]} {whole.status}")
    expired = any(one.expired for one in removed)
    assert whole[:3] == rest[:3]
    if not expired:  # a link of an expired case stays in the index until the expiry mark is written
        assert whole.trace == rest.trace
