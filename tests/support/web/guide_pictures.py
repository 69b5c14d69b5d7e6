"""The pictures of the guides to results, folders and my work, of pages over an index in memory.

    PYTHONPATH=tests .venv/bin/python -m support.web.guide_pictures pipeline/web/screenshots

The records are made up, and the same each time.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from pipeline.access.case_filters import NO_FILTERS
from pipeline.access.disclosure_threads import Urgency
from pipeline.access.disclosures import DisclosureAsk
from pipeline.access.folders import FolderRole, KeptSearch
from pipeline.access.requester import Purpose, Requester, Role, parse_grounds
from pipeline.access.reviews import Verdict
from pipeline.api.services.alerts import create_alert
from pipeline.api.services.disclosures import request_disclosure
from pipeline.api.services.folders import add_items, create_folder, share_folder, visit_folder, write_note
from pipeline.api.services.inbox import assign_link
from pipeline.api.services.list_checks import submit_list
from pipeline.api.services.reviews import LinkReview, review_link
from pipeline.api.session import Session
from pipeline.matching.model import load_model
from pipeline.records.agencies import Agency
from pipeline.web.components.keep import search_reference
from support.access.requesters import make_requester
from support.api.runtime import Api
from support.index.documents import PureStages
from support.records.builder import RawCase, handling, person, record, vehicle
from support.temporary_folders import make_folder
from support.web.browser import NARROW, WIDE, BrowserUser, browser
from support.web.memory_site import memory_site

PIETER, LOTTE = "pieter@be-fp", "lotte@be-fp"
REFERENCE = "BX/12"
SAME_MAN = "the same passport, seen on both files"
QUESTION = "Ivan Petrov 1980-05-01 52NO43301"
AGENCIES = {
    "be-fp": Agency("be-fp", "BE", title="Police fédérale belge"),
    "fr-pj": Agency("fr-pj", "FR", title="Police judiciaire"),
}
TITLES = (
    "Burglary at a warehouse", "Theft of copper cable", "Stolen vehicle", "Fraud with rental cars",
    "Handling of stolen goods", "Break-in at a jeweller's", "Forged documents", "Assault at a bar",
)  # fmt: skip
CAVEAT = {
    "caveat": "Appeler notre service avant toute arrestation.",
    "caveat_translations": {
        "en": "Call our unit before any arrest.",
        "es": "Llamar a nuestra unidad antes de cualquier detención.",
    },
}
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
    allowed = handling("H1") | CAVEAT if number == 2 else handling("H0")
    return record(
        agency, f"2026-{4700 + number}", title=TITLES[number], opened=f"2026-0{number + 1}-12", entities=[man, car],
        language="fr" if number == 2 else "en",
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


def _session(api: Api, who: Requester) -> Session:
    return Session(api.runtime, who, parse_grounds(Purpose.INVESTIGATION, REFERENCE), "en", "request-1")


async def hold_work(api: Api) -> str:
    """A folder that two people work in, and what else waits for one of them; returns the folder's id."""
    now = api.now
    owner, member = (make_requester("be-fp", Role.INVESTIGATOR, subject=name) for name in (PIETER, LOTTE))
    asker = make_requester("fr-pj", Role.INVESTIGATOR, subject="jeanne@fr-pj")
    api.hold(_make_case(3) | {"case_id": "2026-4709", "title": "Threats by telephone", "handling": handling("H2")})
    api.link("fr-pj:2026-4700", "be-fp:2026-4709")
    links = [api.link("be-fp:2026-4701", f"fr-pj:2026-470{number}") for number in (0, 2, 4)]
    await review_link(_session(api, owner), links[0], LinkReview(Verdict.SAME, SAME_MAN))
    await review_link(_session(api, member), links[2], LinkReview(Verdict.UNSURE, SAME_MAN))
    await assign_link(_session(api, owner), links[1], PIETER)
    await create_alert(_session(api, owner), QUESTION)
    session = _session(api, asker)
    ask = DisclosureAsk("The same man was seen at the jeweller's.", Urgency.ROUTINE, now + timedelta(days=5))
    await request_disclosure(session, session.make_reference("be-fp:2026-4709"), ask)
    await submit_list(
        _session(api, owner), b"id,name,born\n1,Ivan Petrov,1980-05-01\n2,Anna Keller,1990-02-03\n", "csv"
    )

    api.now = now - timedelta(hours=3)
    name: str = (await create_folder(_session(api, owner), "Warehouse burglaries, port of Lille")).folder.id
    api.sign_in(member)
    await share_folder(_session(api, owner), name, LOTTE, FolderRole.MEMBER)
    asked = search_reference(KeptSearch(QUESTION, "BE", NO_FILTERS))
    kept = ["record be-fp:2026-4701", "record fr-pj:2026-4702", f"link {links[1]}", "entity be-fp:2026-4703 p1", asked,
            "record fr-pj:2026-4706"]  # fmt: skip
    await add_items(_session(api, owner), name, kept)
    await write_note(_session(api, owner), name, "Ask Lille for the delivery notes of 12 March before we go on.")
    await visit_folder(_session(api, owner), name)
    api.now = now - timedelta(minutes=20)
    await write_note(_session(api, member), name, "Delivery notes arrived; the grey Golf stands on two of them.")
    await add_items(_session(api, member), name, ["record fr-pj:2026-4704"])
    api.hold(_make_case(6) | {"version": 2, "handling": handling("H3")})
    api.hold(_make_case(2) | {"version": 2, "title": "Stolen vehicle, found again"})
    api.link("be-fp:2026-4705", "fr-pj:2026-4702")
    api.now = now
    return name


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
        user.enter(PIETER, REFERENCE, place)
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


