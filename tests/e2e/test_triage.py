"""The inbox in a real browser: keys are counted, focus is watched, no page is loaded; over an index in memory."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from pipeline.access.reviews import Review, Verdict
from pipeline.records.agencies import Agency
from support.api.runtime import Api
from support.records.builder import person, record
from support.web.browser import BrowserUser
from support.web.memory_site import MemorySite
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS)]

PIETER = "pieter@be-fp"
COUNT = 50

WATCH = """() => {
  window.keys = 0; window.fallen = 0; window.stayed = true;
  document.addEventListener("keydown", () => window.keys++, true);
  const look = () => { if (document.activeElement === document.body) window.fallen++; requestAnimationFrame(look) };
  look();
}"""


DRAWN = """() => {
  const [shown, row] = ["#evidence [data-shown]", "#triage [aria-current]"].map((what) => document.querySelector(what));
  return row && shown?.dataset.shown === row.dataset.link;
}"""


def _hold(api: Api, number: int, **other: Any) -> str:
    """A case of each of two agencies about one person; a passport makes it certain."""
    passport = [{"type": "passport", "value": f"12AB{number:05}", "country": "FR"}]
    man = person("Anastasia Ouarzazi", id="p1", birth_date=f"19{number % 90 + 10}-03-04", identifiers=passport)
    api.hold(record("be-fp", f"{number:04}", entities=[man]), record("fr-pj", f"{number:04}", entities=[man | other]))
    return api.link(f"be-fp:{number:04}", f"fr-pj:{number:04}")


def _hold_possible(api: Api, number: int) -> str:
    man = person("Jean Dupont", id="p1", birth_date="1976-03-04", gender="male")
    other = person("J. Dupond", id="p1", birth_date="1976-03-04", gender="female")
    api.hold(record("be-fp", f"p{number}", entities=[man]), record("fr-pj", f"p{number}", entities=[other]))
    return api.link(f"be-fp:p{number}", f"fr-pj:p{number}")


def _open_inbox(opened: Browser, site: MemorySite, language: str = "en-GB", fragment: str = "") -> BrowserUser:
    """Pieter at his inbox, with the evidence of its first row before him."""
    user = BrowserUser(opened, site.url, language)
    user.enter(PIETER, "BX/12", f"/inbox{fragment}")
    user.is_drawn()
    expect(user.page.locator("[data-row] [data-open]").first).to_be_focused()
    expect(user.page.locator("#evidence .summary")).to_be_visible()
    user.page.evaluate(WATCH)
    return user


def _press(user: BrowserUser, *keys: str) -> None:
    for key in keys:
        user.page.keyboard.press(key)


COVERED = """() => [...document.querySelectorAll("#triage [data-row]")].filter((row) => {
  row.scrollIntoView({ block: "nearest" });
  const box = row.getBoundingClientRect();
  const over = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return !row.contains(over);
}).length"""
"""Rows of the list under which something else lies, once they are scrolled to."""

BROKEN = """() => [...document.querySelectorAll("#triage .from bdi")].flatMap((place) => {
  const [text] = place.childNodes;
  return [...text.data.matchAll(/[^ ]+/g)].filter((word) => {
    const range = document.createRange();
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    return range.getClientRects().length > 1;
  }).map(([word]) => word);
})"""
"""Words of agencies' names that go on in another line."""


@pytest.mark.parametrize("size", [(640, 400), (390, 800), (320, 568)])
def test_the_list_lies_free_at_double_size_and_on_a_phone(
    opened: Browser, site: MemorySite, api: Api, size: tuple[int, int]
) -> None:
    for number in range(12):
        _hold(api, number)
    titled = Agency("fr-pj", "FR", title="Police judiciaire")
    api.runtime.agencies = {"be-fp": Agency("be-fp", "BE"), titled.name: titled}
    user = _open_inbox(opened, site)
    user.resize(size)
    assert user.page.evaluate(COVERED) == 0
    assert "Police judiciaire" in user.page.locator(".triage .from").first.inner_text()
    assert user.page.evaluate(BROKEN) == []
    user.page.locator("#evidence .summary").scroll_into_view_if_needed()
    expect(user.page.locator("#evidence .summary")).to_be_in_viewport()
    assert user.faults == []


