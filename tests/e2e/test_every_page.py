"""Every page in a real browser, with names and texts in many scripts: axe, keys, phone width, right to left, dark."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import pytest
from playwright.sync_api import Browser, expect

from pipeline.access import folders
from pipeline.access.folders import ItemKind, KeptSearch, Reference
from pipeline.access.requester import Grounds, Purpose
from pipeline.index.decisions import folder_document, folder_item_document
from pipeline.matching.model import load_model
from pipeline.web.page import Page
from pipeline.web.pages import PAGES, inbox, search
from support.access.requesters import make_requester
from support.api.runtime import Api
from support.index.documents import PureStages
from support.web.browser import NARROW, WIDE, BrowserUser
from support.web.many_scripts import hold_many_scripts
from support.web.memory_site import memory_site
from support.web.page_checks import find_text_faults, find_unreached, find_violations
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.rare, pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS)]

PEOPLE = {"audit": "sofie@be-fp", "operations": "noor@liaison-ops"}
"""Who opens the pages of an entry of the navigation; Pieter, who reads cases, all others."""


VISITS = [*((page, "") for page in PAGES), (search.PAGE, "#q=Cherif+Ouarzazi"), (inbox.PAGE, "#group=person")]
"""Every page, and what an address may ask of one besides."""


class ServedPages(NamedTuple):
    """People at their browsers, and what stands in the places of a path."""

    people: dict[str, BrowserUser]
    places: dict[str, str]

    def open(self, page: Page[Any], query: str) -> BrowserUser:
        """The page before who may see it."""
        user = self.people[PEOPLE.get(page.entry, "pieter@be-fp")]
        user.page.goto(page.path.replace(":path", "").format(**self.places) + query)
        user.is_drawn()
        return user


def _hold_folder(api: Api, link: str) -> str:
    """Pieter's folder of a record, a link, what can't be opened, a search and a note; its id."""
    who = make_requester("be-fp", subject="pieter@be-fp")
    folder = folders.make_folder("7c2d" * 8, "Kestrel", who, Grounds(Purpose.INVESTIGATION, "BX/12"), api.now)
    references = [
        Reference(ItemKind.RECORD, case="be-fp:1"), Reference(ItemKind.RECORD, case="fr-pj:none"),
        Reference(ItemKind.LINK, link=link), Reference(ItemKind.SEARCH, search=KeptSearch("Cherif Ouarzazi")),
        Reference(ItemKind.NOTE),
    ]  # fmt: skip
    writes = [folder_document(msgspec.json.encode(folder), 0)]
    for number, reference in enumerate(references):
        item = folders.make_item(f"{number:016x}", folder, reference, who, api.now)
        sides = ("be-fp:1", "fr-pj:1") if reference.link else ()
        item = msgspec.structs.replace(item, place=str(number + 1), text="<b>Call back", sides=sides)
        writes.append(folder_item_document(msgspec.json.encode(item), number))
    api.index.write(writes)
    return folder.id


@pytest.fixture(scope="module")
def served(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPages]:
    api = Api(PureStages(load_model()), tmp_path_factory.mktemp("site"))
    api.now = datetime.now(UTC)
    link = hold_many_scripts(api)[0]
    places = {"key": "be-fp:1", "link_id": link, "entity": "p1", "name": "none", "position": "none"}
    places["folder"] = _hold_folder(api, link)
    with memory_site(api) as site:
        people = {}
        for subject in ("pieter@be-fp", *PEOPLE.values()):
            people[subject] = BrowserUser(chromium, site.url)
            people[subject].sign_in(subject, "BX/12")
        yield ServedPages(people, places)
        for user in people.values():
            user.page.context.close()


@pytest.fixture(params=VISITS, ids=lambda visit: visit[0].path + visit[1])
def user(request: pytest.FixtureRequest, served: ServedPages) -> Iterator[BrowserUser]:
    """Somebody before a page, whose window is put back afterwards."""
    opened = served.open(*request.param)
    yield opened
    opened.resize(WIDE)
    assert opened.faults == []


def _open_each_tab(user: BrowserUser) -> Iterator[str]:
    """Open one tab of the page after the other, by its name; "" stands for a page without tabs."""
    tabs = user.page.locator("[role=tab]")
    for tab in tabs.all():
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        expect(user.page.locator("[aria-busy]")).to_have_count(0)
        yield tab.inner_text()
    if not tabs.count():
        yield ""


def test_axe_finds_nothing_in_light_dark_and_on_a_phone(user: BrowserUser) -> None:
    for tab in _open_each_tab(user):
        for theme in ("dark", "light"):
            user.page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
            assert find_violations(user.page) == [], (tab, theme)
        user.resize(NARROW)
        assert find_violations(user.page) == [], tab
        user.resize(WIDE)


def test_no_text_is_cut_or_covered_from_either_side(user: BrowserUser) -> None:
    for tab in _open_each_tab(user):
        for size in (NARROW, WIDE):
            user.resize(size)
            for direction in ("rtl", "ltr"):
                user.page.evaluate(f"document.documentElement.dir = '{direction}'")
                assert find_text_faults(user.page) == [], (tab, size, direction)


def test_a_tab_key_reaches_all_that_can_be_acted_on(user: BrowserUser) -> None:
    for tab in _open_each_tab(user):
        assert find_unreached(user.page) == [], tab


FAULTY = """
<body><p style="width: 2rem; overflow: hidden; white-space: nowrap">cut at its end</p>
<div style="position: relative"><p>lies below</p><p style="position: absolute; inset: 0; margin: 0">lies above</p></div>
<p dir="rtl">+58.0</p>
<button>reached</button><button onkeydown="event.preventDefault()">a trap</button><button>never reached</button></body>
"""


def test_the_checks_find_a_page_that_is_wrong(served: ServedPages) -> None:
    context = served.people["pieter@be-fp"].page.context.browser
    assert context is not None
    page = context.new_page()
    page.set_content(FAULTY)
    assert find_text_faults(page) == ["cut: cut at its end", "turned: +58.0", "covered: lies below | lies above"]
    assert [text for text in find_unreached(page) if "never reached" in text]
    page.close()


def test_a_window_that_gets_no_frame_is_opened_anew(served: ServedPages) -> None:
    """By a resize, for the click behind it waits for frames."""
    user = served.open(inbox.PAGE, "#group=person")
    user.page.evaluate("window.requestAnimationFrame = () => 0")
    user.resize(NARROW, patience_ms=100)
    assert user.page.url.endswith("/inbox#group=person")
    assert user.page.evaluate("window.innerWidth") == NARROW[0]
    user.page.get_by_role("heading", level=1).click()
    assert user.faults == []
