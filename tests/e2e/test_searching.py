"""Searching in a real browser: chips, exact numbers, the guide, the way back; over an index in memory."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from playwright.sync_api import Browser, expect

from pipeline.access.alerts import Alert
from pipeline.access.audit import ActKind
from pipeline.access.notices import Notice, NoticeKind
from pipeline.index.decisions import notice_document
from pipeline.web.pages.search import GUIDE
from support.api.runtime import Api
from support.records.builder import person, record, vehicle
from support.web.browser import BrowserUser
from support.web.memory_site import MemorySite
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS)]

CLAIRE = "claire@fr-pj"
FIVE_SCRIPTS = "Ivan Petrov Иван Петров إيفان بيتروف 王小明 Ιωάννης Πέτρου "
MOST_CHARS = 1000


@pytest.fixture
def api(api: Api) -> Api:
    """What the site shows in a test: one man in two countries, and all that the guide's examples ask for."""
    passport = {"type": "passport", "value": "52NO43308", "country": "RU"}
    man = person(
        "Иван Петров", id="p1", birth_date="1980-05-01", birth_place="Tver", nationalities=["RU"],
        identifiers=[passport], phones=["+33612345678"],
    )  # fmt: skip
    other = person(
        "Ivan Petrov", id="p1", birth_date="1982-11-25", identifiers=[passport], addresses=[{"city": "Lyon"}]
    )
    firm = {"id": "o1", "type": "organisation", "names": [{"full": "Nord Trade"}]}
    offences = [{"scheme": "ICCS", "code": "05021"}]
    api.hold(
        record("fr-pj", "2026-0417", title="Vol aggravé", entities=[man, vehicle("AB-123-CD", "FR", id="v1")]),
        record("be-fp", "BX-118", title="Import", entities=[other, firm], offences=offences),
    )
    api.link("fr-pj:2026-0417", "be-fp:BX-118")
    return api


def _sign_in(opened: Browser, site: MemorySite, language: str = "en-GB") -> BrowserUser:
    user = BrowserUser(opened, site.url, language)
    user.enter(CLAIRE, "2026/1", "/search")
    expect(user.page.get_by_role("heading", name="Search tips")).to_be_visible()
    return user


def test_a_case_number_leads_to_evidence_in_two_actions(opened: Browser, site: MemorySite, api: Api) -> None:
    user = _sign_in(opened, site)
    user.page.keyboard.press("/")
    user.page.keyboard.type("fr-pj:2026-0417")
    user.page.keyboard.press("Enter")
    expect(user.page.get_by_role("heading", name="Vol aggravé")).to_be_visible()
    user.page.locator(".linked [data-open]").first.click()
    expect(user.page.locator(".compare")).to_contain_text("passport 52NO43308")
    user.page.go_back()
    expect(user.page.get_by_role("heading", name="Vol aggravé")).to_be_visible()
    user.page.go_back()
    expect(user.page.get_by_role("heading", name="Search tips")).to_be_visible()
    assert user.faults == []


@pytest.mark.rare
def test_each_example_of_the_guide_finds_something(opened: Browser, site: MemorySite, api: Api) -> None:
    user = _sign_in(opened, site)
    for _, example in GUIDE:
        user.page.goto("/search")
        user.page.get_by_role("link", name=example, exact=True).click()
        expect(user.page.locator(".understood .chip").first).to_be_visible()
        expect(user.page.locator(".results .name").first).to_be_visible()
        assert user.page.input_value("#question") == example
    assert user.faults == []


def test_who_signs_in_types_at_once_and_hears_how_much_is_found(opened: Browser, site: MemorySite, api: Api) -> None:
    """A page's size is no count: pages say which records they hold, and the last one that it is the last."""
    api.hold(*(record("be-fp", f"M-{number}", code="H1", entities=[person("Anna Keller")]) for number in range(30)))
    user = BrowserUser(opened, site.url)
    user.sign_in(CLAIRE, "2026/1")
    page = user.page
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("ivan petrov")
    page.keyboard.press("Enter")
    expect(page.locator("main [role=status]").filter(has_text="2 records")).to_have_count(1)
    expect(page.locator(".results .score .band").first).to_be_visible()
    user.ask("anna keller")
    told = page.locator("main [role=status].hidden-words[aria-live]")
    expect(told).to_have_text("Records 1–25, more follow")
    expect(page.locator(".panel > header h2").first).to_have_text("Records 1–25 of 30")
    page.get_by_role("button", name="Next").click()
    expect(told).to_have_text("Records 26–30 of 30")
    user.ask("nobody of that name")
    expect(told).to_have_text("No results you have access to")
    page.reload()
    expect(told).to_have_text("No results you have access to")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("Boolean(document.activeElement.closest('main'))")
    assert user.faults == []


