"""What narrows a search, in a real browser: fields for days with their calendar, facets that keep their places."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from support.api.runtime import Api
from support.records.builder import person, record
from support.web.browser import NARROW, WIDE, BrowserUser
from support.web.memory_site import MemorySite
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS)]

PIETER = "pieter@be-fp"


def _case(agency: str, number: int, role: str) -> dict[str, Any]:
    man = person("Ivan Petrov", id="p1", birth_date="1980-05-01", role=role, addresses=[{"city": "Lyon"}])
    offences = [{"scheme": "ICCS", "code": "0501"}]
    return record(agency, str(number), opened=f"2026-0{number}-03", entities=[man], offences=offences)


@pytest.fixture
def user(opened: Browser, site: MemorySite, api: Api) -> BrowserUser:
    """Pieter, who may read two French records, a Belgian and a Dutch one, each of another month."""
    api.hold(_case("fr-pj", 1, "suspect"), _case("fr-pj", 3, "suspect"), _case("be-fp", 5, "witness"))
    api.hold(_case("nl-np", 7, "witness"))
    user = BrowserUser(opened, site.url)
    user.enter(PIETER, "BX/12", "/search")
    return user


def _asked(page: Page) -> dict[str, str]:
    """What the address asks."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).fragment).items()}


def test_a_day_is_typed_as_one_writes_it_and_sent_as_records_have_it(user: BrowserUser) -> None:
    page = user.page
    user.ask("ivan petrov")
    for typed in ("3.3.2026", "03.03.2026", "2026-03-03", "3/3/2026"):
        page.locator("[data-filters] > summary").click()
        field = page.get_by_label("Opened from", exact=True)
        field.fill(typed)
        field.press("Enter")
        page.wait_for_function("location.hash.includes('from=2026-03-03')")
        expect(page.locator("#chosen")).to_contain_text("Opened from3 Mar 2026")
        expect(page.locator(".results > li")).to_have_count(3)
        expect(field).to_have_value("03.03.2026")
        page.get_by_role("link", name="Remove Opened from 3 Mar 2026").click()
        expect(page.locator(".results > li")).to_have_count(4)
    assert user.faults == []


def test_what_is_no_day_is_not_sent_and_said_where_it_is_folded_away(user: BrowserUser) -> None:
    page = user.page
    user.ask("ivan petrov")
    page.locator("[data-filters] > summary").click()
    field = page.get_by_label("Opened from", exact=True)
    field.fill("31.02.2026")
    page.locator("#question").click()
    expect(page.locator("[data-filters]")).not_to_have_attribute("open", "")
    page.keyboard.press("Enter")
    expect(field).to_be_visible()
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    assert field.evaluate("(field) => field.validationMessage") == "Enter the day as 31.12.2026"
    assert _asked(page) == {"q": "ivan petrov"}
    field.fill("")
    field.press("Enter")
    expect(page.locator("#found [aria-busy]")).to_have_count(0)
    assert user.faults == []


@pytest.mark.parametrize(
    ("language", "calendar", "march", "third"),
    [
        ("en-GB", "Calendar: Opened from", "March 2026", "Tuesday, 3 March 2026"),
        ("fr-FR", "Calendrier\xa0: Ouverte depuis le", "mars 2026", "mardi 3 mars 2026"),
        ("es-ES", "Calendario: Abierto desde el", "marzo de 2026", "martes, 3 de marzo de 2026"),
    ],
)
def test_a_day_is_picked_by_keys_from_a_calendar_in_the_readers_language(
    opened: Browser, site: MemorySite, user: BrowserUser, language: str, calendar: str, march: str, third: str
) -> None:
    reader = BrowserUser(opened, site.url, language)
    reader.enter(PIETER, "BX/12", "/search#q=ivan+petrov&from=2026-05-31")
    page = reader.page
    expect(page.locator(".results > li")).to_have_count(1)
    page.locator("[data-filters] > summary").click()
    button = page.get_by_role("button", name=calendar)
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=calendar)
    expect(dialog.locator(":focus")).to_have_text("31")
    for key in ("PageUp", "PageUp"):
        page.keyboard.press(key)
    expect(dialog.get_by_role("table")).to_have_attribute("aria-label", march)
    expect(dialog.locator(":focus")).to_have_text("30")  # April has no 31st
    for key in (*["ArrowUp"] * 4, "ArrowRight"):
        page.keyboard.press(key)
    expect(dialog.locator(":focus")).to_have_attribute("aria-label", third)
    reader.holds(f"calendar, {language}", dark=True)
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
    expect(page.locator("#from-filter")).to_have_value("03.03.2026")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator("[data-filters]")).to_have_attribute("open", "")
    page.locator("#from-filter").press("Enter")
    page.wait_for_function("location.hash.includes('from=2026-03-03')")
    assert reader.faults == []


