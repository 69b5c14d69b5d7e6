"""The story of a disclosure, and who may not take which step of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import orjson
import pytest

from pipeline.access.audit import ActKind, ShownCase, ShownForm
from pipeline.access.disclosure_threads import Disclosure, Urgency
from pipeline.access.disclosures import DisclosureAsk
from pipeline.access.requester import Requester, Role
from pipeline.access.text_limits import LABEL
from pipeline.api.answers import FoundHit, HitRequest
from pipeline.api.problems import ConflictError, ForbiddenError, NotFoundError, UnavailableError, UnprocessableError
from pipeline.api.services.cases import read_case
from pipeline.api.services.disclosures import (
    grant_disclosure,
    list_disclosures,
    read_disclosure,
    refuse_disclosure,
    request_disclosure,
    revoke_disclosure,
)
from pipeline.api.services.links import list_links
from pipeline.api.services.search import Search, search
from support.access.requesters import ANNA, BERT, DORA, make_requester
from support.api.runtime import NOW, Api
from support.records.builder import record

DAY = timedelta(days=1)
WANTED = DisclosureAsk("the same phone", Urgency.URGENT, NOW + DAY)
CHIEF = make_requester("be-fp", Role.SUPERVISOR, subject="chief")
COLLEAGUE = make_requester("be-fp", subject="colleague")
KEY = "fr-pj:1"


@pytest.fixture
def hit(api: Api) -> str:
    """A hit-only case of Anna's agency; the reference by which Bert's agency knows it."""
    api.hold(record("fr-pj", code="H2", to=("BE",)), record("be-fp"))
    return api.session(BERT).make_reference(KEY)


async def reads(api: Api, who: Requester) -> bool:
    try:
        return bool(await read_case(api.session(who), KEY))
    except NotFoundError:
        return False


async def granted(api: Api, hit: str) -> str:
    name: str = (await request_disclosure(api.session(BERT), hit, WANTED)).disclosure.id
    await grant_disclosure(api.session(ANNA), name, NOW + 9 * DAY)
    return name


async def test_asked_granted_read_revoked(api: Api, hit: str) -> None:
    assert not await reads(api, BERT)
    asked = (await request_disclosure(api.session(BERT), hit, WANTED)).disclosure
    assert (asked.state, asked.case, asked.id) == ("requested", None, hit)
    assert not await reads(api, BERT)
    given = (await grant_disclosure(api.session(ANNA), hit, NOW + 9 * DAY, "of course")).disclosure
    assert (given.state, given.case, given.agency) == ("granted", KEY, "be-fp")
    assert [await reads(api, who) for who in (BERT, COLLEAGUE, DORA)] == [True, True, False]
    assert (await revoke_disclosure(api.session(ANNA), hit)).disclosure.state == "revoked"
    assert not await reads(api, BERT)


async def test_a_grant_from_before_a_rotation_holds_after_it(api: Api, hit: str) -> None:
    name = await granted(api, hit)
    api.rotate()
    later = api.session(BERT).make_reference(KEY)
    assert later != hit
    assert await reads(api, BERT)
    for reference in (hit, later):
        with pytest.raises(ConflictError, match="you already have access"):
            await request_disclosure(api.session(BERT), reference, WANTED)
    await revoke_disclosure(api.session(ANNA), name)
    assert not await reads(api, BERT)
    again = (await request_disclosure(api.session(BERT), later, WANTED)).disclosure
    assert (again.id, len(again.steps)) == (hit, 4), "the thread goes on under the id that it began with"


async def test_a_disclosure_that_begins_after_a_rotation_is_of_the_new_secret(api: Api, hit: str) -> None:
    api.rotate()
    name = (await request_disclosure(api.session(BERT), hit, WANTED)).disclosure.id
    assert name == api.session(BERT).make_reference(KEY) != hit
    await grant_disclosure(api.session(ANNA), name, NOW + 9 * DAY)
    assert await reads(api, BERT)


async def test_a_grant_shows_the_links_of_the_case_in_full(api: Api, hit: str) -> None:
    api.link(KEY, "be-fp:1")
    (before,) = (await list_links(api.session(BERT), "be-fp:1")).links
    await granted(api, hit)
    (after,) = (await list_links(api.session(BERT), "be-fp:1")).links
    assert before.hit
    assert (before.score, before.hit.reference) == (None, hit)
    assert after.hit is None
    assert (after.score or 0) > 0


async def test_a_refusal_opens_nothing_and_may_be_followed_by_another_request(api: Api, hit: str) -> None:
    await request_disclosure(api.session(BERT), hit, WANTED)
    assert (await refuse_disclosure(api.session(ANNA), hit, "not enough")).disclosure.state == "refused"
    assert not await reads(api, BERT)
    again = (await request_disclosure(api.session(COLLEAGUE), hit, WANTED)).disclosure
    assert [step.move for step in again.steps] == ["request", "refusal", "request"]
    assert [step.subject for step in again.steps] == ["bert", None, "colleague"]


async def test_stricter_handling_suspends_a_grant_and_withdrawal_ends_it(api: Api, hit: str) -> None:
    name = await granted(api, hit)
    tightened = {"code": "H2", "releasable_to": ["BE"], "purposes": ["investigation"]}
    api.hold(record("fr-pj", version=2, handling=tightened))
    assert not await reads(api, BERT)
    assert (await read_disclosure(api.session(BERT), name)).disclosure.state == "suspended"
    api.hold(record("fr-pj", code="H3", to=("BE",), version=3))
    with pytest.raises(NotFoundError):
        await read_disclosure(api.session(BERT), name)
    assert (await list_disclosures(api.session(BERT))).disclosures == ()
    assert len((await list_disclosures(api.session(ANNA), mine=False)).disclosures) == 1


async def test_a_grant_ends_on_its_date_and_a_request_becomes_overdue(api: Api, hit: str) -> None:
    await request_disclosure(api.session(BERT), hit, WANTED)
    api.now = NOW + 2 * DAY
    (row,) = (await list_disclosures(api.session(ANNA), mine=False)).disclosures
    assert (row.overdue, row.case) == (True, KEY)
    await grant_disclosure(api.session(ANNA), hit, NOW + 3 * DAY)
    assert await reads(api, BERT)
    api.now = NOW + 3 * DAY
    assert not await reads(api, BERT)


async def test_who_may_not(api: Api, hit: str) -> None:
    name = (await request_disclosure(api.session(BERT), hit, WANTED)).disclosure.id
    for who in (BERT, CHIEF, DORA):
        for step in (grant_disclosure(api.session(who), name, NOW + DAY), refuse_disclosure(api.session(who), name)):
            with pytest.raises(NotFoundError):
                await step
    with pytest.raises(NotFoundError):
        await read_disclosure(api.session(DORA), name)
    with pytest.raises(NotFoundError):
        await request_disclosure(api.session(DORA), hit, WANTED)
    for role in (Role.AUDITOR, Role.OPS, Role.FEED):
        with pytest.raises(ForbiddenError):
            await request_disclosure(api.session(make_requester("be-fp", role)), hit, WANTED)
        with pytest.raises(ForbiddenError):
            await grant_disclosure(api.session(make_requester("fr-pj", role)), name, NOW + DAY)


async def test_for_another_purpose_there_is_nothing_to_ask_for(api: Api, hit: str) -> None:
    with pytest.raises(NotFoundError):
        await request_disclosure(api.session(BERT, purpose="prosecution"), hit, WANTED)


async def test_steps_that_are_not_due_are_conflicts(api: Api, hit: str) -> None:
    await granted(api, hit)
    for step in (
        refuse_disclosure(api.session(ANNA), hit),
        grant_disclosure(api.session(ANNA), hit, NOW),
        request_disclosure(api.session(BERT), hit, WANTED),
    ):
        with pytest.raises(ConflictError):
            await step


async def test_a_hidden_and_an_unknown_hit_are_one_answer_by_the_same_calls(api: Api, hit: str) -> None:
    body = {"reason": "", "urgency": "routine", "deadline": (NOW + DAY).isoformat()}
    answers = []
    for reference in (hit, hit[:8] + "0" * 32):
        api.hold(record("fr-pj", code="H3", to=("BE",), version=2))
        api.index.calls.clear()
        answer = await api.post("/v1/disclosures", body | {"reference": reference}, BERT, headers=FIXED)
        answers.append((answer.status_code, answer.content, list(api.index.calls)))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


FIXED = {"Liaison-Purpose": "investigation", "Liaison-Case-Reference": "2026/1", "X-Request-ID": "r1"}


async def test_nothing_is_decided_that_cannot_be_audited_or_kept(api: Api, hit: str) -> None:
    api.audit.away = True
    with pytest.raises(UnavailableError):
        await request_disclosure(api.session(BERT), hit, WANTED)
    assert api.decided.values == []
    api.audit.away, api.decided.away = False, True
    with pytest.raises(UnavailableError):
        await request_disclosure(api.session(BERT), hit, WANTED)
    assert not await reads(api, BERT)


async def test_every_step_is_audited_with_what_it_shows(api: Api, hit: str) -> None:
    await granted(api, hit)
    asked, given = api.audit.acts
    assert (asked.kind, asked.object, asked.shown) == (
        ActKind.DISCLOSURE,
        hit,
        (ShownCase(KEY, ShownForm.HIT, "hit_only"),),
    )
    assert (given.kind, given.object, given.shown) == (
        ActKind.DISCLOSURE,
        hit,
        (ShownCase(KEY, ShownForm.FULL, "owner"),),
    )


async def test_lists_go_on_where_a_page_ended(api: Api) -> None:
    for number in range(3):
        api.hold(record("fr-pj", str(number), code="H2"))
        await request_disclosure(api.session(BERT), api.session(BERT).make_reference(f"fr-pj:{number}"), WANTED)
    first = await list_disclosures(api.session(ANNA), mine=False, limit=2)
    rest = await list_disclosures(api.session(ANNA), mine=False, limit=2, cursor=first.next)
    keys = [row.case for page in (first, rest) for row in page.disclosures]
    assert keys == ["fr-pj:2", "fr-pj:1", "fr-pj:0"]
    assert rest.next is None
    with pytest.raises(UnprocessableError):
        await list_disclosures(api.session(BERT), mine=False, cursor=first.next)


async def test_the_story_over_http(api: Api, hit: str) -> None:
    body: dict[str, Any] = {"reference": hit, "reason": "why", "urgency": "urgent", "deadline": "2026-12-01T12:00:00Z"}
    asked = await api.post("/v1/disclosures", body, BERT)
    assert asked.status_code == 200
    assert b"fr-pj:1" not in asked.content
    (row,) = (await api.get("/v1/disclosures?mine=false", ANNA)).json()["disclosures"]
    until = {"until": "2026-12-09T12:00:00Z"}
    assert (await api.post(f"/v1/disclosures/{row['id']}/grant", until, DORA)).status_code == 404
    assert (await api.post(f"/v1/disclosures/{row['id']}/grant", {"until": "2026-12-09T12:00:00"})).status_code == 422
    assert (await api.post(f"/v1/disclosures/{row['id']}/grant", until)).status_code == 200
    assert (await api.get(f"/v1/disclosures/{hit}", BERT)).json()["disclosure"]["case"] == KEY
    assert orjson.loads((await api.get(f"/v1/cases/{KEY}", BERT)).content)["case"]["data"]["title"] == "Affair 1"
    assert (await api.post(f"/v1/disclosures/{row['id']}/revoke", {})).status_code == 200
    assert (await api.get(f"/v1/cases/{KEY}", BERT)).status_code == 404


QUESTION = Search("Ivan Petrov 1980-05-01")


async def asked(api: Api, label: str = "Ivan Petrov, line 7") -> str:
    """Bert of be-fp asks fr-pj for a hit-only case."""
    api.hold(record("fr-pj", code="H2"))
    session = api.session(BERT)
    ask = DisclosureAsk("the same man", Urgency.URGENT, NOW + timedelta(days=1))
    answer = await request_disclosure(session, session.make_reference("fr-pj:1"), ask, label)
    return str(answer.disclosure.id)


async def find_hit(api: Api, who: Any = BERT) -> FoundHit:
    (found,) = (await search(api.session(who), QUESTION)).hits
    return found


def _state(found: FoundHit) -> str | None:
    return found.request.state if found.request else None


async def test_a_hit_says_what_its_readers_agency_asked(api: Api) -> None:
    name = await asked(api)
    api.now += timedelta(hours=3)
    assert (await find_hit(api)).request == HitRequest(
        id=name,
        state="requested",
        overdue=False,
        time=NOW.isoformat(),
        deadline=(NOW + timedelta(days=1)).isoformat(),
        until=None,
        subject="bert",
        label="Ivan Petrov, line 7",
    )
    colleague = make_requester("be-fp", subject="colleague")
    asked_by = (await find_hit(api, colleague)).request
    assert asked_by is not None
    assert asked_by.subject == "bert"


async def test_another_agency_is_told_of_no_request(api: Api) -> None:
    await asked(api)
    assert (await find_hit(api, make_requester("nl-np"))).request is None


async def test_a_hit_that_nobody_asked_for_has_no_request(api: Api) -> None:
    api.hold(record("fr-pj", code="H2"))
    assert (await find_hit(api)).request is None


async def test_a_link_with_a_hit_says_it_too(api: Api) -> None:
    await asked(api)
    api.hold(record("be-fp"))
    api.link("be-fp:1", "fr-pj:1")
    (row,) = (await list_links(api.session(BERT), "be-fp:1")).links
    assert row.hit
    assert row.hit.request
    assert row.hit.request.state == "requested"


async def test_a_refusal_stands_beside_the_hit(api: Api) -> None:
    name = await asked(api)
    api.now += timedelta(hours=1)
    await refuse_disclosure(api.session(ANNA), name, "ongoing")
    assert _state(await find_hit(api)) == "refused"


async def test_no_thread_is_read_where_no_hit_is_shown(api: Api) -> None:
    api.hold(record("fr-pj"))
    await search(api.session(BERT), QUESTION)
    assert all(call.where != "disclosures" for call in api.engine.calls)


async def test_the_name_of_a_request_is_the_asking_agencys_alone(api: Api) -> None:
    """The owner gets no name; Kafka and the index hold it encrypted."""
    await asked(api)
    theirs = (await list_disclosures(api.session(ANNA), mine=False)).disclosures
    assert [row.label for row in theirs] == [None]
    (ours,) = (await list_disclosures(api.session(BERT))).disclosures
    assert ours.label == "Ivan Petrov, line 7"
    (kept,) = [value for _, value in api.decided.values if isinstance(value, Disclosure)]
    assert kept.last.label
    assert "line 7" not in str(kept)
    assert b"line 7" not in msgspec.json.encode(theirs)


async def test_a_name_is_bounded_and_ends_with_its_months_key(api: Api) -> None:
    exact = "two words " + "x" * (LABEL.most - len("two words "))
    with pytest.raises(UnprocessableError, match="the name has more than 200 characters") as raised:
        await asked(api, exact + "x")
    assert raised.value.fields == ["label"]
    assert (await list_disclosures(api.session(BERT))).disclosures == ()
    await asked(api, exact.replace(" ", "\n  "))
    (ours,) = (await list_disclosures(api.session(BERT))).disclosures
    assert ours.label == exact
    for key in api.settings.audit_key_folder.glob("*.key"):
        key.unlink()
    (later,) = (await list_disclosures(api.session(BERT))).disclosures
    assert later.label is None
