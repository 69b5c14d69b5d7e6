from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import orjson
import pytest

from pipeline.access.audit import ActKind
from pipeline.access.requester import Requester, Role
from pipeline.api.services import operations
from pipeline.ops.replay.preview import PreviewedOutcome, ReplayPreview
from pipeline.ops.replay.rejections import Rejection, RejectionFilter, ReplaySummary
from pipeline.records.messages import Position, Reason, RejectedMessage
from pipeline.settings import Settings
from pipeline.web.pages.rejected import MESSAGE_PAGE, PAGE
from support.access.requesters import ANNA, make_requester
from support.api.runtime import Api
from support.records.builder import person, record
from support.web.pages import RenderedPage, opened

NOOR = make_requester("liaison-ops", Role.OPS, country="NL")
PREVIEW = ReplayPreview(
    (PreviewedOutcome("fr-pj", "rejected", "birth_date", 1), PreviewedOutcome("fr-pj", "update", "", 2)),
    {"not_indexed": 1},
)
TIME = "2026-11-24T09:00:00+00:00"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[RejectionFilter]:
    """What was sent again; the broker's part is tested on the broker (tests/integration/ops)."""
    wanted: list[RejectionFilter] = []

    async def held(_: Settings, one: RejectionFilter) -> list[Rejection]:
        reasons = [one.reason] if one.reason else ["schema", "not_json"]
        return [
            Rejection("cases.fr-pj-0-7", TIME, "fr-pj", reason, "/data/title", "too long", 99, "") for reason in reasons
        ]

    async def again(_: Settings, one: RejectionFilter) -> ReplaySummary:
        wanted.append(one)
        return ReplaySummary()

    async def looked_at(_: Settings, __: RejectionFilter, *___: object) -> ReplayPreview:
        return PREVIEW

    monkeypatch.setattr(operations, "list_rejections", held)
    monkeypatch.setattr(operations, "replay_rejected", again)
    monkeypatch.setattr(operations, "preview_replay", looked_at)
    return wanted


async def test_rejections_are_sent_again_by_reason_and_agency_and_that_is_recorded(
    api: Api, asked: list[RejectionFilter]
) -> None:
    page = await opened(api, PAGE, NOOR, reason="schema")
    assert "/data/title" in page.said()
    assert page.find("time", "24 Nov 2026 09:00").props["datetime"] == TIME
    await page.send(agency=" fr-pj ")
    assert asked == []
    for said in ("Accepted: a new version", "Rejected again", "birth_date", "1 not replayed"):
        assert said in page.said()
    await page.press("Replay 3 messages")
    assert "Replay 3 messages" not in page.said()
    assert [(one.reason, one.agency) for one in asked] == [("schema", "fr-pj")]
    assert [(act.kind, act.object) for act in api.audit.acts] == [
        (ActKind.OPERATION, "rejected schema"),
        (ActKind.OPERATION, "preview replay schema fr-pj"),
        (ActKind.OPERATION, "replay rejected schema fr-pj"),
    ]


async def test_a_replay_can_be_given_up(api: Api, asked: list[RejectionFilter]) -> None:
    page = await opened(api, PAGE, NOOR, reason="schema")
    await page.send(agency="")
    await page.press("Cancel")
    assert "Replay 3 messages" not in page.said()
    assert asked == []


async def test_all_reasons_are_counted(api: Api, asked: list[RejectionFilter]) -> None:
    said = (await opened(api, PAGE, NOOR)).said()
    assert "schema 1" in said
    assert "2 messages" in said


async def test_nothing_is_sent_that_cannot_be_recorded(api: Api, asked: list[RejectionFilter]) -> None:
    page = await opened(api, PAGE, NOOR, reason="schema")
    await page.send(agency="")
    api.audit.away = True
    await page.press("Replay 3 messages")
    assert asked == []


async def test_only_those_who_operate_see_them(api: Api, asked: list[RejectionFilter]) -> None:
    assert "Your role does not allow this" in (await opened(api, PAGE, ANNA)).said()
    assert api.audit.acts == []


