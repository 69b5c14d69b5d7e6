from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from pipeline.access.requester import Requester, Role
from pipeline.access.reviews import Verdict
from pipeline.api.services.reviews import BulkReview, LinkToReview, retract_reviews, review_links
from pipeline.web.page import OpenPage
from pipeline.web.pages.inbox import AGAIN, ASSIGN, LIMIT, MORE, NARROW, OPEN, PAGE, REVIEW, UNDO
from pipeline.web.site import KnownPerson
from support.access.requesters import ANNA, make_requester
from support.api.runtime import Api
from support.records.builder import handling, person, record
from support.web.pages import RenderedPage, opened

CHIEF = make_requester("fr-pj", Role.SUPERVISOR, subject="chief")


def held(api: Api) -> None:
    api.hold(record("fr-pj", to=("BE",)), record("be-fp", to=("FR",)))
    api.link("fr-pj:1", "be-fp:1")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the page's script was told, as JSON has it."""
    calls: list[tuple[Any, ...]] = []

    def call_script(_: OpenPage, *call: object) -> None:
        calls.append(tuple(msgspec.json.decode(msgspec.json.encode(call))))

    monkeypatch.setattr(OpenPage, "call_script", call_script)
    return calls


async def narrowed(api: Api, who: Requester, language: str = "en", **asked: str) -> RenderedPage:
    """The page narrowed to what the address's fragment asks for."""
    page = await opened(api, PAGE, who, language)
    await page.happen(NARROW, asked)
    return page


def link_of(page: RenderedPage) -> str:
    """The link of the list's first row."""
    found: list[str] = re.findall(r'data-link="(\w+)"', str(page.drawn()))
    return found[0]


async def test_a_row_says_that_its_evidence_has_a_caveat(api: Api) -> None:
    asked = handling("H1", ("BE",)) | {"caveat": "Call first"}
    api.hold(record("fr-pj", handling=asked), record("be-fp", to=("FR",)))
    api.link("fr-pj:1", "be-fp:1")
    for who, own in ((ANNA, "fr-pj"), (make_requester("fr-pj"), "fr-pj")):
        said = (await opened(api, PAGE, who)).said()
        assert re.search(rf"Caveat of {own} +Call first", said), "of either side, as the evidence has it"
    api.hold(record("fr-pj", version=2, handling=handling("H2", ("BE",)) | {"caveat": "Call first"}))
    assert "Caveat" not in (await opened(api, PAGE, ANNA)).said(), "nothing of one that is a hit alone"


async def test_a_row_says_who_and_why(api: Api) -> None:
    held(api)
    page = await opened(api, PAGE, ANNA)
    assert re.search(r"Affair 1 +· +fr-pj:1 +Ivan Petrov +, 1980 +name, date of birth +be-fp , +2 h", page.said())
    assert "Assign to someone else" not in page.said()
    by_person = await narrowed(api, ANNA, "fr", group="person")
    named = r"Ivan Petrov +, 1980 +Ivan Petrov +, 1980 +nom, date de naissance +be-fp , +2 h"
    assert re.search(named, by_person.said())


async def test_filters_narrow_and_nonsense_does_not(api: Api) -> None:
    held(api)
    for asked in ({"country": "nl"}, {"age": "older"}, {"case": "fr-pj:2"}):
        assert "No links match these filters" in (await narrowed(api, ANNA, **asked)).said()
    assert link_of(await narrowed(api, ANNA, band="nonsense", age="nonsense", whose="nonsense"))


async def test_an_empty_inbox_says_so(api: Api) -> None:
    assert "Nothing to review" in (await opened(api, PAGE, ANNA)).said()
    assert "Nothing to review" in (await narrowed(api, ANNA, group="person")).said()


async def test_the_evidence_of_a_row_is_shown_beside_it(api: Api) -> None:
    held(api)
    page = await opened(api, PAGE, ANNA)
    await page.happen(OPEN, {"link": link_of(page)})
    assert "Same name and date of birth." in page.said()
    assert "No other candidate you have access to." in page.said()
    assert [told["data-shown"] for _, _, told in page.drawn() if "data-shown" in told] == [link_of(page)]
    await page.happen(OPEN, {"link": "0" * 32})
    assert "Not found, or you do not have access" in page.said()
    assert "data-shown" not in str(page.drawn()), "a failure shows no evidence, so nothing is decided on it"


