"""Break-glass over the services: who takes which step, what crosses, what is told and recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from pipeline.access.audit import Act, ActKind, ShownCase, ShownForm
from pipeline.access.break_glass import CONFIRMATION_TIME, GlassReason
from pipeline.access.disclosure_threads import GlassVerdict, Urgency
from pipeline.access.disclosures import AccessRequestRow, DisclosureAsk
from pipeline.access.requester import Requester, Role
from pipeline.api.problems import ConflictError, ForbiddenError, NotFoundError, UnavailableError
from pipeline.api.services.break_glass import (
    confirm_opening,
    list_break_glass,
    open_alone,
    request_opening,
    review_opening,
    withdraw_request,
)
from pipeline.api.services.cases import read_case
from pipeline.api.services.disclosures import grant_disclosure, list_disclosures, request_disclosure, revoke_disclosure
from support.access.requesters import ANNA, BERT, DORA, OPERATOR, make_requester
from support.api.runtime import NOW, Api
from support.records.builder import record

HOUR = timedelta(hours=1)
CHIEF = make_requester("be-fp", Role.SUPERVISOR, subject="chief")
SECOND = make_requester("be-fp", Role.SUPERVISOR, subject="second")
DUTY = make_requester("fr-pj", Role.SUPERVISOR, subject="duty")
STRANGER = make_requester("de-bka", Role.SUPERVISOR, subject="stranger")
KEY = "fr-pj:1"
WANTED = GlassReason("a life", 3)
JUSTIFIED, NOT_JUSTIFIED = GlassVerdict.JUSTIFIED, GlassVerdict.NOT_JUSTIFIED


@pytest.fixture
def hit(api: Api) -> str:
    """A hit-only case of Anna's agency; the reference by which Belgians know it. Germany sees it as a hit too."""
    api.hold(record("fr-pj", code="H2", to=("BE", "DE")), record("be-fp"))
    return api.session(BERT).make_reference(KEY)


async def reads(api: Api, who: Requester) -> bool:
    try:
        return bool(await read_case(api.session(who), KEY))
    except NotFoundError:
        return False


async def requested(api: Api, hit: str) -> str:
    name: str = (await request_opening(api.session(CHIEF), hit, WANTED)).disclosure.id
    return name


async def opened(api: Api, hit: str) -> str:
    name: str = (await open_alone(api.session(CHIEF), hit, WANTED)).disclosure.id
    return name


async def rows(api: Api, who: Requester, **which: Any) -> list[AccessRequestRow]:
    return list((await list_break_glass(api.session(who), **which)).disclosures)


async def test_a_second_supervisor_opens_to_the_first_for_the_time_asked(api: Api, hit: str) -> None:
    asked = (await request_opening(api.session(CHIEF), hit, WANTED)).disclosure
    assert (asked.state, asked.case, asked.break_glass) == ("awaiting_confirmation", None, True)
    assert not await reads(api, CHIEF)
    (waiting,) = await rows(api, SECOND, awaiting=True)
    assert (waiting.id, waiting.subject, waiting.case) == (asked.id, "chief", None)
    assert await rows(api, BERT, awaiting=True) == []
    api.now += HOUR
    given = (await confirm_opening(api.session(SECOND), asked.id)).disclosure
    assert (given.state, given.oversight, given.case) == ("granted", "confirmed", None)
    assert [await reads(api, who) for who in (CHIEF, SECOND, BERT, STRANGER)] == [True, False, False, False]
    assert await rows(api, SECOND, awaiting=True) == []
    (theirs,) = await rows(api, ANNA, mine=False)
    assert (theirs.case, theirs.oversight, theirs.subject) == (KEY, "confirmed", None)
    assert [step.subject for step in theirs.steps] == [None, None]
    api.now += 3 * HOUR
    assert not await reads(api, CHIEF)


@pytest.mark.parametrize(
    "roles", [(Role.SUPERVISOR,), (Role.SUPERVISOR, Role.INVESTIGATOR), (Role.SUPERVISOR, Role.AUDITOR)]
)
async def test_the_same_person_is_no_second_one_in_any_role_or_session(api: Api, hit: str, roles: Any) -> None:
    name = await requested(api, hit)
    with pytest.raises(ForbiddenError):
        await confirm_opening(api.session(make_requester("be-fp", *roles, subject="chief")), name)
    assert await rows(api, CHIEF, awaiting=True) == []
    assert not await reads(api, CHIEF)