def test_what_went_wrong_can_be_put_away(opened: Browser, site: MemorySite, api: Api) -> None:
    _hold(api, 1)
    user = _open_inbox(opened, site)
    user.page.evaluate("liaison.say('Not saved', true)")
    user.page.locator("#said").get_by_role("button", name="Close").click()
    expect(user.page.locator("#said p")).to_have_count(0)


def _judge(user: BrowserUser, *keys: str) -> None:
    """Press each key once the evidence of the row that one is at is drawn."""
    for key in keys:
        user.page.wait_for_function(DRAWN)
        _press(user, key)


def _ends_well(user: BrowserUser) -> None:
    """Focus was never on the body, no page was loaded, no script failed."""
    assert user.page.evaluate("window.fallen") == 0
    assert user.page.evaluate("window.stayed"), "the page was loaded anew"
    assert user.faults == []


def _said(api: Api) -> list[Review]:
    return [value for _, value in list(api.decided.values) if isinstance(value, Review)]


def _wait_for(user: BrowserUser, api: Api, count: int) -> None:
    """Until so many decisions were kept and told."""
    user.page.wait_for_function("!document.querySelector('[data-busy]')")
    assert len(_said(api)) == count


def test_fifty_links_are_judged_in_fifty_keys(opened: Browser, site: MemorySite, api: Api) -> None:
    links = {_hold(api, number) for number in range(COUNT)}
    user = _open_inbox(opened, site)
    for at in range(COUNT):
        _judge(user, "134"[at % 3])
    expect(user.page.locator("[data-progress]")).to_have_text(f"{COUNT} of {COUNT} reviewed")
    _wait_for(user, api, COUNT)
    assert {review.link for review in _said(api)} == links
    assert user.page.evaluate("window.keys") == COUNT
    _ends_well(user)


HOLD_EVIDENCE = """() => {
  const { emit } = socket;
  window.asked = [];
  window.heldBack = true;
  window.emitNow = () => { heldBack = false; for (const said of asked) emit.apply(socket, said) };
  socket.emit = (...said) => {
    const told = JSON.stringify(said);
    const opens = told.includes("link") && !told.includes("acts");
    return heldBack && opens ? asked.push(said) : emit.apply(socket, said);
  };
}"""
"""What asks for evidence waits until it is let go, as on a slow line."""


def test_a_key_decides_nothing_whose_evidence_is_not_drawn(opened: Browser, site: MemorySite, api: Api) -> None:
    for number in range(4):
        _hold(api, number)
    user = _open_inbox(opened, site)
    user.page.evaluate(HOLD_EVIDENCE)
    _judge(user, "4")
    _press(user, "4", "4", "4")
    expect(user.page.locator("#said")).to_contain_text("The evidence of this link is not shown yet")
    _wait_for(user, api, 1)
    (made,) = _said(api)
    assert (made.verdict, made.reason) == (Verdict.UNSURE, "")
    user.page.evaluate("window.emitNow()")
    _judge(user, "4")
    _wait_for(user, api, 2)
    _ends_well(user)


@pytest.mark.rare
def test_on_a_phone_the_evidence_stands_on_the_buttons(opened: Browser, site: MemorySite, api: Api) -> None:
    for number in range(COUNT):
        _hold(api, number)
    user = _open_inbox(opened, site)
    user.page.set_viewport_size({"width": 390, "height": 844})
    _judge(user, "1", "1", "1")
    user.page.wait_for_function(DRAWN)
    evidence, tools, row = (
        user.page.locator(what).bounding_box() for what in ("#evidence", ".triage .tools", "#triage [aria-current]")
    )
    assert evidence is not None
    assert tools is not None
    assert row is not None
    assert abs(tools["y"] - evidence["y"] - evidence["height"]) <= 1
    assert evidence["height"] >= 200, "enough to read the sentence and both sides' names"
    assert row["y"] + row["height"] <= evidence["y"], "the row that is judged is not behind its evidence"
    _ends_well(user)