def test_a_calendar_fits_a_phone(user: BrowserUser) -> None:
    user.resize(NARROW)
    page = user.page
    page.locator("[data-filters] > summary").click()
    for name in ("Opened from", "Closed to"):
        page.get_by_role("button", name=f"Calendar: {name}").click()
        box = page.locator(".calendar").bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= NARROW[0]
        assert 0 <= box["y"] <= box["y"] + box["height"] <= NARROW[1]
        page.get_by_role("button", name="Next month").click()
        page.keyboard.press("Escape")
    user.resize(WIDE)
    assert user.faults == []


def _places(page: Page) -> list[tuple[str, float]]:
    """The facets from left to right: each with its name and where it begins."""
    found: list[tuple[str, float]] = page.locator("#facets nav > *").evaluate_all(
        "(all) => all.map((one) => [one.querySelector('summary span')?.textContent ?? one.textContent,"
        " Math.round(one.getBoundingClientRect().left)])"
    )
    return found


def test_facets_keep_their_places_and_are_grey_where_they_can_not_narrow(user: BrowserUser) -> None:
    page = user.page
    user.ask("nobody of that name")
    facets = page.locator("#facets nav > *")
    expect(facets).to_have_count(6)
    assert page.locator("#facets nav > button[disabled][aria-disabled=true]").count() == 6
    names = [name for name, _ in _places(page)]
    user.ask("ivan petrov")
    expect(page.locator("#facets summary")).to_have_text(["Country", "Agency", "Role"])
    assert [name for name, _ in _places(page)] == names
    page.locator("#facets summary").filter(has_text="Country").click()
    countries = page.locator("#facets .chip").filter(has_text="Country").locator("li")
    expect(countries).to_have_text(["France2", "Belgium1", "Netherlands1"])
    page.locator("#facets summary").filter(has_text="Role").click()
    page.get_by_role("link", name="witness").click()
    expect(page.locator(".results > li")).to_have_count(2)
    page.locator("#facets summary").filter(has_text="Country").click()
    expect(countries).to_have_text(["France0", "Belgium1", "Netherlands1"])
    expect(countries.first.locator("a")).to_have_attribute("aria-disabled", "true")
    assert countries.first.locator("a").get_attribute("href") is None
    assert [name for name, _ in _places(page)] == names
    user.holds("narrowed facets", dark=True)


def test_words_of_a_sentence_become_filters_one_by_one_as_their_chips_are_pressed(user: BrowserUser, api: Api) -> None:
    page, year = user.page, datetime.now(UTC).year - (datetime.now(UTC).month < 3)
    user.ask("burglaries in Lyon in March")
    chips = page.get_by_role("region", name="Did you mean").get_by_role("link")
    days = f"1–31 Mar {year}"
    expect(chips).to_have_text(["Offence:burglaries?", "City:Lyon?", f"March:{days}?", "All of them"])
    assert _asked(page) == {"q": "burglaries in Lyon in March"}
    user.holds("chips of a sentence", dark=True)
    chips.filter(has_text="Offence").click()
    expect(chips).to_have_text(["City:Lyon?", f"March:{days}?", "All of them"])
    chips.filter(has_text="City").click()
    expect(chips).to_have_text([f"March:{days}?"])
    expect(page.locator(".results > li")).to_have_count(0)
    chips.click()
    expect(page.locator("#chosen")).to_contain_text(f"Opened from1 Mar {year}")
    expect(page.locator(".results > li")).to_have_count(1 if year == 2026 else 0)
    assert user.faults == []


