"""What paper shows: the whole width, patterns for colours, who, why, when and how to handle; every link of a case."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from pipeline.access.requester import Requester, Role
from pipeline.api.problems import UnavailableError
from pipeline.api.services.folders import add_items, create_folder, save_chart, write_note
from pipeline.web.pages import case
from support.api.runtime import Api
from support.web.browser import BrowserUser
from support.web.large_case import KEY, hold_large_case
from support.web.large_chart import run_apart
from support.web.memory_site import MemorySite
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS)]

PIETER = "pieter@be-fp"
LINKS = 500
MOST_SHEETS = 40
"""Of a case with 500 links, some 20 of which fit a sheet of A4."""
SHEET: Final[ViewportSize] = {"width": 703, "height": 1000}
"""What is printed of A4 between the margins, in pixels."""
DARK = 128
BLACK, HOLLOW = 0.8, 0.5
"""Shares of dark pixels at least and at most; what is hatched lies between."""


def _count_sheets(page: Page) -> int:
    """How many sheets the page is on A4."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4", prefer_css_page_size=True)))


def _dark_share(drawn: Locator) -> float:
    """The share of an element's pixels that are dark; paper has no colours."""
    pixels = np.asarray(Image.open(io.BytesIO(drawn.screenshot())).convert("L"))
    return float((pixels < DARK).mean())


def _lay_out_for_paper(page: Page) -> None:
    page.set_viewport_size(SHEET)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")


@pytest.mark.rare
def test_a_case_with_500_links_is_printed_whole_with_who_why_when_and_how(
    opened: Browser, site: MemorySite, api: Api
) -> None:
    first = hold_large_case(api, links=LINKS, code="H1")[0]
    user = BrowserUser(opened, site.url)
    user.enter(PIETER, "BX/12", f"/cases/{KEY}#tab=links")
    page, panel = user.page, user.page.locator("[role=tabpanel]:visible")
    expect(panel).to_contain_text("links 1 to 25 of 500")
    user.holds("a page of links, with the way to all")
    page.get_by_role("link", name="500 links on one page, to print").click()
    expect(panel.locator(".linked tr[data-row]")).to_have_count(LINKS)
    assert 500 / 40 < _count_sheets(page) <= MOST_SHEETS
    _lay_out_for_paper(page)
    head = page.locator(".printed")
    for said in (
        PIETER,
        "be-fp",
        "Investigation",
        "BX/12",
        "H1, the strictest on this page",
        f"{datetime.now(UTC):%Y}",
    ):
        expect(head).to_contain_text(said)
    for gone in (".top", ".rail", ".foot", ".filters", ".pages"):
        expect(page.locator(gone).locator("visible=true")).to_have_count(0)
    place = panel.locator(".linked").bounding_box()
    assert place is not None
    assert place["x"] < 20
    assert place["width"] > SHEET["width"] - 40
    assert page.evaluate("document.documentElement.scrollWidth") <= SHEET["width"]

    page.emulate_media(media="null")
    page.goto(f"/links/{first}/of/{KEY}")
    expect(page.locator(".waterfall")).to_be_visible()
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    _lay_out_for_paper(page)
    bars = {kind: _dark_share(page.locator(f".waterfall b.{kind}").first) for kind in ("for", "against", "total")}
    assert bars["for"] > BLACK
    assert 0.1 < bars["against"] < HOLLOW < bars["for"]
    assert 0.1 < bars["total"] < BLACK
    assert abs(bars["total"] - bars["against"]) > 0.05
    marks = page.locator(".band i").first.locator("b.on")
    styles = "(all) => all.map((one) => getComputedStyle(one)).map((s) => [s.backgroundColor, s.printColorAdjust])"
    assert marks.evaluate_all(styles) == [["rgb(0, 0, 0)", "exact"]] * 3
    expect(page.locator(".waterfall + details table")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= SHEET["width"]
    assert user.faults == []


@pytest.mark.rare
@pytest.mark.parametrize(
    "path", ["/search#q=Anastasia", "/inbox", "/disclosures", "/statistics", "/notices", f"/chart?case={KEY}"]
)
def test_every_page_prints_across_the_sheet(opened: Browser, site: MemorySite, api: Api, path: str) -> None:
    hold_large_case(api, entities=10, links=10)
    user = BrowserUser(opened, site.url, "fr-FR")
    user.enter(PIETER, "BX/12", path)
    user.is_drawn()
    assert 1 <= _count_sheets(user.page) <= 10
    _lay_out_for_paper(user.page)
    expect(user.page.locator(".printed")).to_contain_text("Imprimé par")
    assert user.page.evaluate("document.documentElement.scrollWidth") <= SHEET["width"]
    assert user.page.locator("main").bounding_box()["x"] < 20  # type: ignore[index]


async def _fail(*_: object, **__: object) -> Any:
    raise UnavailableError("the broker does not answer")


@pytest.mark.parametrize("tab", ["overview", "links"])
def test_a_case_of_which_a_part_fails_prints_the_rest_and_says_what_is_missing(
    opened: Browser, site: MemorySite, api: Api, monkeypatch: pytest.MonkeyPatch, tab: str
) -> None:
    hold_large_case(api, entities=10, links=10)
    user = BrowserUser(opened, site.url)
    user.enter(PIETER, "BX/12", f"/cases/{KEY}#tab={tab}")
    user.is_drawn()
    head = user.page.locator(".printed")
    _lay_out_for_paper(user.page)
    expect(head.locator("[data-missing]:visible")).to_have_count(0)
    monkeypatch.setattr(case, "list_case_links", _fail)
    user.page.reload()
    user.is_drawn()
    _lay_out_for_paper(user.page)
    expect(head).to_contain_text("Missing from this print Links", use_inner_text=True)
    main = user.page.locator("main")
    expect(main.locator("h1")).to_be_visible()
    expect(main.locator("[role=tab]:visible")).to_have_count(1)
    expect(main.locator(".state:visible")).to_contain_text("Missing from this print", use_inner_text=True)
    lines = main.inner_text().strip().splitlines()
    assert "unavailable" not in lines[-1], "no error stands last and alone"
    expect(main.locator(CONTROLS).locator("visible=true")).to_have_count(0)


CONTROLS: Final = "button, input, select, textarea, form, summary, [contenteditable]"


def test_a_folder_is_printed_without_what_only_a_screen_can_do(opened: Browser, site: MemorySite, api: Api) -> None:
    hold_large_case(api, entities=10, links=10)
    session = api.session(Requester(PIETER, "be-fp", "BE", frozenset({Role.INVESTIGATOR})))
    folder = run_apart(create_folder(session, "Calais")).folder.id
    run_apart(add_items(session, folder, [f"record {KEY}"]))
    run_apart(write_note(session, folder, "Seen at the port twice"))
    run_apart(save_chart(session, folder, "Ring", '{"nodes":[]}'))
    user = BrowserUser(opened, site.url)
    user.enter(PIETER, "BX/12", f"/folders/{folder}")
    user.is_drawn()
    main = user.page.locator("main")
    assert main.locator(CONTROLS).locator("visible=true").count() > 3
    _lay_out_for_paper(user.page)
    for said in ("Calais", "Seen at the port twice", "Ring", "Shared with", PIETER):
        expect(main).to_contain_text(said)
    expect(main.locator(CONTROLS).locator("visible=true")).to_have_count(0)
    assert "New note" not in main.inner_text()
