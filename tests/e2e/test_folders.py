"""Case folders in a real browser, with counted keys: kept by one, opened by a colleague who may read fewer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, expect

from pipeline.access.folders import FolderRole
from pipeline.access.requester import Role
from pipeline.api.services.folders import create_folder, list_folders, read_folder, share_folder, write_note
from support.access.requesters import make_requester
from support.api.runtime import Api
from support.records.builder import handling, person, record
from support.web.browser import BrowserUser
from support.web.memory_site import MemorySite
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS)]

PIETER, LOTTE = "pieter@be-fp", "lotte@be-fp"
OWNER = make_requester("be-fp", Role.INVESTIGATOR, Role.SUPERVISOR, subject=PIETER)

T = TypeVar("T")

COUNT_KEYS = """() => {
  if (window.keys === undefined) document.addEventListener("keydown", () => window.keys++, true);
  window.keys = 0;
}"""


def _run(doing: Coroutine[Any, Any, T]) -> T:
    """What a service answers; in a thread of its own, since the browser's driver has a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, doing).result()


def _hold_cases(api: Api) -> None:
    man = person("Anastasia Ouarzazi", id="p1", birth_date="1976-03-04")
    api.hold(*(record(agency, entities=[man], title=f"Affair of {agency}") for agency in ("be-fp", "fr-pj", "nl-np")))


def _make_folder(api: Api, title: str = "Kestrel") -> str:
    name: str = _run(create_folder(api.session(OWNER), title)).folder.id
    api.sign_in(make_requester("be-fp", subject=LOTTE))
    _run(share_folder(api.session(OWNER), name, LOTTE, FolderRole.MEMBER))
    return name


def _kept(api: Api, name: str) -> list[str | None]:
    return [row.text or row.reference for row in _run(read_folder(api.session(OWNER), name)).items]


def _add(user: BrowserUser, *keys: str) -> None:
    """Press the keys; the last opens the choice, in which Enter takes the folder that was used last."""
    for key in keys:
        user.page.keyboard.press(key)
    expect(user.page.locator("#keep :checked")).to_be_focused()
    user.page.keyboard.press("Enter")
    expect(user.page.locator("#said")).to_contain_text("Added to Kestrel")
    user.page.evaluate("document.getElementById('said').replaceChildren()")


def test_three_records_and_two_searches_are_kept_in_few_keys_and_opened_by_who_may_read_fewer(
    opened: Browser, site: MemorySite, api: Api
) -> None:
    _hold_cases(api)
    name = _make_folder(api)
    user = BrowserUser(opened, site.url)
    user.enter(PIETER, "BX/12", "/search")
    keys = 0
    for question, of_rows in (("ouarzazi 1976-03-04", True), ("ouarzazi", False)):
        user.ask(question)
        user.page.evaluate(COUNT_KEYS)
        _add(user, "Escape", "f")
        if of_rows:  # each of the three rows is ticked on the way down
            _add(user, "j", "x", "j", "x", "j", "x", "f")
        keys += user.page.evaluate("window.keys")
    assert len(_kept(api, name)) == 5
    assert keys == 14, "a search takes Esc, f and Enter; three rows take eight"
    assert user.faults == []
    api.hold(record("nl-np", handling=handling("H3"), version=2))
    colleague = BrowserUser(opened, site.url)
    colleague.enter(LOTTE, "BX/12", f"/folders/{name}")
    rows = colleague.page.locator("#kept > li")
    expect(rows).to_have_count(5)
    expect(colleague.page.get_by_text("An item that you can't open")).to_have_count(1)
    expect(rows.filter(has_text="nl-np")).to_have_count(0)
    expect(rows.filter(has_text="be-fp:1")).to_have_count(1)
    colleague.holds("folder", dark=True)