def test_a_verdict_for_several_takes_no_possible_link(opened: Browser, site: MemorySite, api: Api) -> None:
    certain = [_hold(api, number) for number in range(3)]
    possible = _hold_possible(api, 1)
    user = _open_inbox(opened, site)
    _press(user, "x", "j", "x", "j", "x", "j", "x")
    expect(user.page.locator("#said")).to_contain_text("Possible links can't be selected")
    expect(user.page.locator("[data-picked]")).to_have_text("3")
    _press(user, "1")
    _wait_for(user, api, 3)
    assert {review.link for review in _said(api)} == set(certain)
    expect(user.page.locator(f"[data-link='{possible}'] [data-open]")).to_be_focused()
    _press(user, "u")
    expect(user.page.locator(".reviewed")).to_have_count(0)
    assert sum(review.undone for review in _said(api)) == 3
    _ends_well(user)


def test_a_reason_is_asked_only_where_policy_says_so(opened: Browser, site: MemorySite, api: Api) -> None:
    first, _ = _hold(api, 1), _hold(api, 2)
    user = _open_inbox(opened, site)
    _press(user, "2")
    reason = user.page.locator("#reason-triage")
    expect(reason).to_be_focused()
    _press(user, "Escape")
    expect(user.page.locator("[data-row] [data-open]").first).to_be_focused()
    _press(user, "2")
    user.page.keyboard.type("the passport was lent")
    _press(user, "Control+Enter")
    _wait_for(user, api, 1)
    (made,) = _said(api)
    assert (made.link in {first, _}, made.verdict, made.reason) == (True, Verdict.DIFFERENT, "the passport was lent")
    expect(user.page.locator("[data-row]:not(.reviewed) [data-open]")).to_be_focused()
    _ends_well(user)


@pytest.mark.rare
def test_a_note_of_a_megabyte_is_kept_and_refused(opened: Browser, site: MemorySite, api: Api) -> None:
    _hold(api, 1)
    user = _open_inbox(opened, site)
    _press(user, "r")
    reason = user.page.locator("#reason-triage")
    reason.fill("x" * 1_000_000)
    _press(user, "Control+Enter")
    message = reason.evaluate("field => field.validationMessage")
    assert message == "At most 2,000 characters are kept. Shorten the text."
    assert len(reason.input_value()) == 1_000_000
    reason.fill("short")
    _press(user, "Control+Enter")
    _wait_for(user, api, 1)
    assert _said(api)[0].reason == "short"


def test_a_decision_that_cannot_be_saved_is_told_and_can_be_made_again(
    opened: Browser, site: MemorySite, api: Api
) -> None:
    link = _hold(api, 1)
    user = _open_inbox(opened, site)
    api.decided.away = True
    _press(user, "1")
    expect(user.page.locator(f"[data-link='{link}'].failed .done")).to_contain_text("away")
    expect(user.page.locator(".reviewed")).to_have_count(0)
    api.decided.away = False
    _press(user, "1")
    _wait_for(user, api, 1)
    _ends_well(user)


def test_two_tabs_judge_the_same_link(opened: Browser, site: MemorySite, api: Api) -> None:
    _hold(api, 1)
    one, other = _open_inbox(opened, site), _open_inbox(opened, site)
    other.page.evaluate("delete document.querySelector('[data-again]').dataset.again")  # it would hear of it first
    _press(one, "1")
    _wait_for(one, api, 1)
    _press(other, "3")
    expect(other.page.locator("#said")).to_contain_text("pieter@be-fp reviewed this link meanwhile")
    expect(other.page.locator("[data-row] .done")).to_contain_text("Decision in force: Same")
    expect(other.page.locator("#evidence")).to_contain_text("Same name, passport and date of birth.")
    expect(other.page.locator("#evidence li").filter(has_text=PIETER)).to_contain_text("Same")
    expect(other.page.locator(".reviewed")).to_have_count(0)
    assert [review.verdict for review in _said(api)] == [Verdict.SAME]
    _press(other, "3")
    other.page.keyboard.type("they are brothers")
    _press(other, "Control+Enter")
    _wait_for(other, api, 2)
    assert [review.verdict for review in _said(api)] == [Verdict.SAME, Verdict.RELATED]
    _ends_well(other)