async def test_a_verdict_is_told_and_taken_back(api: Api, told: list[tuple[Any, ...]]) -> None:
    held(api)
    page = await opened(api, PAGE, ANNA)
    link = link_of(page)
    await page.happen(
        REVIEW, {"acts": [{"links": [{"link": link, "seen": None}], "verdict": "same", "reason": "", "act": 0}]}
    )
    name, ((act, (outcome,)),) = told[-1]
    assert (name, act, outcome["link"], outcome["problem"]) == ("settle", 0, link, None)
    assert outcome["review"] == outcome["seen"]
    await page.happen(UNDO, {"reviews": [[link, outcome["review"]]]})
    name, (undone,) = told[-1]
    assert (name, undone["link"], undone["seen"]) == ("undone", link, None)


@pytest.mark.parametrize(("language", "told_of"), [("en", "Decision in force: Same"), ("fr", "Avis en vigueur\xa0: ")])
async def test_a_colleagues_decision_is_told_and_left_as_it_is(
    api: Api, told: list[tuple[Any, ...]], language: str, told_of: str
) -> None:
    held(api)
    pages = [await opened(api, PAGE, ANNA, language), await opened(api, PAGE, CHIEF, language)]
    link = link_of(pages[0])
    for page, verdict in zip(pages, ("same", "related"), strict=True):
        await page.happen(
            REVIEW, {"acts": [{"links": [{"link": link, "seen": None}], "verdict": verdict, "reason": "", "act": 0}]}
        )
    ((_, (first,)),), ((_, (second,)),) = (call[1] for call in told if call[0] == "settle")
    assert (first["problem"], second["review"], second["seen"]) == (None, None, first["review"])
    assert told_of in second["problem"]


async def test_what_a_colleague_decides_is_told_to_open_lists(api: Api, told: list[tuple[Any, ...]]) -> None:
    held(api)
    page = await opened(api, PAGE, ANNA)
    link = link_of(page)
    acts = len(api.audit.acts)
    await page.happen(AGAIN)
    assert (told[-1][0], len(api.audit.acts)) == ("narrow", acts)
    (made,) = (await review_links(api.session(CHIEF), BulkReview((LinkToReview(link),), Verdict.SAME))).outcomes
    await page.happen(AGAIN)
    name, (row,) = told[-1]
    assert (name, row["link"], row["seen"], row["said"]) == (
        "reviewsChanged",
        link,
        made.review,
        "Same, chief, 24 Nov 2026 12:00",
    )
    assert row["time"] == api.now.isoformat(), "which the browser turns into the reader's own beside it"
    assert row["reasonFor"] == ["same", "different", "related", "unsure"]
    await page.happen(AGAIN)
    assert len(told) == 2, "once"
    api.hold(record("be-fp", code="H3", version=2))
    await retract_reviews(api.session(CHIEF), [made.review or ""])
    api.hold(record("be-fp", code="H3", version=3))
    await page.happen(AGAIN)
    assert len(told) == 2, "nothing is told of what is not seen any more"


async def test_what_one_decided_is_found_again_and_taken_back(api: Api, told: list[tuple[Any, ...]]) -> None:
    held(api)
    link = link_of(await opened(api, PAGE, ANNA))
    (made,) = (await review_links(api.session(ANNA), BulkReview((LinkToReview(link),), Verdict.UNSURE))).outcomes
    assert "Nothing to review" in (await opened(api, PAGE, ANNA)).said()
    for listed in ("unsure", "mine"):
        page = await narrowed(api, ANNA, listed=listed)
        assert "Reviewed as different" not in page.said()
        assert re.search(r"Unsure, anna, 24 Nov 2026[, ]+12:00 +Undo", page.said())
    assert re.search(r"Unsure, anna, .* 12:00(?! +Undo)", (await narrowed(api, CHIEF, listed="unsure")).said())
    assert "No links match these filters" in (await narrowed(api, CHIEF, listed="mine")).said()
    await page.happen(UNDO, {"reviews": [[link, made.review]]})
    assert told[-1][0] == "undone"
    assert "No links match these filters" in (await narrowed(api, ANNA, listed="unsure")).said()
    assert link_of(await opened(api, PAGE, ANNA)) == link


