from __future__ import annotations

import pytest

from pipeline.access.audit import ActKind
from pipeline.access.requester import Role
from pipeline.api.services import operations
from pipeline.ops.replay.preview import PreviewedOutcome, ReplayPreview
from pipeline.ops.replay.rejections import Rejection, RejectionFilter, ReplaySummary
from pipeline.settings import Settings
from pipeline.web.pages.rejected import PAGE
from support.access.requesters import ANNA, make_requester
from support.api.runtime import Api
from support.web.pages import opened

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
