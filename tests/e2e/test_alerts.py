"""Alerts in a real browser: saved with filters, opened with them again, told of by what passes; in memory."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Route, expect

from pipeline.access.alerts import Alert
from pipeline.access.notices import Notice, NoticeKind
from pipeline.api.answers import NoticesAnswer
from pipeline.api.quotas import MOST_STREAMS
from pipeline.api.services.notices import list_latest_notices
from pipeline.index.decisions import notice_document
from pipeline.matching.bands import Band
from support.access.requesters import make_requester
from support.api.runtime import Api
from support.records.builder import person, record
from support.waiting import wait
from support.web.browser import BrowserUser
from support.web.memory_site import MemorySite
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS)]

CLAIRE = "claire@fr-pj"
OF_CLAIRE = make_requester("fr-pj", subject=CLAIRE)


@pytest.fixture
def api(api: Api) -> Api:
    """One man, a suspect in one case and a witness in another."""
    for agency, role in (("be-fp", "suspect"), ("nl-np", "witness")):
        man = person("Иван Петров", id="p1", birth_date="1980-05-01", phones=["+33612345678"], role=role)
        api.hold(record(agency, "7", title=f"Affair of {agency}", entities=[man]))
    return api


def tell_of_matches(api: Api) -> Alert:
    """Tell of all cases that the one alert meets, as the stream does."""
    [alert] = [value for _, value in api.decided.values if isinstance(value, Alert)]
    for at, agency in enumerate(("be-fp", "nl-np"), 1):
        reference = api.session(OF_CLAIRE).make_reference(f"{agency}:7")
        told = Notice(
            f"n{at}", "fr-pj", NoticeKind.SUBSCRIPTION_MATCH, api.now, reference=reference, subscription=alert.id,
            other_agency=agency, purpose="investigation", band=Band.CERTAIN,
        )  # fmt: skip
        api.index.write([notice_document(msgspec.json.encode(told), at)])
    return alert


def test_ones_past_searches_are_run_again_and_forgotten_and_nobody_elses(
    opened: Browser, site: MemorySite, api: Api
) -> None:
    user = BrowserUser(opened, site.url)
    user.sign_in(CLAIRE, "2026/1")
    user.ask("ivan petrov 1980-05-01")
    user.page.goto("/search#q=petrov&role=suspect")
    expect(user.page.locator(".results li")).to_have_count(1)
    user.page.wait_for_function("JSON.parse(liaison.pastSearches()).length === 2")
    user.page.goto("/search")
    past = user.page.get_by_role("region", name="Recent searches")
    expect(past.locator("tbody tr")).to_have_count(2)
    expect(past).to_contain_text("2026/1")
    user.holds("past searches", dark=True)
    past.get_by_role("link", name="petrov", exact=True).click()
    expect(user.page.locator(".chosen .chip")).to_have_text(["Rolesuspect"])
    user.page.goto("/search")
    past.get_by_role("button", name="Forget", exact=True).first.click()
    expect(past.locator("tbody tr")).to_have_count(1)
    user.page.reload()
    expect(past.locator("tbody tr")).to_have_count(1)
    kept = user.page.evaluate("JSON.stringify(localStorage)")
    assert "liaison-searches" in kept
    assert "petrov" not in kept.lower()
    held = user.page.evaluate("Object.entries(localStorage).find(([key]) => key.startsWith('liaison-searches'))[1]")

    other = BrowserUser(opened, site.url)
    other.sign_in("pieter@be-fp", "2026/1")
    other.page.evaluate("(held) => localStorage.setItem('liaison-searches:pieter@be-fp', held)", held)
    other.page.goto("/search")
    expect(other.page.get_by_role("heading", name="Search tips")).to_be_visible()
    expect(other.page.get_by_role("region", name="Recent searches")).to_have_count(0)
    other.page.wait_for_function("!localStorage.getItem('liaison-searches:pieter@be-fp')")
    past.get_by_role("button", name="Forget all").click()
    expect(past).to_have_count(0)
    assert [*user.faults, *other.faults] == []


def test_what_goes_hands_the_focus_on(opened: Browser, site: MemorySite) -> None:
    """By keyboard: a button that goes with its row leads to that of the next row, the last one to where one goes on."""
    user = BrowserUser(opened, site.url)
    user.sign_in(CLAIRE, "2026/1")
    page = user.page
    for number, asked in enumerate(("first", "second", "third"), 1):
        user.ask(asked)
        page.wait_for_function("(many) => JSON.parse(liaison.pastSearches()).length === many", arg=number)
    page.goto("/search")
    rows = page.get_by_role("region", name="Recent searches").locator("tbody tr")
    expect(rows).to_have_count(3)
    rows.nth(1).get_by_role("button").press("Enter")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("first")
    expect(rows.nth(1).get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    expect(rows.get_by_role("button")).to_be_focused()
    page.get_by_role("button", name="Forget all").press("Enter")
    expect(rows).to_have_count(0)
    expect(page.locator("#question")).to_be_focused()

    page.goto("/subscriptions")
    field = page.get_by_label("Search terms")
    for asked in ("ivan petrov 1980-05-01", "+33612345678"):
        field.fill(asked)
        field.press("Enter")
        expect(page.locator("tbody tr").filter(has_text=asked)).to_have_count(1)
    alerts = page.locator("tbody tr")
    alerts.nth(1).get_by_role("button", name="Renew").press("Enter")
    expect(page.locator("#said")).to_contain_text("Alert renewed")
    expect(alerts.nth(1).get_by_role("button", name="Renew")).to_be_focused()
    alerts.nth(1).locator("summary").press("Enter")
    name = alerts.nth(1).get_by_label("Name")
    name.fill("Иван из Твери")
    user.holds("alert to be named", dark=True)
    name.press("Enter")
    named = alerts.filter(has_text="Иван из Твери")
    expect(named).to_have_count(1)
    expect(named.locator("summary")).to_be_focused()
    alerts.nth(0).get_by_role("button", name="Stop").press("Enter")
    expect(alerts).to_have_count(1)
    expect(alerts.get_by_role("button", name="Stop")).to_be_focused()
    page.keyboard.press("Enter")
    expect(alerts).to_have_count(0)
    expect(field).to_be_focused()
    assert user.faults == []


def test_a_search_is_saved_with_its_filters_and_tells_of_what_passes_them(
    opened: Browser, site: MemorySite, api: Api
) -> None:
    user = BrowserUser(opened, site.url)
    user.sign_in(CLAIRE, "2026/1")
    user.page.goto("/search#q=ivan+petrov+1980-05-01&role=suspect")
    expect(user.page.locator(".results li")).to_have_count(1)
    user.holds("search to be saved", dark=True)
    user.page.get_by_role("button", name="Alert me to new matches").click()  # the one click
    expect(user.page.locator("#said")).to_contain_text("Alert created")
    alert = tell_of_matches(api)
    assert alert.filters.roles == ("suspect",)

    user.page.goto("/notices")
    rows = user.page.locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("be-fp")
    expect(rows).to_contain_text("suspect")
    user.holds("notices of an alert", dark=True)

    again = user.page.get_by_role("link", name="ivan petrov 1980-05-01")
    again.focus()
    rows.evaluate("row => (row.dataset.before = '')")
    user.page.evaluate("emitEvent('told', {})")  # as when another one comes
    expect(user.page.locator("tbody tr:not([data-before])")).to_have_count(1)
    expect(again).to_be_focused()
    again.press("Enter")
    expect(user.page.locator(".chosen .chip")).to_have_text(["Rolesuspect"])
    expect(user.page.locator(".results li")).to_have_count(1)
    user.page.go_back()
    user.page.locator("tbody a[href^='/cases/']").click()
    expect(user.page.get_by_role("heading", name="Affair of be-fp")).to_be_visible()
    user.page.goto("/subscriptions")
    user.holds("alerts with filters", dark=True)
    expect(user.page.locator("tbody tr")).to_contain_text("suspect")
    assert user.faults == []


def test_a_notice_that_comes_while_the_page_of_notices_is_read_is_shown(
    opened: Browser, site: MemorySite, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page has read which there are, and does not listen yet."""
    user = BrowserUser(opened, site.url)
    user.sign_in(CLAIRE, "2026/1")
    user.ask("ivan petrov 1980-05-01")
    user.page.get_by_role("button", name="Alert me to new matches").click()
    expect(user.page.locator("#said")).to_contain_text("Alert created")
    heard = threading.Event()

    async def read_and_wait(*asked: Any, **more: Any) -> NoticesAnswer:
        answer = await list_latest_notices(*asked, **more)
        while not heard.is_set():
            await asyncio.sleep(0.01)
        return answer

    monkeypatch.setattr("pipeline.web.pages.notices.list_latest_notices", read_and_wait)
    last = "Object.entries(localStorage).find(([key]) => key.startsWith('liaison-notices-last:'))?.[1]"
    try:
        user.page.goto("/notices")
        user.hears()
        before = user.page.evaluate(last)
        tell_of_matches(api)
        user.page.wait_for_function(f"(before) => {last} !== before", arg=before)
    finally:
        heard.set()
    expect(user.page.locator("tbody tr")).to_have_count(2)
    assert user.faults == []


