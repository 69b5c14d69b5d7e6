"""Asking for a record where it was found, answering beside the evidence; in a real browser over an index in memory."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from support.api.runtime import Api
from support.records.builder import person, record
from support.web.browser import BrowserUser
from support.web.memory_site import MemorySite
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS)]


CLAIRE, PIETER = "claire@fr-pj", "pieter@be-fp"
QUESTION = "Anastasia Ouarzazi 1976-03-04"
PASSPORT = [{"type": "passport", "value": "12AB00001", "country": "FR"}]


@pytest.fixture
def api(api: Api) -> Api:
    """A record of Pieter's that Claire sees as a hit, linked to one of hers that he reads."""
    woman = person("Anastasia Ouarzazi", id="p1", birth_date="1976-03-04", identifiers=PASSPORT)
    api.hold(record("be-fp", "7", code="H2", entities=[woman]), record("fr-pj", "1", entities=[woman]))
    api.link("be-fp:7", "fr-pj:1")
    return api


def _sign_in(opened: Browser, site: MemorySite, who: str, language: str = "en-GB") -> BrowserUser:
    user = BrowserUser(opened, site.url, language)
    user.enter(who, "2026/4711", "/search")
    return user


def _ask(claire: BrowserUser) -> None:
    """Ask for the hit that the question finds."""
    claire.ask(QUESTION)
    hit = claire.page.locator(".results li.hit")
    hit.get_by_text("Request access").click()
    hit.get_by_label("Reason").fill("the same woman in two cases")
    expect(hit.get_by_label("Called in your list")).to_have_value(QUESTION)
    hit.get_by_role("button", name="Send request").click()
    expect(hit.locator("[data-state=requested]")).to_contain_text("Access requested")


def test_a_request_is_seen_wherever_its_hit_is(opened: Browser, site: MemorySite, api: Api) -> None:
    claire = _sign_in(opened, site, CLAIRE)
    page = claire.page
    _ask(claire)
    expect(page.locator(".results li.hit").get_by_text("Request access")).to_have_count(0)
    page.reload()
    expect(page.locator(".results li.hit [data-state=requested]")).to_contain_text("left")
    page.goto("/cases/fr-pj:1")
    expect(page.locator("[data-state=requested]")).to_contain_text("Access requested")
    page.locator("[data-state=requested] a").click()
    expect(page.get_by_role("heading", name="Access requests")).to_be_visible()
    expect(page.locator(".results li[data-row]")).to_contain_text(QUESTION)
    expect(page.locator(".results li[data-row]")).to_contain_text("A record of be-fp")
    assert claire.faults == []


def test_an_owner_answers_beside_its_record_and_the_evidence(opened: Browser, site: MemorySite, api: Api) -> None:
    claire, pieter = _sign_in(opened, site, CLAIRE), _sign_in(opened, site, PIETER)
    _ask(claire)
    page = pieter.page
    page.goto("/disclosures")
    request = page.locator(".results li[data-row]")
    expect(request).not_to_contain_text(QUESTION)
    request.locator("[data-evidence]").click()
    expect(request).to_contain_text("Same name, passport and date of birth.")
    expect(request).to_contain_text("Anastasia Ouarzazi")
    request.get_by_label("Reason for refusal").fill("ongoing")
    request.get_by_role("button", name="Refuse").click()
    expect(page.locator(".results li[data-row]")).to_contain_text("Refused")
    claire.ask(QUESTION)
    expect(claire.page.locator("[data-state=refused]")).to_contain_text("Request refused")
    expect(claire.page.locator(".results li.hit").get_by_text("Request access")).to_have_count(1)
    assert pieter.faults == []


def test_a_granted_record_stands_in_its_place_until_its_owner_revokes_it(
    opened: Browser, site: MemorySite, api: Api
) -> None:
    """Three pages of Claire's show it, none of which she touches: all are rid of it within seconds."""
    claire, pieter = _sign_in(opened, site, CLAIRE), _sign_in(opened, site, PIETER)
    _ask(claire)
    pieter.page.goto("/disclosures")
    pieter.page.get_by_role("button", name="Grant access").click()
    expect(pieter.page.locator(".results li[data-row]")).to_contain_text("Granted")
    claire.ask(QUESTION)
    row = claire.page.locator(".results li", has_text="be-fp:7")
    expect(row.locator(".who")).to_have_text("Anastasia Ouarzazi")
    expect(row).to_contain_text("Access until")
    expect(row.locator(".score")).to_contain_text("Certain")
    expect(row.locator(".why")).to_contain_text("anastasia ouarzazi")
    claire.holds("results with a granted record")
    case, link = claire.page.context.new_page(), claire.page.context.new_page()
    case.goto(f"{site.url}/cases/be-fp:7")
    expect(case.locator("main")).to_contain_text("Access until")
    link.goto(f"{site.url}/cases/fr-pj:1")
    link.locator(".linked [data-open]").first.click()
    expect(link.locator(".compare")).to_contain_text("12AB00001")
    pieter.page.get_by_text("Revoke access").click()
    pieter.page.get_by_role("button", name="Revoke now").click()
    for page in (case, link):
        expect(page.locator("[data-state]")).to_contain_text("not")
        expect(page.locator("main")).not_to_contain_text("Anastasia")
    expect(claire.page.locator(".results li.hit")).to_have_count(1)
    expect(claire.page.locator("main")).not_to_contain_text("be-fp:7")
    expect(claire.page.locator("#said")).to_contain_text("Access to a record on this page has ended")
    assert claire.faults == []


@pytest.mark.rare
@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
def test_the_pages_are_accessible_and_fit_a_phone(opened: Browser, site: MemorySite, api: Api, language: str) -> None:
    _ask(_sign_in(opened, site, CLAIRE))
    claire, pieter = _sign_in(opened, site, CLAIRE, language), _sign_in(opened, site, PIETER, language)
    claire.ask(QUESTION)
    expect(claire.page.locator("[data-state=requested]")).to_be_visible()
    claire.holds(f"hit with a request, {language}", dark=True)
    claire.page.goto("/disclosures")
    expect(claire.page.locator(".results li[data-row]")).to_be_visible()
    claire.holds(f"sent requests, {language}", dark=True)
    pieter.page.goto("/disclosures")
    pieter.page.locator("[data-evidence]").click()
    expect(pieter.page.locator(".results li[data-row] .band")).to_be_visible()
    pieter.holds(f"received requests, {language}", dark=True)
