"""List checks in a real browser: a file is mapped before its preview, checked, filtered; over an index in memory."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from python_calamine import CalamineWorkbook

from pipeline.access.audit import ActKind
from pipeline.api.list_planning import MOST_BYTES
from pipeline.api.list_worker import run_round
from pipeline.api.services import result_tables
from support.api.runtime import Api
from support.feeds.workbooks import write_workbook
from support.records.builder import person, record
from support.web.browser import BrowserUser
from support.web.memory_site import MemorySite
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS)]

CLAIRE = "claire@fr-pj"
ROWS = [
    ["Réf", "Nom", "Prénom", "Né le", "Siège"],
    ["1", "PETROV", "Ivan", "25/11/1982", "12A"],
    ["2", "Ouarzazi", "Anastasia", "04/03/1976", "12B"],
    ["3", "Nobody", "Atall", "vers 60", "12C"],
    ["4", "", "", "", "12D"],
]
TABLE = "\n".join(";".join(row) for row in ROWS).encode("cp1252")


@pytest.fixture
def api(api: Api) -> Api:
    """What the site shows in a test: one man whom the list finds."""
    api.hold(record("be-fp", entities=[person("Ivan Petrov", id="p1", birth_date="1982-11-25")]))
    return api


def _open_checks(opened: Browser, site: MemorySite, language: str = "en-GB") -> BrowserUser:
    user = BrowserUser(opened, site.url, language)
    user.enter(CLAIRE, "2026/4711", "/checks")
    return user


def _send(user: BrowserUser, content: bytes, name: str = "passengers.csv") -> None:
    user.page.set_input_files("#file-list", {"name": name, "mimeType": "text/plain", "buffer": content})
    with user.page.expect_navigation():
        user.page.locator("form .button.main").click()


def _work(api: Api) -> None:
    """Ask all rows, in another thread: this one's loop is the browser's."""

    async def work() -> None:
        while await run_round(api.runtime):
            pass

    with ThreadPoolExecutor(1) as other:
        other.submit(asyncio.run, work()).result()


def test_a_workbook_is_mapped_checked_and_filtered(opened: Browser, site: MemorySite, api: Api, tmp_path: Path) -> None:
    user = _open_checks(opened, site)
    page = user.page
    _send(user, write_workbook(tmp_path / "b.xlsx", {"Flight": ROWS}).read_bytes(), "passengers.xlsx")
    expect(page.get_by_role("heading", name="Check the columns")).to_be_visible()
    chosen = [page.locator(f"select[name=target-{at}]").input_value() for at in range(5)]
    assert chosen == ["id", "family", "given", "born", ""]
    expect(page.locator(".asked").first).to_contain_text("Ivan PETROV")
    expect(page.locator(".hints")).to_contain_text("Né le: 1 value can't be read")
    expect(page.locator(".hints")).to_contain_text("1 row has nothing to search for")
    seat = page.locator("select[name=target-4]")
    seat.focus()
    seat.select_option("text")
    expect(page.locator(".asked").first).to_contain_text("12A")
    expect(page.locator(".hints")).not_to_contain_text("Siège")
    expect(seat).to_be_focused()
    seat.select_option("")
    expect(page.locator(".hints")).to_contain_text("Siège: not searched")
    page.locator(".mapping .button.main").click()
    expect(page.get_by_role("heading", name="passengers.xlsx")).to_be_visible()
    _work(api)
    expect(page.locator("tbody tr[data-row]")).to_have_count(4)
    expect(page.locator("tbody tr[data-row]").first).to_contain_text("date of birth same")
    page.get_by_role("link", name="With a match").click()
    expect(page.locator("tbody tr[data-row]")).to_have_count(1)
    with page.expect_download() as kept:
        page.get_by_role("button", name="CSV", exact=True).click()
    lines = kept.value.path().read_text().splitlines()
    assert len(lines) == 2
    assert "be-fp:1" in lines[1]
    page.go_back()
    expect(page.locator("tbody tr[data-row]")).to_have_count(4)
    assert user.faults == []


def test_a_workbook_of_a_list_has_each_row_first_and_says_in_its_first_line_and_name_what_it_lacks(
    opened: Browser, site: MemorySite, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its 2,000 lines were full of weak results at row 378 of 500, and only the second sheet hinted at it."""
    monkeypatch.setattr(result_tables, "MOST_ROWS", 3)
    for number in range(2, 6):
        api.hold(record("be-fp", str(number), entities=[person("Ivan Petrosyan", id="p1", birth_date="1982-03-01")]))
    user, page = (user := _open_checks(opened, site)), user.page
    _send(user, "\n".join(["id;name;born", *(f"A{at};Ivan Petrov;1982-11-25" for at in range(5))]).encode(), "list.csv")
    page.locator(".mapping .button.main").click()
    expect(page.get_by_role("heading", name="list.csv")).to_be_visible()
    _work(api)
    page.reload()
    user.is_drawn()
    with page.expect_download() as waited:
        page.get_by_role("button", name="Export as XLSX").click()
    assert waited.value.suggested_filename == "list-incomplete.xlsx"
    book = CalamineWorkbook.from_path(waited.value.path())
    assert book.sheet_names == ["List check", "Weak results", "About this file"]
    (said, *_), head, *rows = book.get_sheet_by_name("List check").to_python()
    assert said == "Weak results: The first 3 rows are here; others were left out. Narrow the list for the rest."
    at = {str(name): place for place, name in enumerate(head)}
    assert [row[at["Your ID"]] for row in rows] == ["A0", "A1", "A2", "A3", "A4"]
    assert {(row[at["Record"]], row[at["Weak results"]]) for row in rows} == {("be-fp:1", 4.0)}
    (said, *_), _, *weak = book.get_sheet_by_name("Weak results").to_python()
    assert str(said).startswith("The first 3 rows are here")
    assert len(weak) == 3
    assert user.faults == []


