"""Open pages in a real browser: they work under their content policy, and stop with their session."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from support.api.server import ApiServer, api_server, start_server
from support.web.browser import BrowserUser
from support.web.fixtures import chromium
from support.web.shared_browser import BROWSER_TESTS

__all__ = ["api_server", "chromium", "start_server"]

pytestmark = pytest.mark.xdist_group(BROWSER_TESTS)

CLAIRE = "claire@fr-pj"
QUESTION = "Ivan Petrov 1980-05-01"


@pytest.fixture
def desk(chromium: Browser, api_server: ApiServer) -> Iterator[BrowserUser]:
    """Claire, signed in; what the browser refused under the policy counts as a fault."""
    found = BrowserUser(chromium, api_server.url)
    found.page.on("console", lambda said: found.faults.append(said.text) if "Content Security" in said.text else None)
    found.sign_in(CLAIRE, "2026/1")
    yield found
    found.page.context.close()
    api_server.move_clock(0)
    api_server.remove()


def test_pages_work_under_their_policy_and_injected_script_does_not(desk: BrowserUser) -> None:
    desk.ask(QUESTION)
    expect(desk.page.locator(".results .name").first).to_be_visible()
    desk.page.locator(".results .name").first.click()
    expect(desk.page.locator(".heading").get_by_role("link", name="Chart")).to_be_visible()
    desk.page.click("details.me summary")
    desk.page.get_by_role("button", name="Dark").click()
    expect(desk.page.locator("html[data-theme=dark]")).to_have_count(1)
    assert desk.faults == []
    desk.page.evaluate(
        """() => {
            const made = document.createElement("div");
            made.innerHTML = '<img src="x" onerror="window.injected = 1">' +
                '<a href="javascript:window.injected = 2">x</a>';
            document.body.append(made);
            document.body.append(Object.assign(document.createElement("script"), {textContent: "window.injected = 3"}));
            made.querySelector("a").click();
        }"""
    )
    desk.page.wait_for_function("() => document.querySelector('img[src=x]').complete")
    assert desk.page.evaluate("window.injected") is None
    assert any("Content Security Policy" in fault for fault in desk.faults)


def test_a_field_says_its_limit_and_a_long_question_widens_no_page(desk: BrowserUser) -> None:
    page = desk.page
    page.goto("/")
    field = page.locator("#question")
    field.fill("x" * 999)
    expect(page.get_by_text("This field takes")).to_have_count(0)
    field.press_sequentially("xx")
    expect(page.get_by_text("This field takes 1,000 characters at most.")).to_be_visible()
    assert len(field.input_value()) == 1000
    field.press("Enter")
    expect(page.locator(".understood, .results, .nothing").first).to_be_visible()
    page.goto("/")
    expect(page.locator(".named a").first).to_contain_text("x" * 200 + "…")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_an_owner_asks_who_would_see_its_case_under_other_handling(desk: BrowserUser) -> None:
    page = desk.page
    page.goto("/cases/fr-pj:1")
    page.get_by_role("link", name="Who has access").click()
    belgium = page.get_by_role("row", name="be-fp")
    expect(belgium).to_contain_text("full content")
    page.get_by_label("Code").select_option("H3")
    page.get_by_label("Border check").check()
    page.get_by_role("button", name="Show effect").click()
    expect(belgium).to_contain_text("handling code H3")
    expect(page.get_by_label("Border check")).to_be_checked()
    desk.holds("who can see it", dark=True)
    page.goto("/records")
    desk.holds("records")
    page.get_by_role("link", name="Hit quotas for other agencies").click()
    expect(page.get_by_text("No agency has a higher quota")).to_be_visible()
    desk.holds("allowances")


def test_no_other_page_frames_ours(chromium: Browser, api_server: ApiServer) -> None:
    page = chromium.new_page()
    page.set_content(f'<iframe src="{api_server.url}/sign-in"></iframe>')
    (framed,) = page.frames[1:]
    assert "case_reference" not in framed.content()
    page.goto(f"{api_server.url}/sign-in")
    assert "case_reference" in page.content(), "alone it is shown"
    page.close()


def test_what_a_session_no_longer_covers_leaves_all_tabs(desk: BrowserUser, api_server: ApiServer) -> None:
    desk.ask(QUESTION)
    expect(desk.page.locator(".results .name").first).to_be_visible()
    other = desk.page.context.new_page()
    other.goto("/statistics")
    other.click("details.me summary")
    other.fill("#stated-reference", "2026/2")
    other.get_by_role("button", name="Save").click()
    expect(desk.page.locator(".grounds .reference")).to_have_text("2026/2")
    other.click("details.me summary")
    other.get_by_role("button", name="Sign out").click()
    expect(desk.page).to_have_url(re.compile("/sign-in"))
    expect(desk.page.locator("body")).not_to_contain_text("Affair")


@pytest.mark.parametrize("ended", ["sign-out", "expiry", "agency"])
def test_an_open_page_does_nothing_once_its_session_has_ended(
    chromium: Browser, desk: BrowserUser, api_server: ApiServer, ended: str
) -> None:
    desk.ask(QUESTION)
    expect(desk.page.locator(".results .name").first).to_be_visible()
    if ended == "sign-out":
        cookies: Any = desk.page.context.cookies()
        thief = chromium.new_context(base_url=api_server.url)  # who has copied them hears nothing of the other's tabs
        thief.add_cookies(cookies)
        other = thief.new_page()
        other.goto("/statistics")
        other.click("details.me summary")
        other.get_by_role("button", name="Sign out").click()
        expect(other).to_have_url(f"{api_server.url}/sign-in?after=/statistics")
        thief.close()
    elif ended == "expiry":
        api_server.move_clock(24 * 3600)
    else:
        api_server.remove("fr-pj")
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("/")
    desk.page.fill("#question", "Petrov")
    desk.page.keyboard.press("Enter")
    expect(desk.page).to_have_url(f"{api_server.url}/sign-in?after=%2Fsearch&wrong=ended#q=Petrov")
    expect(desk.page.locator("body")).not_to_contain_text("Affair")
