from __future__ import annotations

from pipeline.web.pages.records import LIMIT, LISTED, PAGE
from support.access.requesters import ANNA, BERT
from support.api.runtime import Api
from support.records.builder import record
from support.web.pages import opened


async def test_our_own_records_are_listed_and_nobody_elses(api: Api) -> None:
    api.hold(record("fr-pj", code="H3"), record("fr-pj", "2"), record("be-fp"))
    said = (await opened(api, PAGE, ANNA, list=LISTED)).said()
    assert "fr-pj:1" in said
    assert "fr-pj:2" in said
    assert "be-fp:1" not in said


async def test_a_page_says_of_how_many_records_it_shows_some(api: Api) -> None:
    api.hold(*(record("fr-pj", str(number), code="H3") for number in range(LIMIT + 10)), record("be-fp"))
    page = await opened(api, PAGE, ANNA, list=LISTED)
    assert "1–50 of 60" in page.said()
    await page.press("Next")
    assert "51–60 of 60" in page.said()


async def test_an_agency_without_records_is_told_so(api: Api) -> None:
    assert "No one has seen them yet" in (await opened(api, PAGE, BERT)).said()
    assert "Our agency has no records here" in (await opened(api, PAGE, BERT, list=LISTED)).said()