async def test_who_may_not(api: Api, hit: str) -> None:
    with pytest.raises(ForbiddenError):
        await request_opening(api.session(BERT), hit, WANTED)
    with pytest.raises(ForbiddenError):
        await open_alone(api.session(BERT), hit, WANTED)
    name = await requested(api, hit)
    for who in (STRANGER, DUTY, DORA, OPERATOR):
        for step in (confirm_opening(api.session(who), name), withdraw_request(api.session(who), name)):
            with pytest.raises(NotFoundError):
                await step
    with pytest.raises(ForbiddenError):
        await confirm_opening(api.session(BERT), name)
    with pytest.raises(ForbiddenError):
        await withdraw_request(api.session(SECOND), name)
    name = await opened(api, hit)
    for who in (CHIEF, SECOND, STRANGER):
        with pytest.raises(NotFoundError):
            await review_opening(api.session(who), name, JUSTIFIED, "yes")
    with pytest.raises(ForbiddenError):
        await review_opening(api.session(ANNA), name, JUSTIFIED, "yes")


async def test_anothers_thread_a_silent_case_and_nothing_are_one_answer_by_the_same_calls(api: Api, hit: str) -> None:
    name = await requested(api, hit)
    answers: list[tuple[Any, ...]] = []
    for who, code in ((STRANGER, "H2"), (SECOND, "H3"), (CHIEF, "H3")):
        api.hold(record("fr-pj", code=code, to=("BE", "DE"), version=2 + len(answers)))
        for named in (name, hit, hit[:8] + "0" * 32):
            for step in ("confirm", "withdraw"):
                api.index.calls.clear()
                answer = await api.request("POST", f"/v1/break-glass/{named}/{step}", who, FIXED)
                answers.append((answer.status_code, answer.content, [call[:2] for call in api.index.calls]))
    assert answers == [answers[0]] * len(answers)
    assert answers[0][0] == 404


async def test_a_hidden_and_an_unknown_hit_are_one_answer_by_the_same_calls(api: Api, hit: str) -> None:
    for urgent in (False, True):
        answers = []
        for reference in (hit, hit[:8] + "0" * 32):
            api.hold(record("fr-pj", code="H3", to=("BE",), version=2))
            api.index.calls.clear()
            body = {"reference": reference, "reason": "a life", "urgent": urgent}
            answer = await api.post("/v1/break-glass", body, CHIEF, headers=FIXED)
            answers.append((answer.status_code, answer.content, list(api.index.calls)))
        assert answers[0] == answers[1]
        assert answers[0][0] == 404


FIXED = {"Liaison-Purpose": "investigation", "Liaison-Case-Reference": "2026/1", "X-Request-ID": "r1"}


@pytest.mark.parametrize("code", ["H0", "H3"])
async def test_glass_is_broken_for_hits_alone(api: Api, hit: str, code: str) -> None:
    name = await requested(api, hit)
    api.hold(record("fr-pj", code=code, to=("BE",), version=2))
    for act in (request_opening, open_alone):
        with pytest.raises(ConflictError if code == "H0" else NotFoundError):
            await act(api.session(CHIEF), hit, WANTED)
    with pytest.raises(ForbiddenError if code == "H0" else NotFoundError):
        await confirm_opening(api.session(SECOND), name)


async def test_a_late_confirmation_is_refused_and_an_expired_request_awaits_nobody(api: Api, hit: str) -> None:
    name = await requested(api, hit)
    api.now += CONFIRMATION_TIME
    assert await rows(api, SECOND, awaiting=True) == []
    with pytest.raises(ConflictError):
        await confirm_opening(api.session(SECOND), name)
    assert (await rows(api, CHIEF))[0].state == "expired"
    assert not await reads(api, CHIEF)


async def test_stricter_handling_suspends_what_was_confirmed(api: Api, hit: str) -> None:
    await confirm_opening(api.session(SECOND), await requested(api, hit))
    api.hold(record("fr-pj", code="H2", to=("BE",), version=2))
    assert not await reads(api, CHIEF)
    assert (await rows(api, CHIEF))[0].state == "suspended"


async def test_what_is_asked_twice_is_answered_twice_and_done_once(api: Api, hit: str) -> None:
    name = await requested(api, hit)
    for who in (SECOND, SECOND, make_requester("be-fp", Role.SUPERVISOR, subject="third")):
        assert (await confirm_opening(api.session(who), name)).disclosure.state == "granted"
    with pytest.raises(ConflictError):
        await withdraw_request(api.session(CHIEF), name)
    (row,) = await rows(api, CHIEF)
    assert [step.move for step in row.steps] == ["break_glass_request", "confirmation"]
    await revoke_disclosure(api.session(DUTY), name)
    name = await requested(api, hit)
    for _ in range(2):
        assert (await withdraw_request(api.session(CHIEF), name)).disclosure.state == "withdrawn"
    with pytest.raises(ConflictError):
        await confirm_opening(api.session(SECOND), name)
    name = await opened(api, hit)
    for _ in range(2):
        done = (await review_opening(api.session(DUTY), name, JUSTIFIED, "it was")).disclosure
        assert (done.oversight, len(done.steps)) == ("justified", 7)
    with pytest.raises(ConflictError, match="already reviewed"):
        await review_opening(api.session(DUTY), name, NOT_JUSTIFIED, "it was not")
    assert await reads(api, CHIEF)


