"""A case of 100 entities and 500 links in a real browser: tabs, pages, the way back; over an index in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, expect

from pipeline.matching.model import load_model
from pipeline.web.pages.case import LINKS_PER_PAGE
from support.api.runtime import Api
from support.index.documents import PureStages
from support.web.browser import NARROW, WIDE, BrowserUser
from support.web.large_case import KEY, hold_large_case
from support.web.memory_site import MemorySite, memory_site
from support.web.page_checks import find_violations
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.rare, pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS)]

STAGES = PureStages(load_model())

PIETER = "pieter@be-fp"
PLACE = f"/cases/{KEY}"
TABS = ("overview", "people", "things", "links", "timeline", "records")
LINKS = 500
SCREENS = 3
PHONE = (390, 844)
MOST_ELEMENTS = 4_000
"""Of a page whose tabs have all been opened."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    held = Api(STAGES, tmp_path_factory.mktemp("large"))
    held.now = datetime.now(UTC)
    hold_large_case(held, links=LINKS)
    return held


@pytest.fixture(scope="module")
def site(api: Api) -> Iterator[MemorySite]:
    with memory_site(api) as served:
        yield served


def _open_case(opened: Browser, site: MemorySite, fragment: str = "", language: str = "en-GB") -> BrowserUser:
    """Pieter before the case."""
    user = BrowserUser(opened, site.url, language)
    user.enter(PIETER, "BX/12", PLACE + fragment)
    _is_filled(user)
    return user


def _tab(user: BrowserUser, name: str) -> Locator:
    return user.page.locator(f"#tab-{name}")


def _panel(user: BrowserUser) -> Locator:
    """The panel that is seen."""
    return user.page.locator("[role=tabpanel]:visible")


def _is_filled(user: BrowserUser) -> None:
    """Until the open tab has its content."""
    expect(_panel(user)).to_have_count(1)
    expect(_panel(user).locator("> *").first).to_be_visible()
    expect(_panel(user)).not_to_have_attribute("aria-busy", "true")


def _shows(user: BrowserUser, name: str) -> None:
    """Until this tab is open and has its content."""
    expect(_tab(user, name)).to_have_attribute("aria-selected", "true")
    expect(_panel(user)).to_have_id(f"panel-{name}")
    _is_filled(user)


def _is_on_page(user: BrowserUser, number: int, pages: int) -> None:
    """Until the panel shows this page."""
    expect(_panel(user).locator("[aria-current=page]")).to_have_attribute("aria-label", f"Page {number} of {pages}")
    _is_filled(user)


def test_tabs_are_walked_by_arrows_and_the_others_are_not_read(opened: Browser, site: MemorySite, api: Api) -> None:
    user = _open_case(opened, site)
    read = len(api.audit.acts)
    _tab(user, "overview").focus()
    for key, name in (
        ("ArrowRight", "people"),
        ("End", "records"),
        ("ArrowRight", "overview"),
        ("ArrowLeft", "records"),
        ("Home", "overview"),
        ("ArrowRight", "people"),
    ):
        user.page.keyboard.press(key)
        _shows(user, name)
        expect(_tab(user, name)).to_be_focused()
        expect(user.page.locator("[role=tab][tabindex='0']")).to_have_count(1)
    assert len(api.audit.acts) - read == 2  # people and record once each, the overview was there
    assert user.faults == []


def test_the_address_holds_tab_and_page_and_back_leads_back(opened: Browser, site: MemorySite) -> None:
    user = _open_case(opened, site)
    _tab(user, "people").click()
    _shows(user, "people")
    user.page.get_by_role("link", name="Next").click()
    _is_on_page(user, 2, 2)
    user.page.reload()
    _shows(user, "people")
    _is_on_page(user, 2, 2)
    user.page.go_back()
    _is_on_page(user, 1, 2)
    user.page.go_back()
    _shows(user, "overview")
    user.page.go_forward()
    _shows(user, "people")
    assert user.faults == []


