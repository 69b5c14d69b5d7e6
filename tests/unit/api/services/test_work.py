"""My work: each count is that of the list behind it, over what its reader may see."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.access.audit import ShownForm
from pipeline.access.disclosure_threads import Urgency
from pipeline.access.disclosures import DisclosureAsk
from pipeline.access.requester import Requester, Role
from pipeline.access.reviews import Verdict
from pipeline.api.answers import WorkAnswer, WorkCount
from pipeline.api.problems import ForbiddenError
from pipeline.api.services import inbox
from pipeline.api.services.alerts import create_alert
from pipeline.api.services.disclosures import request_disclosure
from pipeline.api.services.inbox import InboxFilter, Listed, assign_link, list_inbox
from pipeline.api.services.list_checks import submit_list
from pipeline.api.services.reviews import LinkReview, retract_review, review_link
from pipeline.api.services.work import read_work
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import NOW, Api
from support.records.builder import record

CARL = make_requester("fr-pj", subject="carl")


def linked(api: Api, count: int) -> list[str]:
    """Links of one French case to so many Belgian ones, by the number of these."""
    api.hold(record("fr-pj", to=("BE",)), *(record("be-fp", str(number), to=("FR",)) for number in range(count)))
    return [api.link("fr-pj:1", f"be-fp:{number}") for number in range(count)]


async def listed(api: Api, who: Requester, wanted: InboxFilter) -> int:
    return len((await list_inbox(api.session(who), wanted, limit=100)).links)


async def read_links(api: Api, who: Requester) -> tuple[int, ...]:
    """The four counts of links, each held against its list."""
    found = await read_work(api.session(who))
    counts = (found.to_review, found.assigned, found.unsure, found.decided)
    wanted = (
        InboxFilter(),
        InboxFilter(assignee=who.subject),
        InboxFilter(listed=Listed.UNSURE),
        InboxFilter(listed=Listed.MINE),
    )
    assert [one.count for one in counts] == [await listed(api, who, each) for each in wanted]
    assert not any(one.more for one in counts)
    return tuple(one.count for one in counts)


async def test_each_count_of_links_is_that_of_its_list(api: Api) -> None:
    links = linked(api, 5)
    assert await read_links(api, ANNA) == (5, 0, 0, 0)
    await assign_link(api.session(ANNA), links[0], "anna")
    await assign_link(api.session(ANNA), links[1], "anna")
    await review_link(api.session(ANNA), links[1], LinkReview(Verdict.SAME, "why"))
    await review_link(api.session(CARL), links[2], LinkReview(Verdict.UNSURE, "why"))
    assert await read_links(api, ANNA) == (3, 1, 1, 1)
    assert await read_links(api, CARL) == (3, 0, 1, 1)
    assert await read_links(api, BERT) == (5, 0, 0, 0)


async def test_a_decision_counts_for_whom_it_holds(api: Api) -> None:
    (link,) = linked(api, 1)
    await review_link(api.session(ANNA), link, LinkReview(Verdict.UNSURE, "why"))
    first = await read_links(api, ANNA)
    api.now = NOW + timedelta(hours=1)
    await review_link(api.session(CARL), link, LinkReview(Verdict.SAME, "why", seen=_held(api)))
    assert (first, await read_links(api, ANNA), await read_links(api, CARL)) == (
        (0, 0, 1, 1),
        (0, 0, 0, 0),
        (0, 0, 0, 1),
    )
    await retract_review(api.session(CARL), _held(api))
    assert await read_links(api, ANNA) == (0, 0, 1, 1)


def _held(api: Api) -> str:
    """The last review."""
    kind, review = api.decided.values[-1]
    assert kind == "reviews"
    return str(review.id)  # type: ignore[attr-defined]


async def test_beyond_the_limit_it_is_not_counted_on(api: Api) -> None:
    linked(api, 4)
    assert (await read_work(api.session(ANNA), most=3)).to_review == WorkCount(3, more=True)
    assert (await read_work(api.session(ANNA), most=4)).to_review == WorkCount(4, more=False)


async def test_only_so_many_links_are_looked_at(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said then is that there are at least as many, be it none."""
    for link in linked(api, 4):
        await review_link(api.session(ANNA), link, LinkReview(Verdict.SAME, "why"))
    monkeypatch.setattr(inbox, "MOST_SCANNED", 2)
    assert (await read_work(api.session(ANNA), most=1)).to_review == WorkCount(0, more=True)
    monkeypatch.undo()
    assert (await read_work(api.session(ANNA), most=1)).to_review == WorkCount(0, more=False)