@pytest.mark.rare
def test_a_decision_in_another_window_appears_in_the_list(opened: Browser, site: MemorySite, api: Api) -> None:
    _hold(api, 1)
    one, other = _open_inbox(opened, site), _open_inbox(opened, site)
    _judge(one, "1")
    expect(other.page.locator(".reviewed .done")).to_contain_text(f"Same, Pieter Janssens ({PIETER})")
    expect(other.page.locator("#evidence li").filter(has_text=PIETER)).to_contain_text("Same")
    _judge(other, "3")
    expect(other.page.locator("#reason-triage")).to_be_focused()
    _wait_for(one, api, 1)
    _ends_well(other)


def test_links_are_assigned_by_key(opened: Browser, site: MemorySite, api: Api) -> None:
    _hold(api, 1)
    user = _open_inbox(opened, site)
    _press(user, "a")
    expect(user.page.locator(".assignee")).to_have_text(f"Pieter Janssens ({PIETER})")
    _press(user, "a")
    expect(user.page.locator(".assignee")).to_have_text("")
    _ends_well(user)


@pytest.mark.rare
def test_the_list_goes_on_without_a_page_load(opened: Browser, site: MemorySite, api: Api) -> None:
    """A case with 1,000 links: each page is appended, and the focus is on its first row."""
    rows = 1_000
    man = person("Anastasia Ouarzazi", id="p1", birth_date="1976-03-04")
    api.hold(record("be-fp", "1", entities=[man]))
    for number in range(rows):
        api.hold(record("fr-pj", f"{number:04}", entities=[man]))
        api.link("be-fp:1", f"fr-pj:{number:04}")
    user = _open_inbox(opened, site, fragment="#case=be-fp:1")
    listed = user.page.locator("[data-row]")
    expect(user.page.locator("[data-progress]")).to_have_text(f"0 of the first {COUNT} reviewed")
    for page in range(2, 4):
        user.page.locator("[data-more]").focus()
        _press(user, "Enter")
        expect(listed).to_have_count(COUNT * page)
        expect(listed.nth(COUNT * (page - 1)).locator("[data-open]")).to_be_focused()
    expect(user.page.locator("#evidence .summary")).to_be_visible()
    _ends_well(user)


GIVES_WAY = """new Promise((tell) => {
  document.querySelectorAll("#triage [data-open]")[1].focus();
  document.getElementById("triage").remove();
  setTimeout(tell, 300);
})"""
"""One comes to a row, and its list is gone before its evidence is asked for; then that moment is over."""


def test_no_evidence_is_asked_for_when_the_list_has_given_way_to_none(
    opened: Browser, site: MemorySite, api: Api
) -> None:
    for number in range(2):
        _hold(api, number)
    user = _open_inbox(opened, site)
    user.page.evaluate(GIVES_WAY)
    assert user.faults == []


@pytest.mark.rare
def test_what_one_is_unsure_of_is_found_again_and_undone(opened: Browser, site: MemorySite, api: Api) -> None:
    links = [_hold(api, number) for number in range(3)]
    user = _open_inbox(opened, site)
    _judge(user, "4", "4", "4")
    _wait_for(user, api, 3)
    user.page.evaluate("location.hash = 'listed=unsure'")
    expect(user.page.locator("[data-progress]")).to_have_text("3 decided links")
    rows = user.page.locator("[data-row]")
    expect(rows.first).to_contain_text(f"Unsure, Pieter Janssens ({PIETER}), ")
    rows.first.get_by_role("button", name="Undo").click()
    expect(rows.first.locator(".done")).to_have_text("Undone")
    user.page.evaluate("location.hash = ''")
    expect(rows).to_have_count(1)
    assert {review.link for review in _said(api)} == set(links)
    _ends_well(user)