async def test_one_alone_opens_at_once_until_the_owner_finds_it_not_justified(api: Api, hit: str) -> None:
    answer = (await open_alone(api.session(CHIEF), hit, WANTED)).disclosure
    assert (answer.case, answer.oversight) == (KEY, "awaiting_review")
    assert await reads(api, CHIEF)
    (due,) = await rows(api, DUTY, mine=False, awaiting=True)
    assert due.deadline == (NOW + timedelta(hours=24)).isoformat()
    api.now += HOUR
    await review_opening(api.session(DUTY), answer.id, NOT_JUSTIFIED, "there was time to ask")
    assert not await reads(api, CHIEF)
    assert await rows(api, DUTY, mine=False, awaiting=True) == []
    (told,) = await rows(api, BERT)
    assert (told.oversight, told.steps[-1].reason) == ("not_justified", "there was time to ask")
    assert (told.steps[-1].subject, told.case) == (None, None)


async def test_an_unreviewed_opening_is_overdue_and_stays_to_be_reviewed(api: Api, hit: str) -> None:
    api.runtime.settings = api.settings.model_copy(update={"break_glass_review_hours": 1.0})
    name = await opened(api, hit)
    await revoke_disclosure(api.session(DUTY), name)
    api.now += 2 * HOUR
    await withdraw_request(api.session(CHIEF), await requested(api, hit))
    (row,) = await rows(api, DUTY, mine=False, awaiting=True)
    assert (row.oversight, row.overdue) == ("overdue", True)
    assert (await review_opening(api.session(DUTY), name, JUSTIFIED, "late")).disclosure.oversight == "justified"
    assert not await reads(api, CHIEF)


async def test_the_owner_ends_what_was_confirmed(api: Api, hit: str) -> None:
    name = await requested(api, hit)
    await confirm_opening(api.session(SECOND), name)
    await revoke_disclosure(api.session(ANNA), name)
    assert not await reads(api, CHIEF)


Step = Callable[[Api, str], Awaitable[Any]]


def confirms(api: Api, name: str) -> Awaitable[Any]:
    return confirm_opening(api.session(SECOND), name)


def withdraws(api: Api, name: str) -> Awaitable[Any]:
    return withdraw_request(api.session(CHIEF), name)


def finds_justified(api: Api, name: str) -> Awaitable[Any]:
    return review_opening(api.session(DUTY), name, JUSTIFIED, "yes")


def finds_it_not(api: Api, name: str) -> Awaitable[Any]:
    return review_opening(api.session(DUTY), name, NOT_JUSTIFIED, "no")