def _keep(page: Page) -> None:
    _tick(page)
    page.keyboard.press("f")
    expect(page.locator("#keep :checked")).to_be_focused()


def _search_before(page: Page) -> None:
    """Searches that stand on the first page then."""
    for number, question in enumerate(("plate:1-ABC-23?", QUESTION), 1):
        page.locator("#question").fill(question)
        page.keyboard.press("Enter")
        expect(page.locator(".result").first).to_be_visible()
        held = "JSON.parse(Object.values(localStorage).find((one) => one.startsWith('[[')) ?? '[]').length"
        page.wait_for_function(f"{held} === {number}")
    page.get_by_role("link", name="Liaison").first.click()
    expect(page.locator(".named time").first).to_be_visible()


def take_work(opened: Browser, url: str, folder: Path, name: str) -> None:
    """The pictures of the guides to folders and my work; `name` is the folder's id."""
    album, place = _Album(opened, url, folder), f"/folders/{name}"
    album.take("folder", place)
    album.take("folder-narrow", place, size=NARROW)
    album.take("folder-dark", place, theme="dark")
    album.take("folder-keep", "/search#q=" + QUESTION.replace(" ", "+"), _keep)
    album.take("my-work", "/work")
    album.take("my-work-dark", "/work", theme="dark")
    album.take("first-page", "/", _search_before)
    album.take("first-page-narrow", "/", _search_before, size=NARROW)


def take_all(opened: Browser, url: str, folder: Path, link: str) -> None:
    """All pictures of the guide to results."""
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
    album.take("results-caveat", "/cases/fr-pj:2026-4702")


if __name__ == "__main__":
    api = Api(PureStages(load_model()), make_folder("liaison-guide-"))
    api.now = datetime.now(UTC)
    hold_cases(api)
    with browser() as opened, memory_site(api) as site:
        take_all(opened, site.url, Path(sys.argv[1]), api.link("be-fp:2026-4701", "fr-pj:2026-4702"))
        with ThreadPoolExecutor(1) as thread:  # the browser's driver has a loop in this one
            folder = thread.submit(asyncio.run, hold_work(api)).result()
        take_work(opened, site.url, Path(sys.argv[1]), folder)