def test_a_notice_that_comes_before_the_page_of_notices_hears_of_any_is_shown(
    opened: Browser, site: MemorySite, api: Api
) -> None:
    """A browser's first stream begins behind what there is when it begins, which is after the page was read."""
    user = BrowserUser(opened, site.url)
    late: list[Route] = []
    user.page.route("**/notices/live?*", lambda route: late.append(route))
    with user.page.expect_request("**/notices/live?*"):
        user.enter(CLAIRE, "2026/1", "/notices")
    user.is_drawn()
    expect(user.page.get_by_text("No notifications")).to_be_visible()
    came = Notice("n1", "fr-pj", NoticeKind.EXPIRY, api.now)
    api.index.write([notice_document(msgspec.json.encode(came), 1)])
    acts = len(api.audit.acts)
    late[0].continue_()
    expect(user.page.locator("tbody tr")).to_have_count(1)
    assert len(api.audit.acts) == acts + 1, "the page was read again, and nothing else was told"
    assert user.faults == []


def test_a_page_whose_stream_was_refused_asks_for_it_again(opened: Browser, site: MemorySite, api: Api) -> None:
    """A browser takes a refusal for good: without more the page would be told of nothing until the next one."""
    user = BrowserUser(opened, site.url)
    page = user.page
    page.clock.install()
    with ExitStack() as streams:
        for _ in range(MOST_STREAMS):
            streams.enter_context(api.runtime.streams.hold("fr-pj", CLAIRE))
        with page.expect_response("**/notices/live?*") as refused:
            user.enter(CLAIRE, "2026/1", "/statistics")
        assert refused.value.status == 429
    heard = "Object.keys(localStorage).some((key) => key.startsWith('liaison-notices-last:'))"

    def hears_later() -> bool:
        page.clock.fast_forward("00:10")
        return bool(page.evaluate(heard))

    wait(hears_later)
    assert user.faults == []