def test_a_date_that_can_be_two_is_settled_removed_and_typed_anew(opened: Browser, site: MemorySite, api: Api) -> None:
    user = _sign_in(opened, site)
    user.ask("ivan petrov 11/04/1982")
    chips = user.page.locator(".understood .chip")
    expect(chips.nth(1)).to_contain_text("11 Apr 1982 or 4 Nov 1982")
    user.holds("search with chips", dark=True)
    chips.nth(1).locator("summary").click()
    user.page.get_by_role("link", name="Only: Date of birth 4 Nov 1982").click()
    expect(chips.nth(1)).not_to_contain_text("11 Apr 1982")
    expect(user.page.locator("#question")).to_have_value("ivan petrov born:1982-11-04")
    user.page.go_back()
    expect(chips.nth(1)).to_contain_text("11 Apr 1982 or 4 Nov 1982")
    chips.nth(1).locator("summary").click()
    chips.nth(1).get_by_role("button", name="Edit these words").click()
    user.page.keyboard.type("1982-11-25")
    user.page.keyboard.press("Enter")
    expect(chips.nth(1)).to_contain_text("25 Nov 1982")
    user.page.get_by_role("link", name="Remove 1982-11-25").click()
    expect(chips).to_have_count(1)
    user.page.get_by_role("link", name="Remove ivan petrov").click()
    expect(user.page.get_by_role("heading", name="Search tips")).to_be_visible()
    expect(user.page.locator("#question")).to_have_value("")
    assert user.faults == []


def test_several_values_of_a_facet_are_chosen_by_keyboard(opened: Browser, site: MemorySite, api: Api) -> None:
    user = _sign_in(opened, site)
    user.ask("ivan petrov")
    country = user.page.locator(".facets summary", has_text="Country")
    country.focus()
    user.page.keyboard.press("Enter")
    user.holds("facets", dark=True)
    user.page.keyboard.press("Tab")
    user.page.keyboard.press("Enter")
    chosen = user.page.locator(".chosen .chip")
    expect(chosen).to_have_text(["CountryBelgium"])
    expect(user.page.locator(".results li")).to_have_count(1)
    country.click()
    user.page.get_by_role("link", name="France 1").click()
    expect(chosen).to_have_text(["CountryBelgium", "CountryFrance"])
    expect(country.locator("b")).to_have_text("2")
    expect(user.page.locator(".results li")).to_have_count(2)
    user.page.reload()
    expect(chosen).to_have_text(["CountryBelgium", "CountryFrance"])
    user.page.get_by_role("link", name="Remove Country Belgium").click()
    expect(chosen).to_have_text(["CountryFrance"])
    user.page.go_back()
    user.page.get_by_role("link", name="Clear").click()
    expect(chosen).to_have_count(0)


def test_a_place_and_a_day_stand_in_the_same_panel_as_the_facets(opened: Browser, site: MemorySite, api: Api) -> None:
    user = _sign_in(opened, site)
    user.page.get_by_role("button", name="Browse all records").click()
    expect(user.page.locator(".facets summary", has_text="Country")).to_be_visible()
    user.ask("ivan petrov")
    user.page.get_by_text("Dates and places").click()
    user.page.get_by_label("Opened from", exact=True).fill("2001-02-03")
    user.page.get_by_label("Place of a person or organisation").fill("Tver")
    user.holds("dates and places", dark=True)
    user.page.get_by_role("button", name="Apply").click()
    expect(user.page.locator("#question")).to_have_value('ivan petrov city:"Tver"')
    expect(user.page.locator(".chosen .chip")).to_have_text(["Opened from3 Feb 2001"])
    expect(user.page.get_by_label("Opened from", exact=True)).to_be_hidden()
    user.page.get_by_role("link", name="Remove Opened from 3 Feb 2001").click()
    expect(user.page.locator(".chosen .chip")).to_have_count(0)
    assert user.faults == []


