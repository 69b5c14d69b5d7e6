"""Where a reader begins: one large search field, what waits for them, and what they searched last.

The field is there at once; the rest is drawn when the browser has said which searches it holds for the viewer.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from nicegui import events
from nicegui.element import Element

from pipeline.api.answers import WorkAnswer
from pipeline.api.past_searches import OpenedSearch
from pipeline.api.services.work import read_work
from pipeline.errors import LiaisonError
from pipeline.locale import N_
from pipeline.web.components import states
from pipeline.web.components.filters import FORM, draw_search_link
from pipeline.web.components.markup import box, link, text
from pipeline.web.components.tables import panel
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.page_events import EVENT_CHARS, Fields, read_event
from pipeline.web.pages.search import MOST_HELD, PAST, draw_example, read_past_searches
from pipeline.web.pages.work import draw_unread, draw_waiting, list_links, list_requests
from pipeline.web.session import Visit
from pipeline.web.vocabulary import ASK

BEGUN: Final = "home"
"""The event by which the browser says that the page is there, and hands over the viewer's past searches."""

REST: Final = "rest"
"""What a page keeps: the place for all but the search field."""

EXAMPLES: Final = ("Иван Петров 1980-05", "+33 6 12 34 56 78", "plate:AB-1?3*", "fr-pj:2026-0417")
"""Of what can be asked, one of each kind."""

MOST_COUNTED: Final = 100
"""Beyond so many of a list it is not counted on here: the first page is light."""

MOST_SEARCHES: Final = 5
"""Of the last searches so many stand here; the search page has all."""


async def load(visit: Visit, _: Parameters) -> None:
    """Nothing is asked before the page is there; only the roles are looked at."""
    visit.new_session().require_reader()


def draw(view: OpenPage, _: None) -> None:
    """The search field, and the place for the rest."""
    words = view.words
    text("h1", words("Search"), "hidden-words")
    _draw_search(words)
    rest = view.kept[REST] = box("div", "halves")
    with rest:
        states.draw_loading(words("Loading"))

    async def begun(event: events.GenericEventArguments) -> None:
        await _fill(view, view.kept[REST], read_event(event, Fields).get(PAST, ""))

    view.listen(BEGUN, begun, EVENT_CHARS + MOST_HELD)
    view.call_script("begin")


def _draw_search(words: Words) -> None:
    with box("div", "welcome"):
        with box("form", "asking", id=FORM, role="search", data_ask="", action="/search"):
            text("label", words("Search"), "hidden-words", for_="question")
            with box("span"):
                box(
                    "input", id="question", name="q", type="search", autocomplete="off", spellcheck="false",
                    maxlength="1000", placeholder=words("Name in any script, number, phone, plate or date"),
                )  # fmt: skip
                text("kbd", "/", aria_hidden="true")
            text("button", words(ASK), "button main", type="submit")
        with box("p", "row small"):
            text("span", words("For example"), "quiet")
            for example in EXAMPLES:
                draw_example(example)
            link(words("Search tips"), "/search")


async def _fill(view: OpenPage, rest: Element, told: str) -> None:
    """Draw what waits and what was searched."""
    searches = read_past_searches(view, told)

    async def again() -> None:
        await _fill(view, rest, told)

    draw_counts = await view.attempt(
        read_work(view.visit.new_session(), MOST_COUNTED),
        partial(_draw_waiting, view.words),
        lambda trouble: _draw_trouble(view, trouble, again),
    )
    rest.clear()
    with rest:
        draw_counts()
        _draw_searches(view.words, searches)
    view.call_script("countUnread")


def _draw_trouble(view: OpenPage, trouble: LiaisonError, again: states.TryAgain) -> None:
    with panel(view.words("Waiting for you"), tight=True):
        states.draw_failure(view.words, trouble, again)


def _draw_waiting(words: Words, found: WorkAnswer) -> None:
    """The lists that are not empty, what is decided aside."""
    waiting = [one for one in (*list_links(found)[:-1], *list_requests(found)) if one.waiting.count or one.waiting.more]
    with panel(words("Waiting for you"), tight=True):
        if waiting:
            draw_waiting(words, waiting)
        else:
            text("p", words("Nothing waits for you."), "onward")
        with box("ul", "tiles leads"):
            draw_unread(words, unless_none=True)
        with box("p", "onward"):
            link(words("My work"), "/work")


def _draw_searches(words: Words, searches: list[OpenedSearch]) -> None:
    with panel(words("Recent searches"), words("in this browser"), tight=True):
        if not searches:
            text("p", words("What you search appears here."), "onward quiet")
            return
        with box("ul", "named"):
            for one in searches[:MOST_SEARCHES]:
                with box("li", data_row=""):
                    draw_search_link(words, one.search.question, one.search.filters, data_open="")
                    text(
                        "time", words.format_minute(one.search.time), "nowrap quiet",
                        datetime=one.search.time.isoformat(),
                    )  # fmt: skip
        with box("p", "onward"):
            link(words("All recent searches"), "/search")


PAGE = Page("/", N_("Search"), "home", load, draw, "searches.js")
