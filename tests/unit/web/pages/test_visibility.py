from __future__ import annotations

from pipeline.records.agencies import Agency
from pipeline.web.pages import case
from pipeline.web.pages.visibility import PAGE
from support.access.requesters import ANNA, BERT
from support.api.runtime import Api
from support.records.builder import record
from support.web.pages import opened

KEY = "fr-pj:1"


def held(api: Api) -> None:
    """A hit-only French record, released to Belgium."""
    api.hold(record("fr-pj", code="H2", to=("BE",)), record("be-fp"))
    api.runtime.agencies |= {name: Agency(name, name[:2].upper()) for name in ("fr-pj", "be-fp", "de-bka")}  # type: ignore[operator]


async def test_it_says_how_each_agency_sees_the_case_and_why(api: Api) -> None:
    held(api)
    said = (await opened(api, PAGE, ANNA, key=KEY)).said()
    for words in ("de-bka Germany no access not released to the country", "be-fp Belgium hit only handling code H2",
                 "fr-pj France full content owner agency", "Operator full content"):  # fmt: skip
        assert words in said
    assert "→" not in said
    assert "service propriétaire" in (await opened(api, PAGE, ANNA, "fr", key=KEY)).said()


async def test_it_says_what_other_handling_would_change(api: Api) -> None:
    held(api)
    page = await opened(api, PAGE, ANNA, key=KEY)
    await page.send(handling="H1", releasable_to="be, de", **{"purpose-investigation": "1"})
    said = page.said()
    assert "de-bka Germany no access not released to the country → full content released to the country" in said
    assert "be-fp Belgium hit only handling code H2 → full content released to the country" in said
    await page.send(handling="H1", releasable_to="France")
    assert "a country is two capital letters" in page.said()


async def test_it_is_reached_from_ones_own_case_and_there_for_nobody_else(api: Api) -> None:
    held(api)
    assert "Who has access" in (await opened(api, case.PAGE, ANNA, key=KEY)).said()
    assert "Who has access" not in (await opened(api, case.PAGE, ANNA, key="be-fp:1")).said()
    for key in (KEY, "fr-pj:none"):
        assert "Not found, or you do not have access" in (await opened(api, PAGE, BERT, key=key)).said()
