"""I3 on the pages: what a visitor may not see leaves no trace in what is drawn for them, in either language."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from pipeline import locale
from pipeline.access.requester import Purpose, Requester
from pipeline.correlation.claims import link_id
from pipeline.web.components import preview, tabs
from pipeline.web.page import OpenPage, Page
from pipeline.web.pages import PAGES, case, chart, home, inbox, operations, search
from support.api.runtime import Api
from support.no_leak.decisions import ASKING, folder_id
from support.no_leak.requests import QUESTIONS, names
from support.no_leak.worlds import KEYS, STAGES, CaseSpec, documents, requesters, worlds
from support.temporary_folders import make_folder
from support.web.pages import opened

HOME = make_folder("liaison-no-leak-pages-")

CASE_PLACES: tuple[dict[str, str], ...] = (
    *({"tab": tab.name} for tab in case.TABS.tabs),
    {"tab": "links", "entity": "e0"}, {"tab": "links", "country": "BE"}, {"tab": "links", "colour": "yellow"},
    {"tab": "links", "band": "certain"}, {"tab": "links", "page": "2"}, {"tab": "links"},
)  # fmt: skip
"""What is opened of a case, one after the other."""

EXAMPLES = 1000 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 100
"""A fifth of those that other laws have: a page takes as long as several requests.

The law stands here, not in tests/property: these run beside tests that serve pages, and NiceGUI has one loop a process.
"""

PLACES = {
    "key": st.sampled_from(KEYS),
    "case": st.sampled_from(KEYS),
    "link_id": st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS)).map(lambda pair: link_id(*pair)),
    "entity": st.sampled_from(("e0", "e1")),
    "name": st.just("not-there"),
    "folder": st.sampled_from([folder_id(agency) for agency in ASKING]),
    "position": st.just("cases.fr-pj-0-7"),
}
"""What stands in a page's path; a new place is drawn from here."""

LEFT_OUT = {operations.PAGE.path}
"""Tells of no case, and asks Kafka."""

pages = st.sampled_from([page for page in PAGES if page.path not in LEFT_OUT])


QUERIES = {chart.PAGE.path: ("case", "key")}
"""What an address asks of a page besides its path, or what is asked once it is open."""


def parameters(page: Page[Any]) -> st.SearchStrategy[dict[str, str]]:
    """Values for the places of a page's path, and for what its address asks."""
    names = (*re.findall(r"{(\w+)", page.path), *QUERIES.get(page.path, ()))
    return st.fixed_dictionaries({name: PLACES[name] for name in names})


async def drawn(world: Iterable[CaseSpec], page: Page[Any], who: Requester, language: str, told: dict[str, str]) -> Any:
    """All that a page says, over an index of these cases.

    Of the search page it is what that says to a question; of the inbox by persons with the evidence of a link, of a
    case with all its tabs, of a chart what is asked of it, with what its script is told. Beside each stands the
    preview of a case.
    """
    api = Api(STAGES, HOME)
    api.index.write(documents(world))
    asked = {name: value for name, value in told.items() if name in PLACES}
    told_scripts: list[Any] = []

    def note(_: OpenPage, name: str, *arguments: object) -> None:
        if name.startswith("chart"):
            told_scripts.append((name, msgspec.to_builtins(arguments)))

    with patch("uuid.uuid4", names().__next__), patch.object(OpenPage, "call_script", note):
        found = await opened(api, page, who, language, **asked)
        if page is home.PAGE:
            await found.happen(home.BEGUN, {})
        if page is search.PAGE:
            await found.happen(search.ASKED, {"q": told["question"]})
        if page is case.PAGE:
            for place in CASE_PLACES:
                await found.happen(tabs.OPENED, place)
        if page is chart.PAGE:
            start = (told["case"], "")
            await found.happen(chart.EXPAND, {"node": "n", "places": [start], "entities": True})
            await found.happen(chart.PATHS, {"a": [start], "b": [(told["key"], "")]})
            await found.happen(chart.HUBS, {"cases": [told["case"], told["key"]], "all": 2})
            await found.happen(chart.EVIDENCE, {"links": [told["link_id"]]})
            await found.happen(chart.EVIDENCE, {"place": (told["key"], "e0")})
        if page is inbox.PAGE:
            await found.happen(inbox.NARROW, {"listed": "unsure"})
            await found.happen(inbox.NARROW, {"group": "person"})
            await found.happen(inbox.OPEN, {"link": told["link_id"]})
        await found.happen(preview.ASKED, {"case": told["previewed"]})
        said = found.drawn(), found.beside(), told_scripts
    found.close()
    return said


def assert_no_trace(world: list[CaseSpec], who: Requester, page: Page[Any], language: str, data: st.DataObject) -> None:
    """A page is the same where some of the cases hidden from its visitor never were."""
    hidden = [spec for spec in world if spec.hidden_from(who, Purpose.INVESTIGATION)]
    assume(hidden)
    removed = data.draw(st.lists(st.sampled_from(hidden), min_size=1, unique=True))
    told = data.draw(parameters(page)) | {"question": data.draw(st.sampled_from(QUESTIONS))}
    told = {"link_id": data.draw(PLACES["link_id"]), "previewed": data.draw(PLACES["key"])} | told
    whole = asyncio.run(drawn(world, page, who, language, told))
    rest = asyncio.run(drawn([spec for spec in world if spec not in removed], page, who, language, told))
    event(page.path)
    assert whole == rest


LANGUAGES = st.sampled_from((*locale.LANGUAGES,))


@pytest.mark.timeout(3600)
@settings(max_examples=EXAMPLES // 2)
@given(worlds, requesters, pages, LANGUAGES, st.data())
def test_a_hidden_case_leaves_no_trace_on_a_page(
    world: list[CaseSpec], who: Requester, page: Page[Any], language: str, data: st.DataObject
) -> None:
    assert_no_trace(world, who, page, language, data)


@pytest.mark.rare
@pytest.mark.timeout(3600)
@settings(max_examples=EXAMPLES)
@given(worlds, requesters, pages, LANGUAGES, st.data())
def test_a_hidden_case_leaves_no_trace_on_a_page_wherever_one_looks(
    world: list[CaseSpec], who: Requester, page: Page[Any], language: str, data: st.DataObject
) -> None:
    assert_no_trace(world, who, page, language, data)
