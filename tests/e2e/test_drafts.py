"""What is being typed outlives a reload, until it is saved or the viewer signs out; in a real browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Locator, expect

from pipeline.web.addresses import link_path
from support.api.runtime import Api
from support.records.builder import record
from support.waiting import wait
from support.web.browser import BrowserUser
from support.web.memory_site import MemorySite
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS)]


PIETER, CLAIRE = "pieter@be-fp", "claire@fr-pj"
TEXT = "the same tattoo, see annex 3"


@pytest.fixture
def api(api: Api) -> Api:
    """What the site shows in a test."""
    api.hold(record("be-fp"), record("fr-pj"), record("be-fp", "2"))
    return api


@pytest.fixture
def place(api: Api) -> str:
    """The page of a link."""
    return link_path(api.link("be-fp:1", "fr-pj:1"), "be-fp:1")


@pytest.fixture
def user(opened: Browser, site: MemorySite, place: str) -> BrowserUser:
    """Pieter, who has typed a reason."""
    pieter = BrowserUser(opened, site.url)
    pieter.enter(PIETER, "BX/12", place)
    _reason(pieter).fill(TEXT)
    _wait_for_drafts(pieter, 1)
    return pieter


def _reason(user: BrowserUser) -> Locator:
    return user.page.locator("#reason-verdict")


def _wait_for_drafts(user: BrowserUser, count: int) -> None:
    """Asked from here: the browser's driver looks only when the window gets a frame."""
    kept = "Object.keys(sessionStorage).filter((key) => key.startsWith('liaison-draft:')).length"
    wait(lambda: user.page.evaluate(kept) == count)


def _is_settled(user: BrowserUser) -> None:
    """Until the page's script is there, so that what is not put back by then will not be."""
    user.page.wait_for_function("Boolean(window.did_handshake && liaison.settleDrafts)")
    expect(_reason(user)).to_be_visible()


def test_a_reason_outlives_a_reload_on_its_page_alone(user: BrowserUser, place: str) -> None:
    user.page.reload()
    expect(_reason(user)).to_have_value(TEXT)
    user.page.goto("/cases/be-fp:2#tab=links")
    user.page.get_by_text("Add a link").click()
    expect(user.page.locator("#reason-by-hand")).to_have_value("")
    user.page.locator("#reason-by-hand").fill("note")
    user.page.locator("#other-by-hand").fill("fr-pj:9")
    _wait_for_drafts(user, 3)
    user.page.reload()
    expect(user.page.locator("#reason-by-hand")).to_have_value("note")
    expect(user.page.locator("#other-by-hand")).to_have_value("fr-pj:9")
    expect(user.page.locator("#reason-by-hand")).to_be_visible()
    user.page.goto(place)
    expect(_reason(user)).to_have_value(TEXT)
    assert user.faults == []


