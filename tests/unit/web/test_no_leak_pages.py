"""I3 on the pages: what a visitor may not see leaves no trace in what is drawn for them, in either language."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from pipeline import locale
from pipeline.access.requester import Purpose, Requester
from pipeline.correlation.claims import link_id
from pipeline.web.components import tabs
from pipeline.web.page import Page
from pipeline.web.pages import PAGES, case, graph, home, inbox, operations, search
from support.api.runtime import Api
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
    "link_id": st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS)).map(lambda pair: link_id(*pair)),
    "depth": st.just("3"),
    "entity": st.sampled_from(("e0", "e1")),
    "name": st.just("not-there"),
    "position": st.just("cases.fr-pj-0-7"),
}
"""What stands in a page's path; a new place is drawn from here."""

LEFT_OUT = {operations.PAGE.path}
"""Tells of no case, and asks Kafka."""

pages = st.sampled_from([page for page in PAGES if page.path not in LEFT_OUT])


def parameters(page: Page[Any]) -> st.SearchStrategy[dict[str, str]]:
    """Values for the places of a page's path."""
    return st.fixed_dictionaries({name: PLACES[name] for name in re.findall(r"{(\w+)", page.path)})


async def drawn(world: Iterable[CaseSpec], page: Page[Any], who: Requester, language: str, told: dict[str, str]) -> Any:
    """All that a page says, over an index of these cases.

    Of the search page it is what that says to a question; of the inbox by persons with the evidence of a link, of a
    case and a graph with all their tabs.
    """
    api = Api(STAGES, HOME)
    api.index.write(documents(world))
    asked = {name: value for name, value in told.items() if name in PLACES}
    with patch("uuid.uuid4", names().__next__):
        found = await opened(api, page, who, language, **asked)
        if page is home.PAGE:
            await found.happen(home.BEGUN, {})
        if page is search.PAGE:
            await found.happen(search.ASKED, {"q": told["question"]})
        if page is case.PAGE:
            for place in CASE_PLACES:
                await found.happen(tabs.OPENED, place)
        if page is graph.PAGE:
            for tab in graph.TABS.tabs:
                await found.happen(tabs.OPENED, {"tab": tab.name})
        if page is inbox.PAGE:
            await found.happen(inbox.NARROW, {"listed": "unsure"})
            await found.happen(inbox.NARROW, {"group": "person"})
            await found.happen(inbox.OPEN, {"link": told["link_id"]})
        said = found.drawn()
    found.close()
    return said


def assert_no_trace(world: list[CaseSpec], who: Requester, page: Page[Any], language: str, data: st.DataObject) -> None:
    """A page is the same where some of the cases hidden from its visitor never were."""
    hidden = [spec for spec in world if spec.hidden_from(who, Purpose.INVESTIGATION)]
    assume(hidden)
    removed = data.draw(st.lists(st.sampled_from(hidden), min_size=1, unique=True))
    told = data.draw(parameters(page)) | {"question": data.draw(st.sampled_from(QUESTIONS))}
    told = {"link_id": data.draw(PLACES["link_id"])} | told
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