def test_an_alert_shows_what_came_since_one_looked(opened: Browser, site: MemorySite, api: Api) -> None:
    user = _sign_in(opened, site)
    user.ask("ivan petrov")
    user.page.get_by_role("button", name="Alert me to new matches").click()
    expect(user.page.locator("#said")).to_contain_text("Alert created")
    [alert] = [value for _, value in list(api.decided.values) if isinstance(value, Alert)]
    told = Notice("n1", "fr-pj", NoticeKind.SHARED_INTEREST, api.now, subscription=alert.id, other_agency="be-fp")
    api.index.write([notice_document(msgspec.json.encode(told), 1)])
    user.page.get_by_role("link", name="Alerts").click()
    new = user.page.get_by_text("New since your last look")
    expect(new).to_be_visible()
    user.holds("alerts", dark=True)
    user.page.get_by_role("link", name="ivan petrov").click()
    expect(user.page.locator(".results .name").first).to_be_visible()
    user.page.goto("/subscriptions")
    expect(user.page.locator("[data-latest]")).to_be_attached()
    expect(new).to_be_hidden()
    user.page.goto("/notices")
    user.page.get_by_role("link", name="ivan petrov").click()
    expect(user.page.locator(".results .name").first).to_be_visible()
    assert user.faults == []


def test_an_old_result_never_stands_under_a_new_question(opened: Browser, site: MemorySite, api: Api) -> None:
    """While the server had not heard the new question, the results of the last one stood under it."""
    page = _sign_in(opened, site).page
    page.goto("/search#q=ivan+petrov")
    expect(page.locator(".results .name").first).to_be_visible()
    page.evaluate("() => { window.heard = window.emitEvent; window.emitEvent = () => {}; }")
    page.fill("#question", "nord trade")
    page.keyboard.press("Enter")
    expect(page.locator(".results .name").first).not_to_be_visible()
    page.evaluate("() => { window.emitEvent = window.heard; }")
    page.fill("#question", "aurora nobody")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No results you have access to")).to_be_visible()
    page.fill("#question", "ivan petrov")
    page.keyboard.press("Enter")
    expect(page.locator(".results .name").first).to_be_visible()


def test_who_signs_out_and_in_again_is_back_at_the_same_search(opened: Browser, site: MemorySite, api: Api) -> None:
    user = _sign_in(opened, site)
    asked: list[str] = []
    user.page.on("request", lambda request: asked.append(f"{request.url} {request.post_data}"))
    user.ask("Иван Петров 1980-05")
    user.page.locator("details.me summary").click()
    user.page.get_by_role("button", name="Sign out").click()
    expect(user.page.get_by_role("heading", name="Sign in")).to_be_visible()
    api.now += timedelta(minutes=1)  # tokens of the moment in which a session ends are over with it
    user.page.fill("#case_reference", "2026/1")
    user.page.click("button.main")
    expect(user.page.locator("#question")).to_have_value("Иван Петров 1980-05")
    expect(user.page.locator(".results .name").first).to_be_visible()
    sent = [one for one in asked if "1980-05" in one.partition("#")[0]]
    assert sent == [], "the question left the browser in an address or form"
    user.page.goto("/inbox")
    user.page.goto("/search")
    expect(user.page.get_by_role("heading", name="Search tips")).to_be_visible()
    assert user.faults == []


def test_a_question_of_a_thousand_characters_in_five_scripts_is_answered_or_told(
    opened: Browser, site: MemorySite, api: Api
) -> None:
    user = _sign_in(opened, site)
    several = FIVE_SCRIPTS.strip().replace(" ", "-").ljust(MOST_CHARS // 6, "x")
    words = " ".join([several] * 5)
    user.ask(words)
    expect(user.page.locator(".understood .chip")).to_have_count(1)
    user.holds("search of a thousand characters")
    user.ask((FIVE_SCRIPTS * 30)[:MOST_CHARS])
    expect(user.page.locator("#found")).to_contain_text("the search has more than 40 words; shorten it")
    user.ask(FIVE_SCRIPTS)
    expect(user.page.locator(".results .name").first).to_be_visible()
    assert user.faults == []


@pytest.mark.parametrize("moment", ["DOMContentLoaded", "load"])
def test_a_question_typed_before_the_page_is_ready_is_asked_once(
    opened: Browser, site: MemorySite, api: Api, moment: str
) -> None:
    user = _sign_in(opened, site)
    api.audit.acts.clear()
    user.page.add_init_script(f"addEventListener('{moment}', () => (location.hash = 'q=ivan+petrov'))")
    user.page.reload()
    expect(user.page.locator(".facets summary", has_text="Country")).to_be_visible()
    user.ask("passport 52NO43308")
    expect(user.page.locator(".understood")).to_contain_text("52NO43308")
    searches = [act for act in api.audit.acts if act.kind is ActKind.SEARCH]
    assert len(searches) == 2
    assert user.faults == []