async def test_more_own_decisions_than_a_page_are_counted_across_pages(api: Api) -> None:
    """Two of the latest are of links that are gone: those behind them are counted."""
    for link in linked(api, 4):
        await review_link(api.session(ANNA), link, LinkReview(Verdict.SAME, "why"))
    for number in (2, 3):
        api.hold(record("be-fp", str(number), version=2, code="H3"))
    assert (await read_work(api.session(ANNA), most=1)).decided == WorkCount(1, more=True)
    assert (await read_work(api.session(ANNA), most=2)).decided == WorkCount(2, more=False)


async def asked(api: Api) -> None:
    """Bert has asked for two of Anna's cases."""
    api.hold(*(record("fr-pj", str(number), code="H2", to=("BE",)) for number in (1, 2)))
    for number, days in ((1, 1), (2, 9)):
        ask = DisclosureAsk("why", Urgency.ROUTINE, NOW + timedelta(days=days))
        reference = api.session(BERT).make_reference(f"fr-pj:{number}")
        await request_disclosure(api.session(BERT), reference, ask)


def requests_of(found: WorkAnswer) -> tuple[int, ...]:
    return tuple(one.count for one in (found.received, found.received_overdue, found.sent, found.sent_overdue))


async def test_requests_are_counted_on_either_side_with_what_is_late(api: Api) -> None:
    await asked(api)
    assert requests_of(await read_work(api.session(ANNA))) == (2, 0, 0, 0)
    api.now = NOW + timedelta(days=2)
    assert requests_of(await read_work(api.session(ANNA))) == (2, 1, 0, 0)
    assert requests_of(await read_work(api.session(BERT))) == (0, 0, 2, 1)
    assert requests_of(await read_work(api.session(make_requester("nl-np")))) == (0, 0, 0, 0)
    assert (await read_work(api.session(BERT), most=1)).sent == WorkCount(1, more=True)


async def test_a_request_for_what_is_silent_now_is_not_counted(api: Api) -> None:
    await asked(api)
    api.hold(record("fr-pj", "1", version=2, code="H3"))
    assert requests_of(await read_work(api.session(BERT))) == (0, 0, 1, 0)


async def test_alerts_and_lists_stand_in_it(api: Api) -> None:
    await create_alert(api.session(ANNA), "ivan petrov born:1980-05-01")
    made = await submit_list(api.session(ANNA), b"id,name\n1,Ivan Petrov\n", "csv")
    found = await read_work(api.session(ANNA))
    assert (found.alerts, found.alerts_ended, found.drafts) == (1, 0, 0)
    assert [one.id for one in found.lists] == [made.list.id]
    assert (await read_work(api.session(CARL))).lists == ()
    api.now = NOW + timedelta(days=100)
    later = await read_work(api.session(CARL))
    assert (later.alerts, later.alerts_ended) == (0, 1)


async def test_a_count_over_few_records_of_others_names_them_in_the_audit(api: Api) -> None:
    linked(api, 2)
    await read_work(api.session(ANNA))
    (act,) = api.audit.acts
    assert {(one.case, one.form) for one in act.shown} == {
        ("be-fp:0", ShownForm.COUNTED),
        ("be-fp:1", ShownForm.COUNTED),
    }
    linked(api, 6)
    await read_work(api.session(ANNA))
    assert api.audit.acts[-1].shown == ()


async def test_who_reads_no_cases_has_none(api: Api) -> None:
    with pytest.raises(ForbiddenError):
        await read_work(api.session(make_requester("fr-pj", Role.AUDITOR)))


async def test_the_api_answers_it(api: Api) -> None:
    linked(api, 2)
    answer = await api.get("/v1/work?most=1")
    assert answer.json()["to_review"] == {"count": 1, "more": True}
    assert (await api.get("/v1/work?most=501")).status_code == 422
