"""I3 of counts and cross-references: the law that asks for them finds what is counted or asked before the policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipeline.access.release import View
from pipeline.access.requester import Purpose, Requester
from pipeline.api.services import cross_reference, inbox, list_checks
from pipeline.api.session import Session
from pipeline.index.documents import CaseDocument
from property.test_no_leak import assert_no_trace
from support.no_leak.requests import CROSSED_RECORDS, Request
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


async def read_all(session: Session, keys: Sequence[str], fields: Sequence[str] | None) -> dict[str, CaseDocument]:
    return await session.runtime.reader.read_cases(keys, fields)


def ask_of_all(patch: pytest.MonkeyPatch) -> None:
    """Whoever and whatever is in a record is asked, whether or not it can be opened."""
    for module in (cross_reference, list_checks):
        patch.setattr(module, "find_readable", read_all)
    patch.setattr(Session, "make_shown", lambda *_: ())


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("leak", "request_"), [(count_links_of_all, WORK), (count_requests_for_all, WORK), (ask_of_all, CROSSED_RECORDS)]
)
def test_the_law_finds_what_comes_before_the_policy(
    leak: Callable[[pytest.MonkeyPatch], None], request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    leak(monkeypatch)

    @settings(phases=[Phase.generate], report_multiple_bugs=False, database=None)
    @given(worlds, requesters, st.data())
    def law(world: list[CaseSpec], who: Requester, data: st.DataObject) -> None:
        assert_no_trace(world, who, Purpose.INVESTIGATION, request_, data)

    with pytest.raises(AssertionError):
        law()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("request_", [WORK, CROSSED_RECORDS])
def test_hidden_cases_change_no_count_and_no_cross_reference(request_: Request) -> None:
    @settings(max_examples=settings().max_examples // 8)
    @given(worlds, requesters, st.data())
    def law(world: list[CaseSpec], who: Requester, data: st.DataObject) -> None:
        assert_no_trace(world, who, Purpose.INVESTIGATION, request_, data)

    law()
