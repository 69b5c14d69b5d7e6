"""I3 of counts and cross-references: the law that asks for them finds what is counted or asked before the policy."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipeline.access.release import View
from pipeline.access.requester import Purpose, Requester
from pipeline.api.answering import RecordedAnswer
from pipeline.api.services import cross_reference, inbox, list_results
from pipeline.api.session import Session
from pipeline.index.documents import CaseDocument
from property.test_no_leak import answered, assert_no_trace
from support.access.requesters import make_requester
from support.no_leak.decisions import folder_id
from support.no_leak.requests import CROSSED_RECORDS, OPERATIONS, Request
from support.no_leak.worlds import CaseSpec, requesters, worlds

WORK = Request("GET", "/v1/work")

BOTH = ("investigation", "correlation")
WORLD = [CaseSpec(agency, number, 0, "H0", ("*",), BOTH) for agency in ("fr-pj", "be-fp") for number in (0, 1)]


def show_all(_: RecordedAnswer, __: str) -> View:
    return View.FULL


def count_requests_for_all(patch: pytest.MonkeyPatch) -> None:
    """Requests are counted whether or not their agency may know of the case any more."""
    patch.setattr(RecordedAnswer, "view_of", show_all)


async def scope_nothing(_: Session) -> None:
    pass


def count_links_of_all(patch: pytest.MonkeyPatch) -> None:
    """Links are counted whoever may see their sides."""
    patch.setattr(inbox, "_scope_own", scope_nothing)
    patch.setattr(RecordedAnswer, "view_of", show_all)


async def read_all(
    answer: RecordedAnswer, keys: Sequence[str], fields: Sequence[str] | None
) -> AsyncIterator[dict[str, CaseDocument]]:
    async for part in answer.session.runtime.unsealed.read_parts(keys, fields):
        yield {document.case: document for document in part}


def ask_of_all(patch: pytest.MonkeyPatch) -> None:
    """Whoever and whatever is in a record is asked, whether or not it can be opened."""
    for module in (cross_reference, list_results):
        patch.setattr(module, "weigh_readable_parts", read_all)
    patch.setattr(RecordedAnswer, "show", lambda answer, _: answer.count(()))


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


def test_a_list_that_an_earlier_example_left_is_not_asked_in_the_next_one() -> None:
    owner, other = make_requester("be-fp"), make_requester("fr-pj")
    crossed = "/v1/folders/{name}/cross-reference"
    leaving = next(
        request
        for operation in OPERATIONS
        if operation.path == crossed
        for request in operation.asked
        if folder_id(owner.agency) in request.path
    )
    alone = answered(WORLD, other, Purpose.INVESTIGATION, CROSSED_RECORDS)
    assert answered(WORLD, owner, Purpose.INVESTIGATION, leaving).statuses == [202]
    assert answered(WORLD, other, Purpose.INVESTIGATION, CROSSED_RECORDS) == alone
