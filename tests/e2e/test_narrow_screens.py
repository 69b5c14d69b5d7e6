"""Pages on a telephone and at 200%, in a real browser: what looks made for another screen, measured."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Locator, expect

from pipeline.api.list_worker import run_round
from support.api.runtime import Api
from support.web.browser import NARROW, WIDE, BrowserUser
from support.web.guide_pictures import PIETER, REFERENCE, hold_cases, hold_work
from support.web.memory_site import MemorySite
from support.web.page_pictures import hold_raids
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS), pytest.mark.usefixtures("api")]

ZOOMED = (640, 400)
"""A window of 1280 by 800 at 200%."""


@pytest.fixture
def api(api: Api) -> Api:
    """A list that is checked, an access request and links, as in the guides' pictures."""
    hold_cases(api)

    async def work() -> None:
        await hold_work(api)
        await run_round(api.runtime)

    with ThreadPoolExecutor(1) as thread:  # the browser's driver has a loop in this one
        thread.submit(asyncio.run, work()).result()
    return api


@pytest.fixture
def user(opened: Browser, site: MemorySite) -> BrowserUser:
    """Pieter at a telephone."""
    pieter = BrowserUser(opened, site.url)
    pieter.resize(NARROW)
    return pieter


def _enter(user: BrowserUser, place: str) -> None:
    user.enter(PIETER, REFERENCE, place)
    user.is_drawn()


def _left(place: Locator) -> float:
    box = place.bounding_box()
    assert box is not None
    return box["x"]


def test_what_a_field_suggests_ends_in_an_ellipsis_where_it_is_cut(user: BrowserUser) -> None:
    _enter(user, "/work")
    expect(user.page.locator("#question")).to_have_css("text-overflow", "ellipsis")


def test_groups_of_a_charts_buttons_all_begin_at_its_edge(user: BrowserUser) -> None:
    _enter(user, "/chart?case=be-fp:2026-4701")
    edge = _left(user.page.locator("h1"))
    for size in (NARROW, ZOOMED):
        user.resize(size)
        firsts = [_left(group.locator("button").first) for group in user.page.locator(".chart .tools .group").all()]
        beginning = [left for left in firsts if left < edge + 30]
        assert len(beginning) > 1, "they take more than one line"
        assert beginning == [pytest.approx(edge, abs=1)] * len(beginning)


def test_the_days_of_an_audits_filter_stay_in_one_line(user: BrowserUser) -> None:
    user.enter("sofie@be-fp", REFERENCE, "/audit")
    user.is_drawn()
    for size in (NARROW, ZOOMED, WIDE):
        user.resize(size)
        first, last = (user.page.get_by_label(word, exact=True).first.bounding_box() for word in ("From", "To"))
        assert first is not None
        assert last is not None
        assert first["y"] == last["y"]
        assert first["width"] == pytest.approx(last["width"], abs=1)


@pytest.mark.parametrize("language", ["en-GB", "es-ES"])
def test_every_purpose_of_who_has_access_is_in_view(opened: Browser, site: MemorySite, language: str) -> None:
    user = BrowserUser(opened, site.url, language)
    _enter(user, "/visibility/of/be-fp:2026-4709")
    hidden = user.page.locator(".scroll:has(.decisions)").evaluate("(one) => one.scrollWidth - one.clientWidth")
    assert hidden <= 1


def test_a_contacts_address_and_phone_stand_apart_and_unbroken(user: BrowserUser, api: Api) -> None:
    hold_raids(api)
    _enter(user, "/deconfliction/of/be-fp:raid-1")
    for size in (NARROW, ZOOMED, WIDE):
        user.resize(size)
        for contact in user.page.locator(".contact").all():
            parts = [part for part in contact.locator("> *").all() if part.is_visible()]
            assert [part.inner_text()[:3] for part in parts] == ["Bri", "brb", "+33"]
            heights = [part.evaluate("(one) => one.getBoundingClientRect().height") for part in parts[1:]]
            assert all(height < 30 for height in heights), "each in one line"
            unit, address = (part.bounding_box() for part in parts[:2])
            assert unit is not None
            assert address is not None
            assert address["y"] >= unit["y"] + unit["height"] or address["x"] > unit["x"] + unit["width"] + 4


def test_a_request_and_its_evidence_take_the_whole_width(user: BrowserUser) -> None:
    _enter(user, "/disclosures")
    row = user.page.locator(".results > li").first
    row.locator("[data-evidence]").first.click()
    expect(row.get_by_text("Threats by telephone")).to_be_visible()
    whole, told = (place.bounding_box() for place in (row, row.locator(".told")))
    assert whole is not None
    assert told is not None
    assert told["width"] > 0.9 * whole["width"]


def test_a_lists_files_stand_in_one_row_of_buttons(user: BrowserUser) -> None:
    _enter(user, "/checks")
    user.page.locator("a[href^='/checks/']:not([download])").first.click()
    expect(user.page.get_by_role("heading", name="Results")).to_be_visible()
    user.resize(ZOOMED)
    buttons = user.page.locator(".forms button")
    expect(buttons).to_have_text(["CSV", "NDJSON", "FollowTheMoney", "XLSX"])
    boxes = [button.bounding_box() for button in buttons.all()]
    gaps = {
        round(after["x"] - before["x"] - before["width"])
        for before, after in pairwise(boxes)
        if before and after and before["y"] == after["y"]
    }
    assert len(gaps) == 1, "one gap between all that stand beside each other"
