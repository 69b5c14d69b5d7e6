"""The pictures of the guide to results, of pages over an index in memory.

    PYTHONPATH=tests .venv/bin/python -m support.web.guide_pictures pipeline/web/screenshots

The records are made up, and the same each time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from pipeline.matching.model import load_model
from pipeline.records.agencies import Agency
from support.api.runtime import Api
from support.index.documents import PureStages
from support.records.builder import RawCase, handling, person, record, vehicle
from support.temporary_folders import make_folder
from support.web.browser import NARROW, WIDE, BrowserUser, browser
from support.web.memory_site import memory_site

PIETER = "pieter@be-fp"
QUESTION = "Ivan Petrov 1980-05-01 52NO43301"
AGENCIES = {
    "be-fp": Agency("be-fp", "BE", title="Police fédérale belge"),
    "fr-pj": Agency("fr-pj", "FR", title="Police judiciaire"),
}
TITLES = (
    "Burglary at a warehouse", "Theft of copper cable", "Stolen vehicle", "Fraud with rental cars",
    "Handling of stolen goods", "Break-in at a jeweller's", "Forged documents", "Assault at a bar",
)  # fmt: skip
ROLES = ("suspect", "witness", "suspect", "victim")


def _make_case(number: int) -> RawCase:
    """One of eight records about men of one name or nearly, by turns of the two agencies."""
    agency = "be-fp" if number % 2 else "fr-pj"
    name = ("Ivan Petrov", "Иван Петров", "Ivan Petrow", "Ivan Petrov")[number % 4]
    passport = {"type": "passport", "value": f"52NO4330{number}", "country": "RU"}
    man = person(
        name, id="p1", birth_date=f"1980-05-0{1 + number // 3}", role=ROLES[number % 4], nationalities=["RU"],
        phones=["+33 6 12 34 56 78"], identifiers=[passport], addresses=[{"full": f"Rue du Port {number + 3}, Lille"}],
    )  # fmt: skip
    car = vehicle(f"1-ABC-23{number}", "BE", id="v1", make="Volkswagen", model="Golf", colour="grey")
    allowed = handling("H1") | {"caveat": "Call our unit before any arrest"} if number == 2 else handling("H0")
    return record(
        agency, f"2026-{4700 + number}", title=TITLES[number], opened=f"2026-0{number + 1}-12", entities=[man, car],
        offences=[{"scheme": "ICCS", "code": "0501"}], handling=allowed,
    )  # fmt: skip


def hold_cases(api: Api) -> None:
    """Hold the records, a hit-only one besides, and their links."""
    cases = [_make_case(number) for number in range(len(TITLES))]
    hidden = _make_case(1) | {"agency": "fr-pj", "case_id": "x", "handling": handling("H2")}
    api.hold(*cases, hidden)
    for own in cases[1::2]:
        for other in [*cases[::2], hidden]:
            api.link(f"be-fp:{own['case_id']}", f"fr-pj:{other['case_id']}")
    api.runtime.agencies = AGENCIES


class _Album:
    """Takes pictures into a folder."""

    def __init__(self, opened: Browser, url: str, folder: Path) -> None:
        self._opened, self._url, self._folder = opened, url, folder

    def take(
        self, name: str, place: str, act: Callable[[Page], object] = lambda _: None, *, language: str = "en-GB",
        size: tuple[int, int] = WIDE, theme: str = "light", direction: str = "ltr",
    ) -> None:  # fmt: skip
        """One picture of a page once something was done on it."""
        user = BrowserUser(self._opened, self._url, language)
        user.enter(PIETER, "BX/12", place)
        user.is_drawn()
        user.resize(size)
        page = user.page
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        page.evaluate(f"document.documentElement.dir = '{direction}'")
        act(page)
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        page.evaluate("document.getElementById('said')?.replaceChildren()")
        page.screenshot(path=self._folder / f"{name}.png")
        page.context.close()


def _preview(page: Page) -> None:
    expect(page.locator(".result").first).to_be_visible()
    expect(page.locator(".facets summary").nth(1)).to_be_visible()
    page.locator(".result [data-open]").nth(2).focus()
    page.keyboard.press("Space")
    expect(page.locator("#preview h3").first).to_be_visible()


def _tick(page: Page) -> None:
    expect(page.locator(".facets summary").nth(1)).to_be_visible()
    page.keyboard.press("Escape")
    for key in ("j", "x", "j", "x", "j", "x"):
        page.keyboard.press(key)


def _term(page: Page) -> None:
    page.locator(".between .term").first.click()


def _dense(page: Page) -> None:
    expect(page.locator("#evidence .summary")).to_be_visible()
    page.evaluate("document.documentElement.dataset.density = 'dense'")


def _filter(page: Page) -> None:
    expect(page.locator(".facets summary").nth(1)).to_be_visible()
    page.locator("[data-filters] summary").click()


def take_all(opened: Browser, url: str, folder: Path, link: str) -> None:
    """All pictures of the guide."""
    album, search = _Album(opened, url, folder), "/search#q=" + QUESTION.replace(" ", "+")
    album.take("results", search, _tick)
    album.take("results-preview", search, _preview)
    album.take("results-preview-narrow", search, _preview, size=NARROW)
    album.take("results-dark", search, theme="dark")
    album.take("results-french", search, _preview, language="fr-FR")
    album.take("results-right-to-left", search, direction="rtl")
    album.take("results-filters", f"{search}&country=BE,FR&role=suspect", _filter)
    album.take("results-case-links", "/cases/be-fp:2026-4701#tab=links")
    album.take("results-inbox-dense", "/inbox", _dense)
    album.take("results-term", f"/links/{link}/of/be-fp:2026-4701", _term)


if __name__ == "__main__":
    api = Api(PureStages(load_model()), make_folder("liaison-guide-"))
    api.now = datetime.now(UTC)
    hold_cases(api)
    with browser() as opened, memory_site(api) as site:
        take_all(opened, site.url, Path(sys.argv[1]), api.link("be-fp:2026-4701", "fr-pj:2026-4702"))
