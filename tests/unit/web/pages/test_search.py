from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from pipeline.web.pages.search import ASKED, PAGE
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.records.builder import record
from support.web.pages import RenderedPage, opened


async def asked(api: Api, question: str, language: str = "en", **filters: str) -> RenderedPage:
    page = await opened(api, PAGE, ANNA, language)
    await page.happen(ASKED, {"q": question, **filters})
    return page


def addresses(page: RenderedPage, word: str) -> list[dict[str, list[str]]]:
    """What the links ask whose text or label begins with a word."""
    return [
        parse_qs(attributes["href"].partition("#")[2])
        for tag, said, attributes in page.drawn()
        if tag == "a" and (said or attributes.get("aria-label", "")).startswith(word)
    ]


def chips(drawn: list[tuple[str, str, dict[str, Any]]]) -> list[tuple[str, str, dict[str, Any]]]:
    """What stands between the words before the chips and the first result, or the word that there is none."""
    start = [what for _, what, _ in drawn].index("Compris comme")
    ends = (at for at, (tag, _, told) in enumerate(drawn) if tag == "section" or "data-state" in told)
    end = next(at for at in ends if at > start)
    return drawn[start:end]


async def test_a_date_that_can_be_two_is_shown_as_both_and_can_be_settled(api: Api) -> None:
    page = await asked(api, "ivan petrov 03/04/1982", country="BE")
    assert "Understood as" in page.said()
    assert "Date of birth 3 Apr 1982 or 4 Mar 1982" in page.said()
    assert "Name or text ivan petrov" in page.said()
    assert addresses(page, "Only: Date of birth") == [
        {"q": ["ivan petrov born:1982-04-03"], "country": ["BE"]},
        {"q": ["ivan petrov born:1982-03-04"], "country": ["BE"]},
    ]
    assert addresses(page, "Remove 03/04/1982") == [{"q": ["ivan petrov"], "country": ["BE"]}]


async def test_chips_follow_from_the_question_alone(api: Api) -> None:
    before = (await asked(api, "иван 0612345678", "fr")).drawn()
    api.hold(record("fr-pj", "0612345678"))
    page = await asked(api, "иван 0612345678", "fr")
    assert "Affair" in page.said()
    assert chips(page.drawn()) == chips(before) != []


async def test_an_offence_narrows_and_alone_lists(api: Api) -> None:
    api.hold(
        record("fr-pj", "1", offences=[{"scheme": "ICCS", "code": "05012"}]),
        record("fr-pj", "2", offences=[{"scheme": "ICCS", "code": "0601"}]),
    )
    for question in ("offence:0501", "ivan petrov iccs:0501"):
        said = (await asked(api, question)).said()
        assert "Affair 1" in said
        assert "Affair 2" not in said
    assert "Offence ICCS:0501" in (await asked(api, "offence:0501")).said()