def test_a_draft_survives_a_reload_and_is_found_again(opened: Browser, site: MemorySite, api: Api) -> None:
    user = _open_checks(opened, site)
    page = user.page
    _send(user, TABLE)
    expect(page.locator("select[name=encoding]")).to_have_value("cp1252")
    page.locator("select[name=target-4]").select_option("text")
    expect(page.locator(".asked").first).to_contain_text("12A")
    page.reload()
    expect(page.locator("select[name=target-4]")).to_have_value("text")
    page.get_by_role("link", name="List check").first.click()
    page.get_by_role("link", name="passengers.csv").click()
    expect(page.locator("select[name=target-4]")).to_have_value("text")
    assert {act.kind for act in api.audit.acts} == {ActKind.READ}


def test_a_choice_that_was_not_told_yet_counts(opened: Browser, site: MemorySite, api: Api) -> None:
    """The form sends its fields with it, be it faster than the event of the last one."""
    user = _open_checks(opened, site)
    _send(user, TABLE)
    with user.page.expect_navigation():
        user.page.evaluate(
            "() => { document.querySelector('[name=target-3]').value = '';"
            " document.querySelector('.mapping').requestSubmit(); }"
        )
    _work(api)
    expect(user.page.locator("tbody tr[data-row]")).to_have_count(4)
    expect(user.page.locator("tbody")).not_to_contain_text("1982-11-25")


@pytest.mark.parametrize(
    ("content", "word"),
    [(b" ", "the file is empty"), (b"%PDF-1.7", "can't be read as a table"), (b"PK\3\4 cut", "can't be read")],
    ids=["empty", "PDF", "damaged"],
)
def test_what_is_no_list_is_named_in_the_form_which_keeps_all_that_was_chosen(
    opened: Browser, site: MemorySite, api: Api, content: bytes, word: str
) -> None:
    """A wrong file led to a page of its own, and back to an empty form."""
    user, page = (user := _open_checks(opened, site)), user.page
    page.fill("#lines-list", "ivan petrov")
    page.set_input_files("#file-list", {"name": "wrong.xlsx", "mimeType": "text/plain", "buffer": content})
    page.locator("form .button.main").click()
    expect(page.get_by_role("alert").filter(has_text=word)).to_be_visible()
    assert page.url.endswith("/checks")
    assert page.evaluate("document.getElementById('file-list').files[0].name") == "wrong.xlsx"
    expect(page.locator("#lines-list")).to_have_value("ivan petrov")
    _send(user, TABLE)
    expect(page.get_by_role("heading", name="Check the columns")).to_be_visible()
    assert user.faults in ([], ["Failed to load resource: the server responded with a status of 422 ()"])


def test_columns_that_are_refused_keep_their_page_and_choices(opened: Browser, site: MemorySite, api: Api) -> None:
    user = _open_checks(opened, site)
    _send(user, TABLE)
    page, title = user.page, user.page.get_by_role("heading", name="Check the columns")
    expect(title).to_be_visible()
    page.locator("select[name=target-4]").select_option("text")
    expect(page.locator(".asked").first).to_contain_text("12A")
    page.locator("select[name=target-0]").evaluate("field => field.add(new Option('other', 'nonsense', true, true))")
    page.locator(".mapping .button.main").click()
    expect(page.get_by_role("alert").filter(has_text="unknown target")).to_be_visible()
    expect(title).to_be_visible()
    expect(page.locator("select[name=target-4]")).to_have_value("text")


def test_a_file_that_is_too_large_is_not_sent(opened: Browser, site: MemorySite, api: Api, tmp_path: Path) -> None:
    user = _open_checks(opened, site)
    large = tmp_path / "large.csv"
    large.write_bytes(b"x" * (MOST_BYTES + (1 << 20)))
    field = user.page.locator("#file-list")
    field.set_input_files(large)
    assert "larger than" in field.evaluate("field => field.validationMessage")
    user.page.locator("form .button.main").click()
    assert user.page.url.endswith("/checks")
    refused = user.page.request.post(
        "/checks", multipart={"file": {"name": "a", "mimeType": "a/b", "buffer": large.read_bytes()}}
    )
    assert refused.status in (303, 413) or "too large" in refused.text()


@pytest.mark.rare
@pytest.mark.parametrize(("language", "title"), [("en-GB", "Check the columns"), ("fr-FR", "Vérifier les colonnes")])
def test_the_pages_are_accessible_and_fit_a_phone(
    opened: Browser, site: MemorySite, api: Api, language: str, title: str
) -> None:
    user = _open_checks(opened, site, language)
    page = user.page
    _send(user, TABLE)
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    user.holds(f"columns, {language}", dark=True)
    page.goto("/checks")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    user.holds(f"lists, {language}", dark=True)
    page.locator("tr[data-row] a").click()
    with page.expect_navigation(url=lambda url: not url.endswith("/columns")):
        page.locator(".mapping .button.main").click()
    _work(api)
    expect(page.locator("tr[data-row]")).to_have_count(4)
    user.holds(f"found, {language}", dark=True)
