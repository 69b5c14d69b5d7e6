"""Where a day begins, in a real browser: the large field, what waits, and the lists behind the counts."""

from __future__ import annotations

import re

import msgspec
import pytest
from playwright.sync_api import Browser, expect

from pipeline.access.reviews import Assignment
from pipeline.index.decisions import assignment_document
from support.api.runtime import NOW, Api
from support.records.builder import person, record
from support.web.browser import NARROW, BrowserUser
from support.web.memory_site import MemorySite
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS)]

CLAIRE = "claire@fr-pj"


@pytest.fixture
def api(api: Api) -> Api:
    """Three links of one French case, one of them Claire's."""
    api.hold(record("fr-pj", "1", title="Vol aggravé", to=("BE",)))
    man = person("Ivan Petrov", id="p1", birth_date="1980-05-01")
    api.hold(*(record("be-fp", str(number), to=("FR",), entities=[man]) for number in range(3)))
    links = [api.link("fr-pj:1", f"be-fp:{number}") for number in range(3)]
    assigned = Assignment(links[0], "fr-pj", CLAIRE, CLAIRE, NOW)
    api.index.write([assignment_document(msgspec.json.encode(assigned), 1)])
    return api


def test_a_search_is_one_field_and_enter_after_signing_in(opened: Browser, site: MemorySite, api: Api) -> None:
    """Seven keys and Enter: no click between signing in and the answer."""
    user = BrowserUser(opened, site.url)
    user.sign_in(CLAIRE, "2026/1")
    page = user.page
    expect(page).to_have_url(re.compile(r"/$"))
    expect(page.locator("#question")).to_have_count(1)
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.type("fr-pj:1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Vol aggravé")).to_be_visible()
    page.go_back()
    expect(page.locator(".welcome")).to_be_visible()
    assert user.faults == []


def test_the_first_page_says_what_waits_and_what_was_searched(opened: Browser, site: MemorySite, api: Api) -> None:
    user = BrowserUser(opened, site.url)
    user.enter(CLAIRE, "2026/1", "/")
    waiting = user.page.get_by_role("region", name="Waiting for you")
    expect(waiting.get_by_role("link", name="3 To review")).to_be_visible()
    expect(waiting.get_by_role("link", name="Unread notifications")).to_be_hidden()
    user.page.keyboard.press("/")
    expect(user.page.locator("#question")).to_be_focused()
    user.page.keyboard.type("ivan petrov")
    user.page.keyboard.press("Enter")
    expect(user.page.locator(".results .name").first).to_be_visible()
    user.page.locator(".brand").click()
    searches = user.page.get_by_role("region", name="Recent searches")
    expect(searches.get_by_role("link", name="ivan petrov")).to_be_visible()
    user.holds("first page", dark=True)
    searches.get_by_role("link", name="ivan petrov").click()
    expect(user.page.locator(".results .name").first).to_be_visible()
    assert user.faults == []


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
def test_the_counts_lead_to_their_lists(opened: Browser, site: MemorySite, api: Api, language: str) -> None:
    user = BrowserUser(opened, site.url, language)
    user.enter(CLAIRE, "2026/1", "/inbox")
    page = user.page
    page.keyboard.press("g")
    page.keyboard.press("w")
    expect(page).to_have_url(re.compile(r"/work$"))
    for at, count, rows in ((0, "3", 3), (1, "1", 1)):
        lead = page.locator(".tiles.leads a").nth(at)
        expect(lead.locator("strong")).to_have_text(count)
        lead.click()
        user.is_drawn()
        expect(page.locator(".triage [data-row]")).to_have_count(rows)
        page.goto("/work")
    user.holds("my work", dark=True)
    user.resize(NARROW)
    user.holds("my work on a telephone")
    assert user.faults == []


def test_who_only_audits_begins_elsewhere(opened: Browser, site: MemorySite, api: Api) -> None:
    user = BrowserUser(opened, site.url)
    user.enter("sofie@be-fp", "2026/1", "/")
    expect(user.page).to_have_url(re.compile(r"/audit$"))