async def test_a_group_goes_on_across_pages(api: Api) -> None:
    api.hold(record("fr-pj", to=("BE",)))
    for number in range(LIMIT + 1):
        api.hold(record("be-fp", str(number), to=("FR",)))
        api.link("fr-pj:1", f"be-fp:{number}")
    page = await opened(api, PAGE, ANNA)
    await page.happen(MORE, {})
    sections = [attributes for tag, _, attributes in page.drawn() if tag == "section" and "aria-label" in attributes]
    assert [one["aria-label"] for one in sections if "fr-pj:1" in one["aria-label"]] == ["Affair 1 · fr-pj:1"]
    assert str(page.drawn()).count("data-link=") == LIMIT + 1


async def test_a_reason_that_is_too_long_is_told_and_nothing_is_lost(api: Api, told: list[tuple[Any, ...]]) -> None:
    held(api)
    page = await opened(api, PAGE, ANNA)
    sent = {"links": [{"link": link_of(page), "seen": None}], "verdict": "same", "reason": "x" * 1_000_000, "act": 0}
    await page.happen(REVIEW, {"acts": [sent]})
    ((_, (outcome,)),) = told[-1][1]
    assert outcome["problem"] == "the reason has more than 2000 characters; shorten it"
    assert api.decided.values == []


async def test_an_investigator_takes_a_link_and_gives_it_back(api: Api, told: list[tuple[Any, ...]]) -> None:
    held(api)
    page = await opened(api, PAGE, ANNA)
    link = link_of(page)
    for assignee in ("anna", ""):
        await page.happen(ASSIGN, {"links": [link], "assignee": assignee})
        assert told[-1] == ("assigned", [link], assignee, assignee)
    await page.happen(ASSIGN, {"links": [link], "assignee": "chief"})
    assert told[-1] == ("assigned", [], "chief", "chief"), "only a supervisor assigns to others"


async def test_people_have_their_names_beside_a_link(api: Api, told: list[tuple[Any, ...]]) -> None:
    """Who is to review it, and who decided and when, with the reader's own time beside UTC."""
    held(api)
    known = {"anna": KnownPerson("Anna Keller")}
    page = await opened(api, PAGE, ANNA, "en", known)
    link = link_of(page)
    await page.happen(ASSIGN, {"links": [link], "assignee": "anna"})
    assert told[-1] == ("assigned", [link], "anna", "Anna Keller (anna)")
    assert 'data-login="anna">Anna Keller (anna)</span>' in str((await opened(api, PAGE, ANNA, "en", known)).drawn())
    await review_links(api.session(ANNA), BulkReview((LinkToReview(link),), Verdict.UNSURE))
    page = await opened(api, PAGE, ANNA, "en", known)
    await page.happen(NARROW, {"listed": "unsure"})
    decided = r'<time datetime="2026-11-24T12:00[^"]+">Unsure, Anna Keller \(anna\), 24 Nov 2026[, ]+12:00</time>'
    assert re.search(decided, str(page.drawn()))


async def test_more_links_are_appended(api: Api) -> None:
    for number in range(LIMIT + 1):
        api.hold(record("fr-pj", str(number), to=("BE",)), record("be-fp", str(number), to=("FR",)))
        api.link(f"fr-pj:{number}", f"be-fp:{number}")
    page = await opened(api, PAGE, ANNA)
    assert str(page.drawn()).count("data-link=") == LIMIT
    await page.happen(MORE, {})
    assert str(page.drawn()).count("data-link=") == LIMIT + 1


async def test_a_link_by_a_shared_number_says_so(api: Api) -> None:
    passport = [{"type": "passport", "value": "12AB34567", "country": "FR"}]
    man = person("Ivan Petrov", birth_date="1980-05-01", identifiers=passport)
    woman = person("Anna Keller", identifiers=passport)
    api.hold(record("fr-pj", to=("BE",), entities=[man]), record("be-fp", to=("FR",), entities=[woman]))
    api.link("fr-pj:1", "be-fp:1")
    assert "Shared number" in (await opened(api, PAGE, ANNA)).said()


async def test_a_supervisor_assigns_it_to_another(api: Api, told: list[tuple[Any, ...]]) -> None:
    held(api)
    page = await opened(api, PAGE, CHIEF)
    assert "Assign to someone else" in page.said()
    await page.happen(ASSIGN, {"links": [link_of(page)], "assignee": "anna"})
    assert "anna" in (await opened(api, PAGE, CHIEF)).said()
    assert link_of(await narrowed(api, CHIEF, assignee="anna"))
    assert "No links match these filters" in (await narrowed(api, CHIEF, assignee="bert")).said()