@pytest.mark.rare
def test_groups_go_on_across_pages(opened: Browser, site: MemorySite, api: Api) -> None:
    """Two own cases by turns in the list: each is one group, whichever page its links come on."""
    man = person("Anastasia Ouarzazi", id="p1", birth_date="1976-03-04")
    api.hold(record("be-fp", "1", entities=[man]), record("be-fp", "2", entities=[man]))
    for number in range(COUNT + 20):
        api.hold(record("fr-pj", f"{number:04}", entities=[man]))
        api.link(f"be-fp:{number % 2 + 1}", f"fr-pj:{number:04}")
    user = _open_inbox(opened, site)
    groups = user.page.locator("#triage section[aria-label*='be-fp:']")
    expect(groups).to_have_count(2)
    user.page.locator("[data-more]").focus()
    _press(user, "Enter")
    expect(user.page.locator("[data-row]")).to_have_count(COUNT + 20)
    expect(groups).to_have_count(2)
    for at in range(2):
        expect(groups.nth(at).locator("[data-row]")).to_have_count((COUNT + 20) // 2)
    _ends_well(user)


@pytest.mark.rare
def test_the_list_is_narrowed_in_place_and_the_address_leads_back(opened: Browser, site: MemorySite, api: Api) -> None:
    certain = {_hold(api, number) for number in range(3)}
    possible = _hold_possible(api, 1)
    user = _open_inbox(opened, site)
    rows = user.page.locator("[data-row]")
    user.page.get_by_text("Filters", exact=True).click()
    user.page.get_by_label("Band", exact=True).select_option("possible")
    user.page.get_by_role("button", name="Apply").focus()
    _press(user, "Enter")
    expect(rows).to_have_count(1)
    expect(user.page.locator(f"[data-link='{possible}'] [data-open]")).to_be_focused()
    assert user.page.url.endswith("/inbox#group=case&band=possible")
    user.page.get_by_label("Country").fill("NL")
    _press(user, "Enter")
    expect(user.page.get_by_text("No links match these filters")).to_be_visible()
    user.page.go_back()
    expect(rows).to_have_count(1)
    user.page.go_back()
    expect(rows).to_have_count(len(certain) + 1)
    expect(user.page.get_by_label("Band", exact=True)).to_have_value("")
    expect(rows.first.locator("[data-open]")).to_be_focused()
    _judge(user, "1")
    _wait_for(user, api, 1)
    user.page.go_forward()
    expect(rows).to_have_count(1)
    _ends_well(user)
    user.page.reload()
    expect(rows).to_have_count(1)
    expect(user.page.get_by_label("Band", exact=True)).to_have_value("possible")


@pytest.mark.rare
def test_a_key_judges_no_row_that_has_given_way_to_others(opened: Browser, site: MemorySite, api: Api) -> None:
    """Between the moment in which another list stands and that in which its first row has the focus."""
    certain, possible = _hold(api, 1), _hold_possible(api, 1)
    user = _open_inbox(opened, site)
    user.page.evaluate(
        """() => {
          const { narrowed } = liaison, { emit } = socket;
          window.sent = [];
          socket.emit = (...said) => (window.sent.push(JSON.stringify(said)), emit.apply(socket, said));
          liaison.narrowed = () => (window.focusFirst = narrowed);
          location.hash = "band=possible";
        }"""
    )
    user.page.wait_for_function("Boolean(window.focusFirst)")
    expect(user.page.locator(f"[data-link='{certain}']")).to_have_count(0)
    _press(user, "1")
    assert not [said for said in user.page.evaluate("window.sent") if "acts" in said]
    user.page.evaluate("window.focusFirst()")
    expect(user.page.locator(f"[data-link='{possible}'] [data-open]")).to_be_focused()
    user.page.wait_for_function(DRAWN)
    _press(user, "r")
    user.page.keyboard.type("his brother")
    _press(user, "Control+Enter")
    _wait_for(user, api, 1)
    assert [review.link for review in _said(api)] == [possible]
    _ends_well(user)


@pytest.mark.rare
@pytest.mark.parametrize(("language", "title"), [("en-GB", "Inbox"), ("fr-FR", "À évaluer")])
def test_the_page_is_accessible_and_fits_a_phone(
    opened: Browser, site: MemorySite, api: Api, language: str, title: str
) -> None:
    for number in range(3):
        _hold(api, number)
    _hold_possible(api, 1)
    user = _open_inbox(opened, site, language)
    expect(user.page.get_by_role("heading", name=title)).to_be_visible()
    user.holds(f"inbox, {language}", dark=True)
    _judge(user, "1", "2")
    expect(user.page.locator("#reason-triage")).to_be_focused()
    user.holds(f"inbox with a reason, {language}", dark=True)