FRED = make_requester("fr-pj", Role.OPS, Role.INVESTIGATOR, country="FR")
PLACE = "cases.fr-pj-0-7"
DATA = {"title": "Vol", "version": "two", "entities": [{"id": "p1", "birth_date": "1982-25-11"}], "Jean Valjean": 1}
MESSAGE = RejectedMessage(
    position=Position("cases.fr-pj", 0, 7),
    reason=Reason.SCHEMA,
    pointer="/data/version",
    message="must be a number, not text",
    agency="fr-pj",
    key=b"fr-pj:1",
    original=orjson.dumps({"id": "x", "data": DATA}),
    time="2026-11-24T09:00:00+00:00",
)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[RejectionFilter]:
    """What was sent again."""
    wanted: list[RejectionFilter] = []

    async def held(_: Settings, one: RejectionFilter) -> AsyncIterator[RejectedMessage]:
        if one.matches(MESSAGE):
            yield MESSAGE

    async def looked_at(_: Settings, one: RejectionFilter, *__: object) -> ReplayPreview:
        return ReplayPreview((PreviewedOutcome("fr-pj", "rejected", "schema", len(one.positions)),), {})

    async def again(_: Settings, one: RejectionFilter) -> ReplaySummary:
        wanted.append(one)
        return ReplaySummary()

    monkeypatch.setattr(operations, "read_rejected", held)
    monkeypatch.setattr(operations, "preview_replay", looked_at)
    monkeypatch.setattr(operations, "replay_rejected", again)
    return wanted


async def shown(api: Api, who: Requester, position: str = PLACE) -> RenderedPage:
    return await opened(api, MESSAGE_PAGE, who, position=position)


async def test_an_operator_sees_why_and_the_outline(api: Api, sent: list[RejectionFilter]) -> None:
    api.hold(record("fr-pj", entities=[person("Ivan Petrov", id="p1")]))
    said = (await shown(api, NOOR)).said()
    for told in ("must be a number, not text", "/data/version", "/data/entities/0/birth_date", "text", "/data/…"):
        assert told in said
    for hidden in ("Vol", "1982", "Valjean", "Ivan", "Changes since"):
        assert hidden not in said
    assert api.engine.calls == []


async def test_the_sender_sees_its_message_and_what_differs(api: Api, sent: list[RejectionFilter]) -> None:
    api.hold(record("fr-pj", entities=[person("Ivan Petrov", id="p1")]))
    said = (await shown(api, FRED)).said()
    for told in ("1982-25-11", "Changes since the last accepted record", "version 1", '"two"', "Affair 1"):
        assert told in said
    assert {case.case for act in api.audit.acts for case in act.shown} == {"fr-pj:1"}


async def test_a_sender_who_reads_no_records_sees_its_message_alone(api: Api, sent: list[RejectionFilter]) -> None:
    api.hold(record("fr-pj", entities=[person("Ivan Petrov", id="p1")]))
    said = (await shown(api, make_requester("fr-pj", Role.OPS, country="FR"))).said()
    assert "1982-25-11" in said
    assert "Changes since" not in said
    assert {case.case for act in api.audit.acts for case in act.shown} == set()


async def test_a_message_about_anothers_case_is_held_against_nothing(
    api: Api, sent: list[RejectionFilter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever key a sender wrote, it learns nothing of another agency's record."""
    api.hold(record("be-fp", entities=[person("Ivan Petrov", id="p1")]))
    foreign = msgspec.structs.replace(MESSAGE, key=b"be-fp:1")

    async def held(_: Settings, __: RejectionFilter) -> AsyncIterator[RejectedMessage]:
        yield foreign

    monkeypatch.setattr(operations, "read_rejected", held)
    said = (await shown(api, FRED)).said()
    assert "Changes since" not in said
    assert "1982-25-11" in said
    assert api.engine.calls == []


async def test_one_message_is_sent_again_after_a_preview(api: Api, sent: list[RejectionFilter]) -> None:
    page = await shown(api, NOOR)
    await page.press("Preview")
    assert "Rejected again" in page.said()
    await page.press("Replay 1 message")
    assert [one.positions for one in sent] == [frozenset({PLACE})]


async def test_only_those_who_operate_see_it(api: Api, sent: list[RejectionFilter]) -> None:
    assert "Your role does not allow this" in (await shown(api, ANNA)).said()
    assert "Not found" in (await shown(api, NOOR, "cases.fr-pj-0-8")).said()