def test_a_reason_comes_back_in_a_window_that_gets_no_frame(user: BrowserUser) -> None:
    """As a tab behind others, or one of a busy machine."""
    user.page.add_init_script("window.requestAnimationFrame = () => 0")
    user.page.goto("/cases/be-fp:2#tab=links")
    user.page.locator("#reason-by-hand").evaluate(
        "(field) => { field.value = 'note'; field.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    _wait_for_drafts(user, 2)
    user.page.reload()
    expect(user.page.locator("#reason-by-hand")).to_have_value("note")


def test_what_is_saved_is_no_draft_any_more(user: BrowserUser) -> None:
    user.page.locator("input[value=same]").check()
    user.page.get_by_role("button", name="Save decision").click()
    expect(user.page.locator("#said")).to_contain_text("Decision saved")
    _wait_for_drafts(user, 0)
    user.page.reload()
    _is_settled(user)
    expect(_reason(user)).to_have_value("")
    assert user.faults == []


def test_what_could_not_be_saved_stays(user: BrowserUser, api: Api) -> None:
    api.decided.away = True
    user.page.locator("input[value=same]").check()
    user.page.get_by_role("button", name="Save decision").click()
    expect(user.page.locator("#said .bad")).to_be_visible()
    expect(_reason(user)).to_have_value(TEXT)
    user.page.reload()
    expect(_reason(user)).to_have_value(TEXT)
    api.decided.away = False
    user.page.locator("input[value=same]").check()
    user.page.get_by_role("button", name="Save decision").click()
    expect(user.page.locator("#said")).to_contain_text("Decision saved")
    _wait_for_drafts(user, 0)


def test_a_session_that_ends_says_so_and_keeps_reason_and_verdict(user: BrowserUser, api: Api) -> None:
    user.page.locator("input[value=same]").check()
    api.now += timedelta(days=2)
    user.page.get_by_role("button", name="Save decision").click()
    expect(user.page.get_by_role("alert")).to_contain_text("Your session has ended")
    user.page.check(f"input[value='{PIETER}']")
    user.page.fill("#case_reference", "BX/12")
    user.page.click("button.main")
    expect(_reason(user)).to_have_value(TEXT)
    expect(user.page.locator("input[value=same]")).to_be_checked()
    assert api.decided.values == []
    user.page.get_by_role("button", name="Save decision").click()
    expect(user.page.locator("#said")).to_contain_text("Decision saved")
    _wait_for_drafts(user, 0)
    assert user.faults == []


def test_keys_do_nothing_beside_what_is_being_written(user: BrowserUser, place: str) -> None:
    """A click beside the field, or a field that has just unfolded: what is typed then leaves the page no more."""
    user.page.locator("h1").click()
    user.page.keyboard.type("gs")
    user.page.keyboard.press("a")
    assert user.page.url.endswith(place)
    user.page.goto("/cases/be-fp:2#tab=links")
    user.page.get_by_text("Add a link").click()
    expect(user.page.locator("#other-by-hand")).to_be_focused()
    user.page.keyboard.type("gi")
    expect(user.page.locator("#other-by-hand")).to_have_value("gi")
    user.page.locator("#other-by-hand").fill("")
    assert user.faults == []


def test_a_late_frame_takes_nobody_away_from_the_field_that_they_write_in(user: BrowserUser) -> None:
    """What unfolds focuses its first field in the next frame, which comes late on a busy machine."""
    user.page.goto("/cases/be-fp:2#tab=links")
    user.page.evaluate("() => { window.late = []; window.requestAnimationFrame = (drawn) => window.late.push(drawn); }")
    user.page.get_by_text("Add a link").click()
    user.page.locator("#reason-by-hand").focus()
    assert user.page.evaluate("() => { for (const drawn of window.late) drawn(0); return window.late.length; }")
    expect(user.page.locator("#reason-by-hand")).to_be_focused()


def test_what_is_cleared_is_forgotten(user: BrowserUser) -> None:
    _reason(user).fill("")
    _wait_for_drafts(user, 0)


def test_signing_out_forgets_all(user: BrowserUser, api: Api, place: str) -> None:
    user.page.locator(".me summary").click()
    user.page.get_by_role("button", name="Sign out").click()
    expect(user.page.locator("#case_reference")).to_be_visible()
    _wait_for_drafts(user, 0)
    api.now += timedelta(minutes=1)  # else the same token as the one that has ended
    user.sign_in(PIETER, "BX/12")
    user.page.goto(place)
    _is_settled(user)
    expect(_reason(user)).to_have_value("")


def test_another_viewer_of_the_tab_is_shown_none(user: BrowserUser, place: str) -> None:
    user.page.context.clear_cookies()
    user.sign_in(CLAIRE, "2026/1")
    _wait_for_drafts(user, 0)
    user.page.goto(place)
    _is_settled(user)
    expect(_reason(user)).to_have_value("")


def test_a_text_too_large_for_the_browser_is_not_kept_in_part(user: BrowserUser) -> None:
    """Of the 5,242,880 characters that Chromium keeps for a site most are taken: to draw as many takes ten seconds."""
    user.page.evaluate("sessionStorage.setItem('others', 'x'.repeat(5_200_000))")
    _reason(user).evaluate(
        "(field) => { field.value = 'x'.repeat(50_000); field.dispatchEvent(new Event('input', {bubbles: true})) }"
    )
    _wait_for_drafts(user, 0)
    assert user.faults == []


def test_a_reason_of_the_inbox_outlives_a_reload_until_it_is_saved(user: BrowserUser) -> None:
    user.page.goto("/inbox")
    expect(user.page.locator("[data-row] [data-open]").first).to_be_focused()
    user.page.keyboard.press("r")
    user.page.locator("#reason-triage").fill("lent passport")
    _wait_for_drafts(user, 2)
    user.page.reload()
    expect(user.page.locator("[data-row] [data-open]").first).to_be_focused()
    user.page.keyboard.press("r")
    expect(user.page.locator("#reason-triage")).to_have_value("lent passport")
    expect(user.page.locator("#evidence .summary")).to_be_visible()
    user.page.keyboard.press("Control+Enter")
    _wait_for_drafts(user, 1)
    assert user.faults == []
