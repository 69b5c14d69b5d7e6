"""The searches that a viewer made from this browser, by case reference: to be run again, or forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from typing import Final

import msgspec

from pipeline.access.case_filters import Filters
from pipeline.api.past_searches import MOST, OpenedSearch, open_searches, seal_search
from pipeline.web.components.form import draw_leaving_button
from pipeline.web.components.markup import bidi_text, box, text
from pipeline.web.components.narrowed import draw_saved_search
from pipeline.web.components.panel import panel
from pipeline.web.components.table import TableColumn, draw_table
from pipeline.web.page import OpenPage

Redraw = Callable[[list[OpenedSearch]], None]
"""Draws what is there when some searches are left."""

PAST: Final = "past"
"""What the browser holds, among what it says of its address."""

MOST_HELD: Final = 160_000
"""Characters of that, as static/searches.js has it: 50 usual searches take 40,000. With what else an address states it
stays below what a page's socket takes at once (page_sockets.py)."""


def remember_search(view: OpenPage, question: str, filters: Filters) -> None:
    """Give the browser a search that was answered, to hold for this viewer."""
    sealed = seal_search(view.visit.new_session(), question, filters)
    if sealed is not None:
        view.call_script("rememberSearch", sealed.id, sealed.text, MOST)


def read_past_searches(view: OpenPage, told: str) -> list[OpenedSearch]:
    """The searches that a browser holds for this viewer; it is told to forget what it holds in vain."""
    try:
        held = msgspec.json.decode(told or "[]", type=list[str])[:MOST]
    except msgspec.MsgspecError:
        return []
    opened = open_searches(view.visit.new_session(), held)
    if gone := sorted({*held} - {one.text for one in opened}):
        view.call_script("forgetSearches", gone)
    return opened


def draw_past_searches(view: OpenPage, searches: Sequence[OpenedSearch], again: Redraw) -> None:
    """The searches, those of other case references folded behind the present one's; `again` draws what is left."""
    words, days = view.words, view.visit.runtime.settings.search_history_days
    kept = words.plural("for {count} day, in this browser", "for {count} days, in this browser", days)
    with panel(words("Recent searches"), kept, tight=True):
        present = view.visit.new_session().grounds.case_reference
        for reference, group in _group_by_reference(present, searches):
            with box("details", "past", open_="" if reference == present else None, data_group=reference):
                with box("summary"):
                    text("span", words("Your case"), "small quiet")
                    bidi_text(reference, "b")
                    text("span", words.format_number(len(group)), "small quiet")
                draw_table(f"{words('Recent searches')} {reference}", _columns(view, searches, again), group)
        with box("p", "row past"):
            draw_leaving_button(
                words("Forget all"), "all", "question", partial(_forget, view, searches, searches, again)
            )
            text("span", words("Searches run again are recorded for {reference}.", reference=present), "small quiet")


def _group_by_reference(present: str, searches: Sequence[OpenedSearch]) -> list[tuple[str, list[OpenedSearch]]]:
    """The present case reference first, then in the order of their latest searches."""
    order = list(dict.fromkeys([present, *(one.search.case_reference for one in searches)]))
    by_order = sorted(searches, key=lambda one: order.index(one.search.case_reference))
    return [(name, list(group)) for name, group in groupby(by_order, lambda one: one.search.case_reference)]


def _columns(view: OpenPage, searches: Sequence[OpenedSearch], again: Redraw) -> list[TableColumn[OpenedSearch]]:
    words = view.words
    return [
        TableColumn(words("Search"), lambda one: _draw_search(view, one)),
        TableColumn(words("Time"), lambda one: _draw_time(view, one)),
        TableColumn(words("Actions"), lambda one: _draw_forget(view, one, searches, again)),
    ]


def _draw_search(view: OpenPage, one: OpenedSearch) -> None:
    asked = one.search
    draw_saved_search(view.words, asked.question, asked.filters, data_open="")


def _draw_time(view: OpenPage, one: OpenedSearch) -> None:
    at = one.search.time.isoformat()
    text("time", view.words.format_minute(at), "nowrap", datetime=at)


def _draw_forget(
    view: OpenPage,
    one: OpenedSearch,
    searches: Sequence[OpenedSearch],
    again: Redraw,
) -> None:
    draw_leaving_button(view.words("Forget"), "one", "question", partial(_forget, view, [one], searches, again))


async def _forget(
    view: OpenPage,
    gone: Sequence[OpenedSearch],
    searches: Sequence[OpenedSearch],
    again: Redraw,
) -> None:
    """Let the browser forget some, and draw the rest."""
    view.call_script("forgetSearches", [one.text for one in gone])
    again([one for one in searches if one not in gone])
