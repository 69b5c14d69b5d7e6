from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pipeline.access.audit import ActKind
from pipeline.access.requester import Role
from pipeline.api.problems import NotFoundError, UnavailableError
from pipeline.api.services.links import list_case_links
from pipeline.web.components.reviews import UNDO
from pipeline.web.components.tabs import OPENED
from pipeline.web.i18n import load_words
from pipeline.web.pages import case
from pipeline.web.pages.case import PAGE, TABS, collect_moments
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import Api
from support.records.builder import RawEntity, person, record, vehicle
from support.web.large_case import KEY, hold_large_case
from support.web.pages import opened


async def test_two_cases_are_linked_by_hand_and_that_is_taken_back(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp", entities=[]))
    page = await opened(api, PAGE, ANNA, key="fr-pj:1", tab="links")
    await page.send(other=" be-fp:1 ", reason="the same handwriting")
    assert "the same handwriting" in page.said()
    await page.happen(UNDO, page.find("button", "Undo").props["data-undo-review"])
    assert "the same handwriting" not in page.said()


async def test_codes_are_words_and_what_agencies_send_besides_stays(api: Api) -> None:
    man = person(
        "Иван Петров",
        id="p1",
        gender="male",
        nationalities=["RU"],
        role="suspect",
        identifiers=[{"type": "card_index", "value": "7", "country": "DE"}],
    )
    api.hold(record("fr-pj", entities=[man]))
    said = (await opened(api, PAGE, ANNA, "fr", key="fr-pj:1", tab="people")).said()
    for word in ("masculin", "Russie", "suspect", "card_index 7 (DE)"):
        assert word in said


async def test_dates_of_people_have_one_form_in_their_row_and_in_what_it_unfolds(api: Api) -> None:
    man = person("Ivan Petrov", id="p1", birth_date="1980-05-01", birth_dates=["1979/1981"], death_date="2026-01-02")
    api.hold(record("fr-pj", entities=[man]))
    said = (await opened(api, PAGE, ANNA, key="fr-pj:1", tab="people")).said()
    for date in ("1 May 1980", "1979 – 1981", "2 Jan 2026"):
        assert date in said
    assert "1980-05-01" not in said
    assert "2026-01-02" not in said


async def test_a_tab_is_read_when_it_is_opened_and_each_time_anew(api: Api) -> None:
    api.hold(record("fr-pj", entities=[person("Ivan Petrov", id="p1", nationalities=["RU"])]))
    page = await opened(api, PAGE, ANNA, key="fr-pj:1")
    assert "Russia" not in page.said()
    await page.happen(OPENED, {"tab": "people"})
    assert "Russia" in page.said()
    assert api.audit.kinds() == [ActKind.READ] * 3  # case and links of the overview, the case once more
    api.hold(record("fr-pj", entities=[person("Ivan Petrov", id="p1", nationalities=["BY"])], version=2))
    await page.happen(OPENED, {"tab": "people"})
    assert "Belarus" in page.said()


@pytest.mark.parametrize("tab", [tab.name for tab in TABS.tabs])
async def test_a_tab_of_a_case_that_may_no_longer_be_read_says_so(api: Api, tab: str) -> None:
    api.hold(record("be-fp"))
    page = await opened(api, PAGE, ANNA, key="be-fp:1", tab="records")
    api.hold(record("be-fp", version=2, code="H3"))
    await page.happen(OPENED, {"tab": tab})
    assert "Not found, or you do not have access" in page.said()


async def test_no_event_leads_to_another_case(api: Api) -> None:
    api.hold(record("fr-pj", "1"), record("fr-pj", "2", entities=[person("Anna Keller", id="p1")]))
    page = await opened(api, PAGE, ANNA, key="fr-pj:1")
    await page.happen(OPENED, {"tab": "people", "key": "fr-pj:2"})
    assert "Anna Keller" not in page.said()


async def test_of_two_requests_for_a_tab_the_last_counts(api: Api) -> None:
    api.hold(record("fr-pj", entities=[person(f"Ivan{n} Petrov", id=f"p{n}") for n in range(90)]))
    page = await opened(api, PAGE, ANNA, key="fr-pj:1")
    pages = [page.happen(OPENED, {"tab": "people", "page": number}) for number in ("2", "3")]
    await asyncio.gather(*pages)
    assert "Ivan80" in page.said()
    assert "Ivan40" not in page.said()


@pytest.mark.parametrize("asked", ["0", "4", "-1", "99999999999999999999", "two", "²"])
async def test_a_page_that_is_not_there_is_the_nearest_or_the_first(api: Api, asked: str) -> None:
    api.hold(record("fr-pj", entities=[person(f"Ivan{n} Petrov", id=f"p{n}") for n in range(90)]))
    page = await opened(api, PAGE, ANNA, key="fr-pj:1", tab="people", page=asked)
    (here,) = [told["aria-label"] for _, _, told in page.drawn() if told.get("aria-current") == "page"]
    assert here == ("Page 3 of 3" if asked == "4" else "Page 1 of 3")


async def test_links_stand_beside_the_own_entity_and_can_be_narrowed(api: Api) -> None:
    hold_large_case(api, 20, 40)
    page = await opened(api, PAGE, BERT, key=KEY, tab="links")
    assert "40 links" in page.said()
    await page.happen(OPENED, {"tab": "links", "entity": "v4", "band": "none such"})
    said = " ".join(page.said().split())
    assert "2 of 40 links" in said
    assert "1-ABC-004" in said
    assert "fr-pj:0004" in said
    assert "fr-pj:0024" in said
    assert "fr-pj:0005" not in said
    await page.happen(OPENED, {"tab": "links", "country": "de"})
    assert "No links match these filters" in page.said()


async def test_a_hit_stands_apart_and_can_be_asked_for(api: Api) -> None:
    api.hold(record("fr-pj"), record("nl-np", code="H2"), record("be-fp"))
    api.link("fr-pj:1", "nl-np:1")
    api.link("be-fp:1", "fr-pj:1")
    for tab in ("overview", "links"):
        said = (await opened(api, PAGE, ANNA, key="fr-pj:1", tab=tab)).said()
        assert "Restricted matches (hit only)" in said
        assert "A record of nl-np" in said
        assert "Request access" in said
        assert "nl-np:1" not in said


async def test_relations_are_said_on_both_entities_in_words_or_as_sent(api: Api) -> None:
    held = [person("Ivan Petrov", id="p1"), person("Anna Keller", id="p2"), vehicle("1-ABC-234", "BE", id="v1")]
    related = [
        {"from": "p1", "to": "v1", "type": "account_holder", "start": "2024-01-02", "end": "2025"},
        {"from": "p2", "to": "p1", "type": "godmother"},
    ]
    api.hold(record("fr-pj", entities=held, relations=related))
    people = await _read_tab(api, "people")
    assert "Account holder of 1-ABC-234 · from 2 Jan 2024 to 2025" in people
    assert "godmother → Ivan Petrov" in people
    assert "← godmother Anna Keller" in people
    assert "Titulaire Ivan Petrov" in await _read_tab(api, "things", "fr")


async def _read_tab(api: Api, tab: str, language: str = "en") -> str:
    said = (await opened(api, PAGE, ANNA, language, key="fr-pj:1", tab=tab)).said()
    return " ".join(said.split())


async def test_a_case_that_may_not_be_read_and_one_that_is_not_there_look_the_same(api: Api) -> None:
    api.hold(record("be-fp", code="H3"))
    hidden = await opened(api, PAGE, ANNA, key="be-fp:1")
    missing = await opened(api, PAGE, ANNA, key="be-fp:2")
    assert hidden.said() == missing.said()
    assert "Not found, or you do not have access" in hidden.said()


async def test_other_roles_are_told_that_theirs_do_not_include_it(api: Api) -> None:
    page = await opened(api, PAGE, make_requester("fr-pj", Role.FEED), key="fr-pj:1")
    assert "Your role does not allow this" in page.said()


async def test_a_fault_of_ours_is_said_without_its_words(api: Api) -> None:
    api.hold(record("fr-pj"))
    api.runtime.unsealed = None  # type: ignore[assignment]
    page = await opened(api, PAGE, ANNA, key="fr-pj:1")
    assert "Temporarily unavailable" in page.said()
    assert "NoneType" not in page.said()


async def _fail(*_: object, **__: object) -> Any:
    raise UnavailableError("the broker does not answer")


@pytest.mark.parametrize(("tab", "rest"), [("overview", "Ivan Petrov"), ("links", "Affair 1")])
async def test_links_that_cannot_be_read_take_nothing_else_from_the_page(
    api: Api, monkeypatch: pytest.MonkeyPatch, tab: str, rest: str
) -> None:
    api.hold(record("fr-pj", entities=[person("Ivan Petrov", id="p1")], title="Affair 1"))
    monkeypatch.setattr(case, "list_case_links", _fail)
    page = await opened(api, PAGE, ANNA, key="fr-pj:1", tab=tab)
    assert rest in page.said()
    assert "Temporarily unavailable" in page.said()
    assert "Missing from this print" in page.said()
    monkeypatch.setattr(case, "list_case_links", list_case_links)
    await page.press("Try again")
    assert "Temporarily unavailable" not in page.said()
    assert "No links you have access to" in page.said()


async def test_links_by_hand_that_cannot_be_read_leave_the_others(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.hold(record("fr-pj"))
    monkeypatch.setattr(case, "list_manual_links", _fail)
    said = (await opened(api, PAGE, ANNA, key="fr-pj:1", tab="links")).said()
    assert "No links you have access to" in said
    assert said.index("Links added by hand") < said.index("Temporarily unavailable")


async def test_a_part_that_may_not_be_read_any_more_takes_the_page_with_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def close(*_: object, **__: object) -> Any:
        raise NotFoundError

    api.hold(record("fr-pj", title="Affair 1"))
    monkeypatch.setattr(case, "list_case_links", close)
    said = (await opened(api, PAGE, ANNA, key="fr-pj:1")).said()
    assert "Not found, or you do not have access" in said
    assert "Affair 1" not in said


WORDS = load_words("en")


def test_all_birth_dates_are_told_once() -> None:
    entity = {"id": "p1", "type": "person", "birth_date": "1980-05", "birth_dates": ["1979/1981", "1980-05", "1978~"]}
    found = collect_moments(WORDS, {"entities": [entity]})
    assert found.events == []
    assert [(moment.when, moment.what) for moment in found.details] == [
        ("1978~", "Born"),
        ("1979/1981", "Born"),
        ("1980-05", "Born"),
    ]


def test_events_come_apart_from_births_in_order_and_with_names() -> None:
    event: RawEntity = {"id": "e1", "type": "event", "start": "2026-10-27T22:00:00Z", "method": "Voiture bélier"}
    man = person("Ivan Petrov", id="p1", birth_date="1980-05")
    found = collect_moments(WORDS, {"opened": "2026-10-28", "closed": None, "entities": [man, event]})
    assert [(moment.when, moment.what, moment.name) for moment in found.events] == [
        ("2026-10-27T22:00:00Z", "Event", "Voiture bélier"),
        ("2026-10-28", "Case opened", ""),
    ]
    assert [(moment.what, moment.name) for moment in found.details] == [("Born", "Ivan Petrov")]


async def test_many_events_are_in_pages_and_births_folded(api: Api) -> None:
    events = [{"type": "event", "id": f"x{day}", "start": f"2026-01-{day:02}"} for day in range(1, 31)]
    more = [{"type": "event", "id": f"y{day}", "start": f"2026-03-{day:02}"} for day in range(1, 31)]
    api.hold(record("fr-pj", entities=[person("Ivan Petrov", id="p1", birth_date="1980-05-01"), *events, *more]))
    first = (await opened(api, PAGE, ANNA, key="fr-pj:1", tab="timeline")).said()
    second = (await opened(api, PAGE, ANNA, "fr", key="fr-pj:1", tab="timeline", page="2")).said()
    assert "Event · Event x30" in " ".join(first.split())
    assert "y30" not in first
    assert "y30" in second
    assert "Births, deaths and papers (1)" in first
    assert "Naissances, décès et documents (1)" in second
