"""Results as one works with them, by keys and by pointer in a real browser: preview, ticks, sorting, files."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from python_calamine import CalamineWorkbook

from pipeline.access.audit import ActKind
from support.api.runtime import Api
from support.records.builder import handling, person, record, vehicle
from support.web.browser import NARROW, WIDE, BrowserUser
from support.web.memory_site import MemorySite
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS)]

PIETER = "pieter@be-fp"

KEPT = "document.addEventListener('keep', ({ detail }) => (window.kept = detail))"
"""What is to be kept is told by an event, for which the dialog of folders listens."""


def _man(agency: str, number: int, **more: Any) -> dict[str, Any]:
    name, born = ("Ivan Petrov", "1980-05-01") if number % 2 else ("Ivan Petrow", "1980-05-02")
    passport = {"type": "passport", "value": f"52NO4330{number}", "country": "RU"}
    man = person(name, id="p1", birth_date=born, phones=["+33612345678"], identifiers=[passport])
    title, opened = f"Burglary {number}", f"2026-0{9 - number}-03"
    return record(
        agency, str(number), title=title, opened=opened, entities=[man, vehicle("1-ABC-234", "BE", id="v1")], **more
    )


@pytest.fixture
def user(opened: Browser, site: MemorySite, api: Api) -> BrowserUser:
    """Pieter before the results of a search: of two agencies, one with a caveat, and one that is hit only."""
    caveat = handling("H1") | {"caveat": "Call our unit first"}
    api.hold(_man("fr-pj", 1, handling=caveat), _man("be-fp", 2), _man("be-fp", 3), _man("fr-pj", 4, code="H2"))
    api.link("be-fp:2", "fr-pj:1")
    user = BrowserUser(opened, site.url)
    user.enter(PIETER, "BX/12", "/search")
    user.ask("ivan petrov 1980-05-01 52NO43304")
    expect(user.page.locator(".results .result")).to_have_count(3)
    expect(user.page.locator(".facets-place summary").first).to_be_visible()
    return user


def _order(page: Page) -> list[str | None]:
    return [row.get_attribute("data-preview") for row in page.locator("#results > li").all()]


def test_a_row_is_previewed_by_space_and_the_preview_follows_the_rows(user: BrowserUser, api: Api) -> None:
    page, panel = user.page, user.page.get_by_role("complementary", name="Preview")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    first = page.locator("#results > li").first.get_attribute("data-preview")
    acts = len(api.audit.acts)
    page.keyboard.press("Space")
    expect(panel.locator(".code").first).to_have_text(str(first))
    (read,) = api.audit.acts[acts:]
    assert (read.kind, read.shown[0].case) == (ActKind.READ, first)
    page.keyboard.press("j")
    second = page.locator("#results > li").nth(1).get_attribute("data-preview")
    expect(panel.locator(".code").first).to_have_text(str(second))
    expect(page.locator("#results > li").nth(1).locator("[data-open]")).to_be_focused()
    for shown in ("passport 52NO4330", "+33612345678", "1-ABC-234"):
        expect(panel).to_contain_text(shown)
    user.holds("search with a preview", dark=True)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.locator("#results > li").nth(1).locator("[data-open]")).to_be_focused()
    page.keyboard.press("Space")
    expect(panel).to_be_visible()
    page.keyboard.press("Space")
    expect(panel).to_be_hidden()
    assert user.faults == []


def test_links_and_caveat_stand_in_the_preview(user: BrowserUser) -> None:
    page, panel = user.page, user.page.get_by_role("complementary", name="Preview")
    row = page.locator("#results > li[data-preview='fr-pj:1']")
    row.hover()
    row.get_by_role("button", name="Preview of Ivan Petrov").click()
    expect(panel).to_contain_text("Caveat of fr-pj on fr-pj:1: Call our unit first")
    panel.get_by_role("link", name="1 link").click()
    expect(page.locator(".linked [data-row]")).to_have_count(1)
    assert page.url.endswith("/cases/fr-pj:1#tab=links")


def test_the_preview_of_a_hit_says_what_the_row_says_and_asks_nothing(user: BrowserUser, api: Api) -> None:
    page, panel = user.page, user.page.get_by_role("complementary", name="Preview")
    acts = len(api.audit.acts)
    hit = page.locator(".results li.hit")
    hit.hover()
    hit.get_by_role("button", name="Preview of A record of fr-pj").click()
    expect(panel).to_contain_text("A record of fr-pj")
    expect(panel).to_contain_text("Hit only")
    expect(panel.locator("#preview-content")).to_be_hidden()
    assert len(api.audit.acts) == acts
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert user.faults == []


def test_rows_are_ticked_by_x_and_kept_together(user: BrowserUser) -> None:
    page = user.page
    page.evaluate(KEPT)
    page.keyboard.press("Escape")
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    bar = page.get_by_role("region", name="Selected rows")
    expect(bar).to_contain_text("Selected: 2")
    bar.get_by_role("button", name="Add to folder").click()
    assert page.evaluate("window.kept") == [f"record {case}" for case in _order(page)[:2]]
    expect(page.locator("dialog#keep")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#keep")).to_be_hidden()
    user.holds("ticked rows")
    page.get_by_label("Select all", exact=True).check()
    expect(bar).to_contain_text("Selected: 3")
    bar.get_by_role("button", name="Clear selection").click()
    expect(bar).to_be_hidden()
    expect(page.locator("[data-pick]:checked")).to_have_count(0)
    assert user.faults == []


def test_results_are_sorted_by_what_they_show_and_put_back(user: BrowserUser) -> None:
    page = user.page
    came = _order(page)
    choice = page.get_by_label("Sort by")
    choice.select_option("Opened first")
    assert _order(page) == ["be-fp:3", "be-fp:2", "fr-pj:1"]
    choice.select_option("Opened last")
    assert _order(page) == ["fr-pj:1", "be-fp:2", "be-fp:3"]
    choice.select_option("Name")
    assert _order(page)[-1] == "be-fp:2", "Petrow stands behind Petrov"
    choice.select_option("Strongest evidence")
    assert _order(page) == came
    assert user.faults == []


def test_on_a_phone_a_table_is_sorted_by_a_choice_above_it(user: BrowserUser, api: Api) -> None:
    people = [person(name, id=f"p{at}") for at, name in enumerate(("Boris", "Anna", "Émile"))]
    api.hold(record("be-fp", "people", entities=people))
    user.resize(NARROW)
    user.page.goto("/cases/be-fp:people#tab=people")
    choice = user.page.locator("#panel-people").get_by_label("Sort by")
    rows = user.page.locator("#panel-people tr.entity [data-unfold]")
    choice.select_option("Name")
    assert rows.all_inner_texts() == ["Anna", "Boris", "Émile"]
    user.holds("a table sorted on a phone")
    user.resize(WIDE)
    expect(choice).to_be_hidden()
    expect(user.page.locator("th[aria-sort=ascending]")).to_have_text("Name")
    user.page.get_by_role("button", name="Name", exact=True).click()
    assert rows.all_inner_texts() == ["Émile", "Boris", "Anna"]
    user.resize(NARROW)
    choice.select_option("As listed")
    assert rows.all_inner_texts() == ["Boris", "Anna", "Émile"]
    expect(user.page.locator("th[aria-sort]")).to_have_count(0)
    assert user.faults == []


def test_columns_of_a_case_sort_up_down_and_back(user: BrowserUser, api: Api) -> None:
    people = [person(name, id=f"p{at}", birth_date=born) for at, (name, born) in enumerate(
        [("Boris", "1990-01-02"), ("Anna", "1970-05-06"), ("Émile", "1980-12-31"), ("Zoë", "")])]  # fmt: skip
    people[3].pop("birth_date")
    api.hold(record("be-fp", "people", entities=people))
    user.page.goto("/cases/be-fp:people#tab=people")
    rows = user.page.locator("#panel-people tr.entity [data-unfold]")
    expect(rows).to_have_count(4)
    came = rows.all_inner_texts()
    name, born = (user.page.get_by_role("button", name=word, exact=True) for word in ("Name", "Date of birth"))
    name.click()
    assert rows.all_inner_texts() == ["Anna", "Boris", "Émile", "Zoë"]
    name.click()
    assert rows.all_inner_texts() == ["Zoë", "Émile", "Boris", "Anna"]
    expect(user.page.locator("th[aria-sort=descending]")).to_have_text("Name")
    born.click()
    assert rows.all_inner_texts() == ["Anna", "Émile", "Boris", "Zoë"], "what has no value stands last"
    born.click()
    assert rows.all_inner_texts() == ["Boris", "Émile", "Anna", "Zoë"]
    born.click()
    assert rows.all_inner_texts() == came
    rows.first.click()
    expect(user.page.get_by_role("link", name="All records of this person")).to_have_count(1)
    user.holds("people of a case", dark=True)


def test_on_a_phone_the_preview_covers_the_lower_part_and_is_closed_by_its_button(user: BrowserUser) -> None:
    user.resize(NARROW)
    page, panel = user.page, user.page.get_by_role("complementary", name="Preview")
    page.locator("#results > li [data-peek]").first.click(force=True)
    expect(panel.locator("h2")).to_be_visible()
    box = panel.bounding_box()
    assert box is not None
    assert (box["x"], round(box["y"] + box["height"])) == (0, NARROW[1])
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()
    user.resize(WIDE)
    assert user.faults == []


def _saved(page: Page, form: str) -> bytes:
    """The file that the button gives."""
    with page.expect_download() as waited:
        page.get_by_role("button", name=f"Export as {form}").first.click()
    return Path(waited.value.path()).read_bytes()


def test_results_are_saved_as_a_workbook_and_as_csv_whole_or_what_is_ticked(user: BrowserUser, api: Api) -> None:
    page = user.page
    book = CalamineWorkbook.from_filelike(io.BytesIO(_saved(page, "XLSX")))
    (head, *rows), about = (book.get_sheet_by_name(name).to_python() for name in book.sheet_names)
    assert len(rows) == 4, "three records and a hit"
    at = {str(name): place for place, name in enumerate(head)}
    first = rows[0]
    assert (first[at["Name"]], first[at["Record"]]) in {("Ivan Petrov", "fr-pj:1"), ("Ivan Petrov", "be-fp:3")}
    assert first[at["Date of birth"]] == date(1980, 5, 1)
    assert isinstance(first[at["Bits"]], float)
    assert ["Your case reference", "BX/12"] in about
    assert any(row[at["Caveat"]] == "Call our unit first" for row in rows)
    assert (api.audit.acts[-1].kind, api.audit.acts[-1].object) == (ActKind.SEARCH, "xlsx")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("x")
    lines = list(csv.reader(io.StringIO(_saved(page, "CSV").decode("utf-8-sig"))))
    assert [line[at["Record"]] for line in lines[1:]] == _order(page)[:1]
    assert user.faults == []


def test_the_inbox_and_the_links_of_a_case_are_saved(user: BrowserUser) -> None:
    for place in ("/inbox", "/cases/be-fp:2#tab=links"):
        user.page.goto(place)
        user.is_drawn()
        book = CalamineWorkbook.from_filelike(io.BytesIO(_saved(user.page, "XLSX")))
        head, *rows = book.get_sheet_by_index(0).to_python()
        assert [row[head.index("Record")] for row in rows] == ["fr-pj:1"]
    assert user.faults == []


@pytest.mark.rare
def test_rows_of_the_inbox_are_44_pixels_high_or_less_or_more_as_one_chose(user: BrowserUser) -> None:
    page = user.page
    heights = []
    for name in ("Normal", "Dense", "Loose"):
        page.goto("/inbox")
        page.get_by_role("group", name="Rows").or_(page.get_by_role("form", name="Rows")).get_by_text(name).last.click()
        expect(page.locator("html")).to_have_attribute("data-density", name.lower())
        user.is_drawn()
        user.holds(f"inbox, {name}")
        box = page.locator(".triage [data-row]").first.bounding_box()
        assert box is not None
        heights.append(box["height"])
    normal, dense, loose = heights
    assert dense < normal == 44 < loose
    page.goto("/search")
    expect(page.locator("html")).to_have_attribute("data-density", "loose")
