from __future__ import annotations

from datetime import timedelta

from pipeline.access.break_glass import GlassReason
from pipeline.access.requester import Requester, Role
from pipeline.api.services.break_glass import confirm_opening, open_alone, request_opening
from pipeline.web.pages.access_requests import PAGE as ACCESS_REQUESTS
from pipeline.web.pages.break_glass import PAGE
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import Api
from support.records.builder import record
from support.web.pages import RenderedPage, opened

CHIEF = make_requester("be-fp", Role.SUPERVISOR, subject="chief")
SECOND = make_requester("be-fp", Role.SUPERVISOR, subject="second")
DUTY = make_requester("fr-pj", Role.SUPERVISOR, subject="duty")
WANTED = GlassReason("a child is in danger", 2)


async def held(api: Api) -> str:
    api.hold(record("fr-pj", code="H2"))
    return api.session(CHIEF).make_reference("fr-pj:1")


async def page_of(api: Api, who: Requester) -> RenderedPage:
    return await opened(api, PAGE, who)


async def test_a_second_supervisor_confirms_on_the_page_and_the_first_can_only_withdraw(api: Api) -> None:
    await request_opening(api.session(CHIEF), await held(api), WANTED)
    assert "Withdraw request" in (await page_of(api, CHIEF)).said()
    assert "Confirm" not in (await page_of(api, BERT)).said()
    page = await page_of(api, SECOND)
    assert "a child is in danger" in page.said()
    assert "fr-pj:1" not in page.said()
    await page.press("Confirm")
    assert "Confirmed by a second supervisor" in page.said()
    assert "Confirmed by a second supervisor" in (await page_of(api, ANNA)).said()


async def test_a_request_is_withdrawn_on_the_page(api: Api) -> None:
    await request_opening(api.session(CHIEF), await held(api), WANTED)
    page = await page_of(api, CHIEF)
    await page.press("Withdraw request")
    assert "Withdrawn" in page.said()
    assert "Confirm" not in (await page_of(api, SECOND)).said()


async def test_a_confirmation_over_rest_is_what_the_page_shows_and_a_page_that_stayed_open_is_refused(api: Api) -> None:
    name = (await request_opening(api.session(CHIEF), await held(api), WANTED)).disclosure.id
    stale = await page_of(api, CHIEF)
    await confirm_opening(api.session(SECOND), name)
    await stale.press("Withdraw request")
    assert "Confirmed by a second supervisor" in (await page_of(api, CHIEF)).said()


async def test_the_owners_supervisor_reviews_and_an_overdue_one_is_marked_and_comes_first(api: Api) -> None:
    await open_alone(api.session(CHIEF), await held(api), WANTED)
    assert "Awaiting the owner's review" in (await page_of(api, DUTY)).said()
    api.hold(record("fr-pj", "2", code="H2"))
    api.now += timedelta(hours=25)
    await request_opening(api.session(CHIEF), api.session(CHIEF).make_reference("fr-pj:2"), WANTED)
    assert "Save review" not in (await page_of(api, ANNA)).said()
    page = await page_of(api, DUTY)
    said = page.said()
    assert "overdue by" in said
    assert said.index("fr-pj:1") < said.index("fr-pj:2")
    await page.send(verdict="not_justified", comment="there was time to ask")
    assert "Reviewed: not justified" in page.said()
    theirs = (await page_of(api, BERT)).said()
    assert "there was time to ask" in theirs
    assert "Save review" not in theirs


async def test_what_is_asked_of_owners_has_a_page_of_its_own(api: Api) -> None:
    await open_alone(api.session(CHIEF), await held(api), WANTED)
    assert "No requests" in (await opened(api, ACCESS_REQUESTS, ANNA)).said()
    assert "Revoke" in (await page_of(api, ANNA)).said()
    page = await page_of(api, ANNA)
    await page.send(reason="stop")
    assert "stop" in (await page_of(api, CHIEF)).said()
