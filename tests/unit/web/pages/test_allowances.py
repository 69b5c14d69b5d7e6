from __future__ import annotations

import pytest

from pipeline.access.requester import Role
from pipeline.web.pages.allowances import PAGE
from support.access.requesters import ANNA, make_requester
from support.api.runtime import Api
from support.web.pages import opened

CHIEF = make_requester("fr-pj", Role.SUPERVISOR, subject="chief")
ALLOWED = {"agency": " be-fp ", "daily": "5000", "days": "14"}


async def test_a_supervisor_allows_more_and_the_agency_sees_it(api: Api) -> None:
    page = await opened(api, PAGE, CHIEF)
    assert "No agency has a higher quota" in page.said()
    await page.send(**ALLOWED)
    assert "be-fp 5,000 8 Dec 2026" in page.said()
    said = (await opened(api, PAGE, ANNA, "fr")).said()
    assert "chaque service\xa0: 200 par jour" in said
    assert "Relever le quota" not in said


@pytest.mark.parametrize(
    "wrong", [{"agency": ""}, {"daily": "many"}, {"daily": "0"}, {"daily": "100001"}, {"days": "32"}, {"days": "²"}]
)
async def test_what_makes_no_sense_allows_nothing(api: Api, wrong: dict[str, str]) -> None:
    page = await opened(api, PAGE, CHIEF)
    await page.send(**ALLOWED | wrong)
    assert api.decided.values == []
