"""I3 for what only pages of a case ask: its links by entity, narrowed and in pages, and a chart from it.

As in test_no_leak: the answer, and the calls made to the engine with how many documents each brought.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from pipeline.access.requester import Purpose, Requester, parse_grounds
from pipeline.api.answers import ChartPlace
from pipeline.api.problems import ProblemError
from pipeline.api.services.chart import ChartExpansion, expand
from pipeline.api.services.links import CaseLinkFilter, list_case_links
from pipeline.api.session import Session
from pipeline.matching.bands import Band
from support.api.runtime import Api
from support.no_leak.decisions import FIRST, glass_threads_of, threads_of
from support.no_leak.requests import names, trace_call
from support.no_leak.worlds import GUESS, KEYS, STAGES, UNASKED, CaseSpec, documents, requesters, worlds
from support.temporary_folders import make_folder

HOME = make_folder("liaison-no-leak-case-")

HIDDEN = CaseSpec("cz-pol", 0, UNASKED, "H2", ("*",), ("investigation", "correlation"))

SHARE = 4
"""One in so many of the examples elsewhere, where one does not look further."""

Asking = Callable[[Session, str], Awaitable[msgspec.Struct]]


def _links(wanted: CaseLinkFilter, page: int, size: int, *, by_entity: bool) -> Asking:
    return lambda session, key: list_case_links(session, key, wanted, page, size, by_entity=by_entity)


def _expansion(entity: str, more: int, *, entities: bool) -> Asking:
    return lambda session, key: expand(
        session, ChartExpansion((ChartPlace(key, entity),), more=more, entities=entities)
    )


filters = st.builds(
    CaseLinkFilter,
    band=st.sampled_from(Band),
    entity=st.sampled_from(("", "", "e0", "e1")),
    country=st.sampled_from(("", "", "BE", "NL")),
    colour=st.sampled_from(("", "", "yellow", "green")),
)
askings = st.one_of(
    st.builds(_links, filters, st.integers(1, 3), st.sampled_from((1, 2, 25)), by_entity=st.booleans()),
    st.builds(_expansion, st.sampled_from(("", "", "e0", "e1")), st.sampled_from((1, 2, 12)), entities=st.booleans()),
)


def answered(world: Iterable[CaseSpec], who: Requester, key: str, asking: Asking) -> tuple[Any, list[Any]]:
    """What an index of these cases answers, and its calls: kind, index, and documents that the key does not name."""
    api = Api(STAGES, HOME)
    api.index.write(documents(world, counted=True))
    api.decided.first = FIRST
    session = Session(api.runtime, who, parse_grounds("investigation", "2026/1"), "en")
    named = frozenset({key, *threads_of([key]), *glass_threads_of([key])})
    with patch("uuid.uuid4", names().__next__):
        answer = asyncio.run(_ask(session, key, asking))
    return answer, [trace_call(call, named) for call in api.engine.calls]


async def _ask(session: Session, key: str, asking: Asking) -> Any:
    try:
        return msgspec.to_builtins(await asking(session, key))
    except ProblemError as problem:
        return type(problem).__name__, str(problem)


def assert_no_trace(world: list[CaseSpec], who: Requester, asking: Asking, data: st.DataObject) -> None:
    """The answer is the same where some of the cases hidden from the requester never were."""
    hidden = [spec for spec in world if spec.hidden_from(who, Purpose.INVESTIGATION)]
    assume(hidden)
    removed = data.draw(st.lists(st.sampled_from(hidden), min_size=1, unique=True))
    seen = [spec.key for spec in world if spec not in hidden]
    key = data.draw(st.sampled_from(seen or KEYS) | st.sampled_from(KEYS))
    whole = answered(world, who, key, asking)
    event("answered" if isinstance(whole[0], dict) else whole[0][0])
    assert whole == answered([spec for spec in world if spec not in removed], who, key, asking)


@pytest.mark.timeout(3600)
@settings(max_examples=settings().max_examples // SHARE)
@given(worlds, requesters, askings, st.data())
def test_a_hidden_case_leaves_no_trace(
    world: list[CaseSpec], who: Requester, asking: Asking, data: st.DataObject
) -> None:
    assert_no_trace(world, who, asking, data)


@pytest.mark.rare
@pytest.mark.timeout(3600)
@given(worlds, requesters, askings, st.data())
def test_a_hidden_case_leaves_no_trace_wherever_one_looks(
    world: list[CaseSpec], who: Requester, asking: Asking, data: st.DataObject
) -> None:
    assert_no_trace(world, who, asking, data)


ASKED_OF = st.sampled_from((None, None, *KEYS))
"""Any case, and more often the one that was pushed to find out."""


def assert_no_trace_of_hits(world: list[CaseSpec], who: Requester, asked: str | None, asking: Asking) -> None:
    """The answer is the same where a hit-only case that nobody asks for exactly never was."""
    others = [spec for spec in world if spec.key not in (f"{who.agency}:1", HIDDEN.key)]
    pushed = CaseSpec(who.agency, 1, GUESS, "H0", ("*",), HIDDEN.purposes)
    assume(who.agency != HIDDEN.agency)
    key = asked or pushed.key
    rest, _ = answered([*others, pushed], who, key, asking)
    whole, _ = answered([*others, pushed, HIDDEN], who, key, asking)
    event("answered" if isinstance(whole, dict) else whole[0])
    assert whole == rest


@pytest.mark.timeout(3600)
@settings(max_examples=settings().max_examples // SHARE)
@given(worlds, requesters, ASKED_OF, askings)
def test_a_hit_only_case_that_nobody_asks_for_exactly_leaves_no_trace_in_an_answer(
    world: list[CaseSpec], who: Requester, asked: str | None, asking: Asking
) -> None:
    assert_no_trace_of_hits(world, who, asked, asking)


@pytest.mark.rare
@pytest.mark.timeout(3600)
@given(worlds, requesters, ASKED_OF, askings)
def test_a_hit_only_case_that_nobody_asks_for_exactly_leaves_none_wherever_one_looks(
    world: list[CaseSpec], who: Requester, asked: str | None, asking: Asking
) -> None:
    assert_no_trace_of_hits(world, who, asked, asking)