def test_rows_of_results_and_what_acts_on_them_are_44_pixels_high(user: BrowserUser) -> None:
    user.ask("ivan petrov")
    for target in ("> .tick-room", "> .peek", ".name"):
        for one in user.page.locator(f".results > li.result {target}").all():
            box = one.bounding_box()
            assert box is not None
            assert box["height"] >= 43.5, target
    row = user.page.locator(".results > li").first
    box = row.locator(".tick-room").bounding_box()
    assert box is not None
    user.page.mouse.click(box["x"] + 3, box["y"] + box["height"] / 2)
    expect(row.get_by_role("checkbox")).to_be_checked()


def test_results_tell_which_stand_here_and_of_how_many(user: BrowserUser, api: Api) -> None:
    api.hold(*(record("be-fp", f"M{number}", entities=[person("Anna Keller", id="p1")]) for number in range(30)))
    user.ask("anna keller")
    title = user.page.locator(".panel.main > header h2")
    expect(title).to_have_text("Records 1–25 of 30")
    user.page.get_by_role("button", name="Next").click()
    expect(title).to_have_text("Records 26–30 of 30")


PARIS = "Europe/Paris"


def test_the_readers_own_time_stands_beside_utc_and_who_is_called_what(user: BrowserUser, api: Api) -> None:
    page = user.page
    link = api.link("be-fp:5", "fr-pj:1")
    page.context.new_cdp_session(page).send("Emulation.setTimezoneOverride", {"timezoneId": PARIS})
    page.goto("/inbox")
    user.is_drawn()
    page.locator(".triage .evidence [data-shown]").wait_for(state="attached")
    page.keyboard.press("1")
    expect(page.locator(".triage .done:not(:empty)")).to_have_count(1)
    page.goto(f"/links/{link}/of/be-fp:5")
    user.is_drawn()
    time = page.locator("main time[datetime*='T']").first
    at = datetime.fromisoformat(str(time.get_attribute("datetime")))
    own = at.astimezone(ZoneInfo(PARIS))
    day = "" if own.date() == at.date() else f"{own.day} {own:%b} "
    expect(time).to_have_attribute("data-local", f"{day}{own:%H:%M} your time")
    assert f"{own:%H:%M}" in time.evaluate("(time) => getComputedStyle(time, '::after').content")
    expect(page.locator("main")).to_contain_text("Pieter Janssens (pieter@be-fp)")
    user.holds("a reviewed link")
    page.goto("/inbox#listed=mine")
    said = page.locator(".triage .decided time")
    expect(said).to_contain_text("Same, Pieter Janssens (pieter@be-fp), ")
    expect(said).to_have_attribute("data-local", f"{day}{own:%H:%M} your time")


@pytest.mark.parametrize(
    "place", ["/cases/be-fp:5", "/inbox", "/folders", "/search#q=ivan+petrov", "/records?list=all"]
)
def test_what_a_page_is_for_stands_first_larger_and_in_no_box(user: BrowserUser, place: str) -> None:
    page = user.page
    page.goto(place)
    user.is_drawn()
    page.locator("h1:not(.hidden-words), .panel.main h2").first.wait_for()
    first, others = page.evaluate(
        """() => {
          const size = (one) => parseFloat(getComputedStyle(one).fontSize);
          const [head, ...others] = [...document.querySelectorAll("main h1:not(.hidden-words), main h2")];
          const boxed = head.closest(".panel:not(.main)") !== null;
          return [{ size: size(head), boxed }, others.map(size)];
        }"""
    )
    assert not first["boxed"]
    assert all(size < first["size"] for size in others)
    user.resize(NARROW)
    assert page.evaluate("document.querySelectorAll('main h1').length") == 1
    user.resize(WIDE)


def test_on_a_phone_all_of_the_head_stands_in_one_row(user: BrowserUser) -> None:
    page = user.page
    user.resize((390, 844))
    for place in ("/search", "/inbox", "/cases/be-fp:5"):
        page.goto(place)
        user.is_drawn()
        top = page.locator("header.top").bounding_box()
        assert top is not None
        assert top["height"] <= 56, place
    user.resize(WIDE)