@pytest.mark.parametrize(
    ("begin", "first", "crossing", "ends"),
    [
        (requested, confirms, withdraws, "withdrawn"),
        (requested, withdraws, confirms, "granted"),
        (opened, finds_justified, finds_it_not, "revoked"),
        (opened, finds_it_not, finds_justified, "granted"),
    ],
)
async def test_of_two_steps_that_cross_one_holds_and_the_other_is_refused(
    api: Api, hit: str, begin: Step, first: Step, crossing: Step, ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The crossing one is answered while the first is between its audit and its decision."""
    name, write = await begin(api, hit), api.audit.write

    async def crossed(act: Act) -> None:
        monkeypatch.setattr(api.audit, "write", write)
        await write(act)
        await crossing(api, name)

    monkeypatch.setattr(api.audit, "write", crossed)
    with pytest.raises(ConflictError, match="same moment"):
        await first(api, name)
    (row,) = await rows(api, CHIEF)
    assert row.state == ends
    assert await reads(api, CHIEF) is (ends == "granted")


async def test_a_process_that_dies_behind_the_audit_has_opened_nothing_and_the_step_may_be_taken_again(
    api: Api, hit: str
) -> None:
    name = await requested(api, hit)
    api.decided.away = True
    for step in (confirm_opening(api.session(SECOND), name), open_alone(api.session(CHIEF), hit, WANTED)):
        with pytest.raises(UnavailableError):
            await step
    assert not await reads(api, CHIEF)
    api.decided.away = False
    await confirm_opening(api.session(SECOND), name)
    assert await reads(api, CHIEF)


async def test_nothing_is_opened_that_cannot_be_recorded(api: Api, hit: str) -> None:
    name = await requested(api, hit)
    api.audit.away = True
    for step in (confirm_opening(api.session(SECOND), name), open_alone(api.session(CHIEF), hit, WANTED)):
        with pytest.raises(UnavailableError):
            await step
    assert len(api.decided.values) == 1


async def test_every_step_is_audited_with_what_it_shows(api: Api, hit: str) -> None:
    name = await requested(api, hit)
    await confirm_opening(api.session(SECOND), name)
    await revoke_disclosure(api.session(DUTY), name)
    await opened(api, hit)
    await review_opening(api.session(DUTY), name, NOT_JUSTIFIED, "no")
    acts = [(act.kind, act.object, act.subject, act.shown) for act in api.audit.acts]
    hits, owned = (ShownCase(KEY, ShownForm.HIT, "hit_only"),), (ShownCase(KEY, ShownForm.FULL, "owner"),)
    assert acts == [
        (ActKind.DISCLOSURE, name, "chief", hits),
        (ActKind.DISCLOSURE, name, "second", hits),
        (ActKind.DISCLOSURE, name, "duty", owned),
        (ActKind.DISCLOSURE, name, "chief", (ShownCase(KEY, ShownForm.FULL, "break_glass"),)),
        (ActKind.DISCLOSURE, name, "duty", owned),
    ]


async def test_the_record_of_a_step_names_the_rule_by_which_its_taker_sees_the_case(api: Api, hit: str) -> None:
    """A request is taken back, twice, once the owner has granted the case to the whole agency."""
    name = await requested(api, hit)
    asked = (
        await request_disclosure(api.session(BERT), hit, DisclosureAsk("why", Urgency.URGENT, NOW + timedelta(days=1)))
    ).disclosure.id
    await grant_disclosure(api.session(ANNA), asked, NOW + timedelta(days=9))
    for _ in range(2):
        await withdraw_request(api.session(CHIEF), name)
        assert api.audit.acts[-1].shown == (ShownCase(KEY, ShownForm.FULL, "granted"),)


async def test_lists_tell_break_glass_from_what_is_asked_and_go_on_where_a_page_ended(api: Api) -> None:
    for number in range(3):
        api.hold(record("fr-pj", str(number), code="H2"))
        await open_alone(api.session(CHIEF), api.session(CHIEF).make_reference(f"fr-pj:{number}"), WANTED)
    assert len((await list_disclosures(api.session(ANNA), mine=False)).disclosures) == 3
    first = await list_break_glass(api.session(DUTY), False, True, limit=2)
    rest = await list_break_glass(api.session(DUTY), False, True, limit=2, cursor=first.next)
    keys = [row.case for page in (first, rest) for row in page.disclosures]
    assert (keys, rest.next) == (["fr-pj:2", "fr-pj:1", "fr-pj:0"], None)


async def test_the_story_over_http(api: Api, hit: str) -> None:
    asked = await api.post("/v1/break-glass", {"reference": hit, "reason": "a life", "hours": 2}, CHIEF)
    name = asked.json()["disclosure"]["id"]
    assert KEY.encode() not in asked.content
    (row,) = (await api.get("/v1/break-glass?awaiting=true", SECOND)).json()["disclosures"]
    assert row["id"] == name
    statuses = [
        (await api.post(f"/v1/break-glass/{name}/{step}", body, who)).status_code
        for step, body, who in (
            ("confirm", None, STRANGER),
            ("confirm", None, CHIEF),
            ("confirm", None, SECOND),
            ("withdraw", None, CHIEF),
            ("review", {"verdict": "justified", "comment": "why"}, DUTY),
            ("review", {"verdict": "perhaps", "comment": "why"}, DUTY),
            ("review", {"verdict": "justified", "comment": ""}, DUTY),
        )
    ]
    assert statuses == [404, 403, 200, 409, 409, 422, 422]
    assert (await api.get(f"/v1/cases/{KEY}", CHIEF)).status_code == 200
    for wrong in ({"hours": 9}, {"hours": 0}, {"reason": ""}):
        body = {"reference": hit, "reason": "a life"} | wrong
        assert (await api.post("/v1/break-glass", body, CHIEF)).status_code == 422


async def test_two_who_confirm_at_once_open_it_once(api: Api, hit: str) -> None:
    name = await requested(api, hit)
    third = make_requester("be-fp", Role.SUPERVISOR, subject="third")
    steps = (confirm_opening(api.session(who), name) for who in (SECOND, third))
    await asyncio.gather(*steps, return_exceptions=True)
    (row,) = await rows(api, CHIEF)
    assert [step.move for step in row.steps] == ["break_glass_request", "confirmation"]
    assert await reads(api, CHIEF)
