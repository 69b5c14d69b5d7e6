"""I3: what a requester may not see leaves no trace, neither in the answer nor in what the engine was asked for it.

Every answer of every operation is held against the same request on an index that never held the hidden cases: status,
headers, body, and the calls made to the engine with how many documents each brought.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from pipeline.access.requester import Purpose, Requester
from support.api.runtime import Api
from support.no_leak.requests import (
    LEFT_OUT,
    OPERATIONS,
    WITHIN_A_LIST,
    ObservedAnswer,
    Request,
    ask,
    requests,
    ways_out,
)
from support.no_leak.worlds import GUESS, STAGES, UNASKED, CaseSpec, documents, requesters, worlds
from support.temporary_folders import make_folder

HIDDEN = CaseSpec("cz-pol", 0, UNASKED, "H2", ("*",), ("investigation", "correlation"))

HOME = make_folder("liaison-no-leak-")

FACTOR = 4
"""Examples in the place of one elsewhere, where one looks further: 2,000, and 20,000 in the long run."""

SHARE = 4
"""One in so many of the examples elsewhere: each asks two installations."""

PURPOSES = st.sampled_from([Purpose.INVESTIGATION, Purpose.PROSECUTION])


def answered(world: Iterable[CaseSpec], who: Requester, purpose: Purpose, request: Request) -> ObservedAnswer:
    """What an index of these cases answers."""
    api = Api(STAGES, HOME)
    api.index.write(documents(world, counted=True))
    return asyncio.run(ask(api, who, purpose, request))


def assert_no_trace(
    world: list[CaseSpec], who: Requester, purpose: Purpose, request: Request, data: st.DataObject
) -> None:
    """The answer is the same where some of the cases hidden from the requester never were."""
    hidden = [spec for spec in world if spec.hidden_from(who, purpose)]
    assume(hidden)
    removed = data.draw(st.lists(st.sampled_from(hidden), min_size=1, unique=True))
    whole = answered(world, who, purpose, request)
    rest = answered([spec for spec in world if spec not in removed], who, purpose, request)
    event(f"{request.method} {request.path.partition('?')[0].split(':')[0]} {whole.statuses[0]}")
    assert whole.content == rest.content
    if request.traced:
        assert whole.trace == rest.trace


@pytest.mark.timeout(3600)
@settings(max_examples=settings().max_examples // SHARE)
@given(worlds, requesters, PURPOSES, requests, st.data())
def test_a_hidden_case_leaves_no_trace(
    world: list[CaseSpec], who: Requester, purpose: Purpose, request: Request, data: st.DataObject
) -> None:
    assert_no_trace(world, who, purpose, request, data)


@pytest.mark.rare
@pytest.mark.timeout(3600)
@settings(max_examples=FACTOR * settings().max_examples)
@given(worlds, requesters, PURPOSES, requests, st.data())
def test_a_hidden_case_leaves_no_trace_wherever_one_looks(
    world: list[CaseSpec], who: Requester, purpose: Purpose, request: Request, data: st.DataObject
) -> None:
    assert_no_trace(world, who, purpose, request, data)


def assert_no_trace_of_hits(world: list[CaseSpec], who: Requester, request: Request) -> None:
    """Neither by what is asked, nor by a case that the reader's agency pushed to find out, which the matcher links."""
    others = [spec for spec in world if spec.key not in (f"{who.agency}:1", HIDDEN.key)]
    pushed = CaseSpec(who.agency, 1, GUESS, "H0", ("*",), HIDDEN.purposes)
    assume(who.agency != HIDDEN.agency)
    rest = answered([*others, pushed], who, Purpose.INVESTIGATION, request)
    whole = answered([*others, pushed, HIDDEN], who, Purpose.INVESTIGATION, request)
    event(f"{request.method} {request.path.partition('?')[0].split(':')[0]} {whole.statuses[0]}")
    assert whole.content == rest.content


@pytest.mark.timeout(3600)
@settings(max_examples=settings().max_examples // SHARE)
@given(worlds, requesters, ways_out)
def test_a_hit_only_case_that_nobody_asks_for_exactly_leaves_no_trace_in_an_answer(
    world: list[CaseSpec], who: Requester, request: Request
) -> None:
    assert_no_trace_of_hits(world, who, request)


@pytest.mark.rare
@pytest.mark.timeout(3600)
@given(worlds, requesters, ways_out)
def test_a_hit_only_case_that_nobody_asks_for_exactly_leaves_none_wherever_one_looks(
    world: list[CaseSpec], who: Requester, request: Request
) -> None:
    assert_no_trace_of_hits(world, who, request)


def test_every_operation_is_asked() -> None:
    document = Api(STAGES, HOME).app.openapi()
    promised = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    asked = {(operation.method, operation.path) for operation in OPERATIONS} | WITHIN_A_LIST | LEFT_OUT
    assert asked == promised, (
        f"tests/support/no_leak/requests.py: OPERATIONS lacks {promised - asked}, has {asked - promised}"
    )
