from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.access.disclosures import AccessRequestRow
from pipeline.access.requester import Role
from pipeline.api.services.disclosures import list_disclosures
from pipeline.web.components.hits import HOURS
from pipeline.web.pages.case import PAGE
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import Api
from support.index.documents import PureStages
from support.records.builder import record
from support.web.pages import opened

CHIEF = make_requester("be-fp", Role.SUPERVISOR, subject="chief")


def held(api: Api) -> None:
    """A hit-only French case that is linked to a Belgian one."""
    api.hold(record("fr-pj", code="H2", to=("BE",)), record("be-fp"))
    api.link("fr-pj:1", "be-fp:1")


async def threads(api: Api) -> list[AccessRequestRow]:
    return list((await list_disclosures(api.session(ANNA), mine=False)).disclosures)


@pytest.mark.parametrize(("way", "move"), [("second", "break_glass_request"), ("alone", "break_glass")])
async def test_a_supervisor_gives_a_reason_after_being_told_that_the_owner_hears_of_it(
    api: Api, way: str, move: str
) -> None:
    held(api)
    page = await opened(api, PAGE, CHIEF, key="be-fp:1")
    assert "fr-pj is notified at once" in page.said()
    await page.send(1, reason="a child is in danger", way=way, hours="2")
    (thread,) = await threads(api)
    told = [(step.move, step.reason, step.hours) for step in thread.steps]
    assert told == [(move, "a child is in danger", 2)]
    if way == "second":
        assert "Emergency access requested" in page.said()
        assert "Only you get access" not in page.said()


async def test_the_shortest_time_is_offered_first(api: Api) -> None:
    held(api)
    page = await opened(api, PAGE, CHIEF, key="be-fp:1")
    hours = [attributes["value"] for tag, _, attributes in page.drawn() if tag == "option"][-len(HOURS) :]
    assert hours == ["1", "2", "4", "8"]


@pytest.mark.parametrize("referenced", [False, True])
async def test_who_asks_is_told_beforehand_what_the_owner_sees_of_them(
    stages: PureStages, tmp_path: Path, referenced: bool
) -> None:
    api = Api(stages, tmp_path, owners_see_references=referenced)
    held(api)
    said = (await opened(api, PAGE, BERT, key="be-fp:1")).said()
    assert ("sees your name and phone number." in said) is not referenced
    assert ("sees your name, phone number and case reference." in said) is referenced


async def test_an_investigator_can_only_ask(api: Api) -> None:
    held(api)
    page = await opened(api, PAGE, BERT, key="be-fp:1")
    assert "Request access" in page.said()
    assert "Emergency access" not in page.said()
    await page.send(reason="the same man", urgency="urgent", days="3")
    (thread,) = await threads(api)
    assert thread.state == "requested"
