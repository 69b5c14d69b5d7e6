"""I3 of counts: the law that asks "My work" finds a count that is made before the policy has decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipeline.access.release import View
from pipeline.access.requester import Purpose, Requester
from pipeline.api.services import inbox
from pipeline.api.session import Session
from pipeline.index.documents import CaseDocument
from property.test_no_leak import assert_no_trace
from support.no_leak.requests import Request
from support.no_leak.worlds import CaseSpec, requesters, worlds

WORK = Request("GET", "/v1/work")


async def show_all(_: Session, cases: Mapping[str, CaseDocument]) -> dict[str, View]:
    return dict.fromkeys(cases, View.FULL)


def count_requests_for_all(patch: pytest.MonkeyPatch) -> None:
    """Requests are counted whether or not their agency may know of the case any more."""
    patch.setattr(Session, "decide_views", show_all)


def count_links_of_all(patch: pytest.MonkeyPatch) -> None:
    """Links are counted whoever may see their sides."""
    patch.setattr(inbox, "requester_words", lambda _: None)
    patch.setattr(Session, "decide_views", show_all)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("leak", [count_links_of_all, count_requests_for_all])
def test_the_law_finds_a_count_before_the_policy(
    leak: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    leak(monkeypatch)

    @settings(phases=[Phase.generate], report_multiple_bugs=False, database=None)
    @given(worlds, requesters, st.data())
    def law(world: list[CaseSpec], who: Requester, data: st.DataObject) -> None:
        assert_no_trace(world, who, Purpose.INVESTIGATION, WORK, data)

    with pytest.raises(AssertionError):
        law()


@pytest.mark.timeout(600)
@settings(max_examples=settings().max_examples // 4)
@given(worlds, requesters, st.data())
def test_hidden_cases_change_no_count(world: list[CaseSpec], who: Requester, data: st.DataObject) -> None:
    assert_no_trace(world, who, Purpose.INVESTIGATION, WORK, data)
