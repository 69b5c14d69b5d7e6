from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from pipeline.access.audit import Act, ActKind
from pipeline.access.break_glass import GlassReason
from pipeline.access.disclosure_threads import GlassVerdict, Urgency
from pipeline.access.disclosures import DisclosureAsk
from pipeline.access.requester import Role
from pipeline.access.reviews import Verdict
from pipeline.access.text_limits import COMMENT, REASON, SUBJECT
from pipeline.api.answering import MOST_WORDS
from pipeline.api.problems import RequestTooLargeError, UnavailableError, UnprocessableError
from pipeline.api.services.break_glass import open_alone, request_opening, review_opening
from pipeline.api.services.disclosures import (
    grant_disclosure,
    refuse_disclosure,
    request_disclosure,
    revoke_disclosure,
)
from pipeline.api.services.inbox import assign_link
from pipeline.api.services.reviews import BulkReview, LinkToReview, link_manually, review_links
from pipeline.api.session import Session
from pipeline.streams.audit.audit_log import ActTooLargeError
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import NOW, Api
from support.records.builder import record


async def test_more_words_than_an_act_holds_are_told_as_what_they_are_and_not_recorded(api: Api) -> None:
    await api.session(ANNA).record(ActKind.READ, {"x": "x" * (MOST_WORDS - 10)})
    with pytest.raises(RequestTooLargeError):
        await api.session(ANNA).record(ActKind.READ, {"x": "x" * MOST_WORDS})
    assert len(api.audit.acts) == 1


async def test_an_act_that_is_too_large_is_no_outage(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(_: Act) -> None:
        raise ActTooLargeError("too large")

    monkeypatch.setattr(api.audit, "write", refuse)
    with pytest.raises(RequestTooLargeError) as raised:
        await api.session(ANNA).record(ActKind.READ)
    assert not isinstance(raised.value, UnavailableError)


CHIEF = make_requester("be-fp", Role.SUPERVISOR, subject="chief")


async def asked(api: Api, reason: str) -> str:
    session = api.session(BERT)
    ask = DisclosureAsk(reason, Urgency.URGENT, NOW + timedelta(days=1))
    return str((await request_disclosure(session, session.make_reference("fr-pj:1"), ask)).disclosure.id)


async def granted(api: Api, reason: str) -> object:
    return await grant_disclosure(api.session(ANNA), await asked(api, "x"), NOW + timedelta(days=1), reason)


async def refused(api: Api, reason: str) -> object:
    return await refuse_disclosure(api.session(ANNA), await asked(api, "x"), reason)


async def revoked(api: Api, reason: str) -> object:
    name = await asked(api, "x")
    await grant_disclosure(api.session(ANNA), name, NOW + timedelta(days=1))
    return await revoke_disclosure(api.session(ANNA), name, reason)


def opened(
    how: Callable[[Session, str, GlassReason], Awaitable[object]],
) -> Callable[[Api, str], Awaitable[object]]:
    async def opens(api: Api, reason: str) -> object:
        session = api.session(CHIEF)
        return await how(session, session.make_reference("fr-pj:1"), GlassReason(reason))

    return opens


async def linked(api: Api, reason: str) -> object:
    api.hold(record("be-fp"), record("be-fp", "2"))
    return await link_manually(api.session(BERT), "be-fp:1", "be-fp:2", reason)


@pytest.mark.parametrize(
    "kept", [asked, granted, refused, revoked, opened(open_alone), opened(request_opening), linked]
)
async def test_a_reason_has_a_limit_whoever_sends_it(api: Api, kept: Callable[[Api, str], Awaitable[object]]) -> None:
    """Pages call services themselves, so what a form holds back is not held back."""
    api.hold(record("fr-pj", code="H2"))
    with pytest.raises(UnprocessableError, match="the reason has more than 2000 characters") as raised:
        await kept(api, "x" * (REASON.most + 1))
    assert raised.value.fields == ["reason"]
    await kept(api, "x" * REASON.most) if kept not in (granted, refused, revoked) else None


async def test_so_have_the_reason_of_many_reviews_a_comment_and_whom_a_link_is_given(api: Api) -> None:
    with pytest.raises(UnprocessableError, match="the reason has"):
        await review_links(
            api.session(BERT), BulkReview((LinkToReview("0" * 32),), Verdict.SAME, "x" * (REASON.most + 1))
        )
    with pytest.raises(UnprocessableError, match="the comment has"):
        await review_opening(api.session(CHIEF), "x", GlassVerdict.JUSTIFIED, "x" * (COMMENT.most + 1))
    with pytest.raises(UnprocessableError, match="the user has"):
        await assign_link(api.session(CHIEF), "0" * 32, "x" * (SUBJECT.most + 1))


async def test_a_request_with_a_longer_case_reference_is_refused_and_says_which_field(api: Api) -> None:
    answers = [
        await api.request("GET", "/v1/subscriptions", headers={
            "Liaison-Purpose": "investigation", "Liaison-Case-Reference": "x" * size,
        })
        for size in (200, 201, 40_000)
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [200, 422, 422]
    assert answers[1].json()["detail"] == "the case reference has more than 200 characters; shorten it"
    assert answers[1].json()["fields"] == ["case_reference"]