def test_a_record_on_its_page_is_kept_in_two_keys_and_a_new_folder_by_its_name(
    opened: Browser, site: MemorySite, api: Api
) -> None:
    _hold_cases(api)
    user = BrowserUser(opened, site.url)
    user.enter(PIETER, "BX/12", "/cases/fr-pj:1")
    user.is_drawn()
    user.page.keyboard.press("f")
    expect(user.page.locator("#keep-title")).to_be_focused()
    user.page.keyboard.type("Kestrel")
    user.page.keyboard.press("Enter")
    expect(user.page.locator("#said")).to_contain_text("Added to Kestrel")
    (folder,) = _run(list_folders(api.session(OWNER))).folders
    user.page.goto("/cases/be-fp:1")
    user.is_drawn()
    user.page.evaluate(COUNT_KEYS)
    _add(user, "f")
    assert user.page.evaluate("window.keys") == 2
    assert _kept(api, folder.id) == ["record fr-pj:1", "record be-fp:1"]
    user.page.keyboard.press("f")
    expect(user.page.locator("dialog[open]")).to_have_count(1)
    user.page.keyboard.press("Escape")
    expect(user.page.locator("dialog[open]")).to_have_count(0)
    assert user.faults == []


def test_a_colleagues_note_appears_and_one_that_was_faster_is_shown(
    opened: Browser, site: MemorySite, api: Api
) -> None:
    name = _make_folder(api)
    item = _run(write_note(api.session(OWNER), name, "mine")).item
    user = BrowserUser(opened, site.url)
    user.enter(PIETER, "BX/12", f"/folders/{name}")
    user.is_drawn()
    lotte = make_requester("be-fp", subject=LOTTE)
    _run(write_note(api.session(lotte), name, "seen at the port"))
    expect(user.page.locator("#kept > li")).to_have_count(2)
    user.page.locator("[data-edit]").first.click()
    user.page.locator("#kept textarea").fill("mine, better")
    _run(write_note(api.session(lotte), name, "hers", item, 1))
    user.page.get_by_role("button", name="Save").first.click()
    expect(user.page.locator("#kept .other")).to_contain_text(f"{LOTTE} wrote meanwhile")
    expect(user.page.locator("#kept .other .note")).to_have_text("hers")
    expect(user.page.locator("#kept textarea")).to_have_value("mine, better")
    user.holds("a note that a colleague changed")
    user.page.get_by_role("button", name="Save").first.click()
    expect(user.page.locator("#kept .note").first).to_have_text("mine, better")
    assert _kept(api, name) == ["mine, better", "seen at the port"]
    assert user.faults == []


def test_rows_are_ordered_by_keys_and_a_note_is_edited_where_it_stands(
    opened: Browser, site: MemorySite, api: Api
) -> None:
    _hold_cases(api)
    name = _make_folder(api)
    for text in "abc":
        _run(write_note(api.session(OWNER), name, text))
    user = BrowserUser(opened, site.url)
    user.enter(PIETER, "BX/12", f"/folders/{name}")
    user.is_drawn()
    for key in ("j", "j", "j", "Alt+ArrowUp", "Alt+ArrowUp"):
        user.page.keyboard.press(key)
    expect(user.page.locator("#said")).to_contain_text("Moved")
    expect(user.page.locator("#kept .note")).to_have_text(["c", "a", "b"])
    user.page.wait_for_function("document.activeElement.textContent === 'c'")
    expect(user.page.locator("#said p")).to_have_count(1)
    user.page.get_by_role("button", name="Edit").first.click()
    user.page.keyboard.type(" and <b>more</b>")
    user.page.get_by_role("button", name="Save").first.click()
    expect(user.page.locator("#said")).to_contain_text("Note saved")
    expect(user.page.locator("#kept .note").first).to_have_text("c and <b>more</b>")
    assert _kept(api, name) == ["c and <b>more</b>", "a", "b"]
    user.page.locator("[data-sort-in=kept]").select_option("name")
    expect(user.page.locator("#kept .note")).to_have_text(["a", "b", "c and <b>more</b>"])
    user.page.locator("[data-sort-in=kept]").select_option("")
    expect(user.page.locator("#kept .note")).to_have_text(["c and <b>more</b>", "a", "b"])
    user.page.locator("#kept .note").last.focus()
    user.page.keyboard.press("Alt+ArrowUp")
    user.page.locator("[data-sort-in=kept]").select_option("kind")
    user.page.locator("[data-sort-in=kept]").select_option("")
    expect(user.page.locator("#kept .note")).to_have_text(["c and <b>more</b>", "b", "a"])
    assert user.faults == []


def test_the_list_of_folders_is_for_every_reader(opened: Browser, site: MemorySite, api: Api) -> None:
    _make_folder(api)
    user = BrowserUser(opened, site.url)
    user.enter(PIETER, "BX/12", "/folders")
    expect(user.page.get_by_role("link", name="Kestrel")).to_be_visible()
    user.holds("folders", dark=True)