def test_an_entity_is_shown_where_a_relation_leads(opened: Browser, site: MemorySite) -> None:
    user = _open_case(opened, site, "#tab=things&entity=v99")
    car = user.page.locator("#entity-v99")
    expect(car.locator("[data-unfold]")).to_be_focused()
    more = user.page.locator("#entity-v99-more")
    expect(more).to_contain_text("Owner")
    more.get_by_role("link", name="Leila Bauer").click()
    _shows(user, "people")
    owner = user.page.locator("#entity-p98")
    expect(owner.locator("[data-unfold]")).to_be_focused()
    expect(user.page.locator("#entity-p98-more")).to_contain_text("Owner of")
    assert user.faults == []


def test_all_links_are_reached_page_after_page(opened: Browser, site: MemorySite, api: Api) -> None:
    user = _open_case(opened, site, "#tab=links")
    reached: set[str] = set()
    for number in range(1, LINKS // LINKS_PER_PAGE + 1):
        _is_on_page(user, number, LINKS // LINKS_PER_PAGE)
        rows = _panel(user).locator("[data-row] [data-open]")
        reached |= {str(href) for href in rows.evaluate_all("all => all.map((each) => each.getAttribute('href'))")}
        assert len(reached) == number * LINKS_PER_PAGE
        if number < LINKS // LINKS_PER_PAGE:
            user.page.get_by_role("link", name="Next").click()
    assert user.faults == []


def test_links_are_narrowed_and_read_by_keys(opened: Browser, site: MemorySite) -> None:
    """From the case to the evidence of one person's link, and back to where one was."""
    user = _open_case(opened, site, "#tab=links")
    user.page.get_by_label("Person or thing").select_option("p13")
    user.page.get_by_role("button", name="Apply").press("Enter")
    expect(_panel(user)).to_contain_text("5 of 500 links")
    assert "entity=p13" in user.page.url
    user.page.keyboard.press("j")
    expect(_panel(user).locator("[data-open]").first).to_be_focused()
    user.page.keyboard.press("Enter")
    expect(user.page.get_by_role("heading", name="Score breakdown")).to_be_visible()
    user.page.go_back()
    expect(_panel(user)).to_contain_text("5 of 500 links")
    user.page.get_by_role("link", name="Remove filters").click()
    expect(_panel(user)).to_contain_text("links 1 to 25 of 500")
    assert user.faults == []


@pytest.mark.parametrize("screen", [WIDE, PHONE])
def test_each_tab_fits_three_screens(opened: Browser, site: MemorySite, screen: tuple[int, int]) -> None:
    user = _open_case(opened, site)
    user.resize(screen)
    for name in TABS:
        user.page.goto(f"{PLACE}#tab={name}")
        _shows(user, name)
        height, elements = user.page.evaluate(
            "[document.documentElement.scrollHeight, document.querySelectorAll('*').length]"
        )
        assert height <= SCREENS * screen[1], name
        assert elements <= MOST_ELEMENTS, name


def test_a_chart_says_what_is_left_out_and_its_lines_open_the_evidence(opened: Browser, site: MemorySite) -> None:
    user = _open_case(opened, site)
    user.page.locator(".heading").get_by_role("link", name="Chart").click()
    pane = user.page.locator("#chart-pane")
    expect(pane).to_contain_text(f"Showing 12 of {LINKS}")
    user.holds("chart of a large case", dark=True)
    user.page.get_by_text("View as table").click()
    user.page.locator("[data-chart-line]").first.focus()
    user.page.keyboard.press("Enter")
    expect(pane).to_contain_text("Score breakdown")
    assert user.faults == []


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
def test_each_tab_is_accessible_and_fits_a_phone(opened: Browser, site: MemorySite, language: str) -> None:
    user = _open_case(opened, site, language=language)
    for name in TABS:
        user.page.goto(f"{PLACE}#tab={name}")
        _shows(user, name)
        user.holds(f"{name}, {language}", dark=True)
        user.resize(NARROW)
        assert find_violations(user.page) == [], name
        user.resize(WIDE)
    word = "Vue d'ensemble" if language == "fr-FR" else "Overview"
    expect(_tab(user, "overview")).to_have_text(re.compile(word))
