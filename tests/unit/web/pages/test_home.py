from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.access.case_filters import Filters
from pipeline.api.past_searches import seal_search
from pipeline.api.session import Session
from pipeline.web.pages.home import BEGUN, MOST_SEARCHES, PAGE
from pipeline.web.pages.search import PAST
from support.access.requesters import ANNA, BERT
from support.api.runtime import Api
from support.records.builder import record
from support.web.pages import RenderedPage, opened


def sealed(session: Session, *questions: str) -> str:
    """Searches as a browser holds them."""
    found = [seal_search(session, question, Filters()) for question in questions]
    return json.dumps([one.text for one in found if one])


async def begun(api: Api, **told: Any) -> RenderedPage:
    page = await opened(api, PAGE, ANNA)
    await page.happen(BEGUN, told)
    return page


async def test_the_field_is_there_before_anything_is_read(api: Api) -> None:
    page = await opened(api, PAGE, ANNA)
    fields = [told for tag, _, told in page.drawn() if tag == "input"]
    assert [one["id"] for one in fields] == ["question"]
    assert api.audit.acts == []


@pytest.mark.parametrize(("language", "word"), [("en", "Search"), ("fr", "Rechercher"), ("es", "Buscar")])
async def test_the_button_says_what_it_does(api: Api, language: str, word: str) -> None:
    assert (await opened(api, PAGE, ANNA, language)).find("button", word)


async def test_what_waits_is_what_is_not_empty(api: Api) -> None:
    api.hold(record("fr-pj", to=("BE",)), record("be-fp", to=("FR",)))
    assert "Nothing waits for you." in (await begun(api)).said()
    api.link("fr-pj:1", "be-fp:1")
    said = (await begun(api)).said()
    assert "1 To review" in said
    assert "Assigned to me" not in said
    assert "Decided by me" not in said


async def test_the_last_searches_of_the_viewer_stand_there(api: Api) -> None:
    asked = [f"ivan petrov 19{80 + number}" for number in range(MOST_SEARCHES + 1)]
    said = (await begun(api, **{PAST: sealed(api.session(ANNA), *asked)})).said()
    assert [one in said for one in asked] == [True] * MOST_SEARCHES + [False]
    other = (await begun(api, **{PAST: sealed(api.session(BERT), *asked)})).said()
    assert "ivan petrov" not in other
    assert "What you search appears here." in other


@pytest.mark.parametrize("told", [{PAST: "nonsense"}, {PAST: '[1, {"a": 2}]'}, {"other": "x"}])
async def test_nonsense_that_a_browser_says_is_no_search(api: Api, told: dict[str, str]) -> None:
    assert "What you search appears here." in (await begun(api, **told)).said()


async def test_trouble_with_the_counts_leaves_the_searches(api: Api) -> None:
    page = await opened(api, PAGE, ANNA)
    api.index.away = True
    await page.happen(BEGUN, {PAST: sealed(api.session(ANNA), "ivan petrov")})
    said = page.said()
    assert "The search index does not answer" in said
    assert "ivan petrov" in said
