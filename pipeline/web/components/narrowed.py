"""A saved search as its reader knows it again: its words, and beneath them what it is narrowed to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from pipeline.access.case_filters import Filters
from pipeline.index.filters import FACETS
from pipeline.web.components.facet_panel import FACET_WORDS, format_facet_value
from pipeline.web.components.filter_panel import GOALS, state_filters
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.understood import question_address
from pipeline.web.i18n import Words


def read_filters(stated: Mapping[str, Any]) -> Filters:
    """The filters of a row."""
    return msgspec.convert(stated, Filters)


def draw_saved_search(words: Words, question: str, filters: Filters, label: str = "", **attributes: Any) -> None:
    """The question, or before it what it is called, leads to the search with its filters; `attributes` are the link's.

    A search without words lists what its filters leave.
    """
    asked = question or words("Records by filter")
    with link("", question_address(state_filters(filters), question), **attributes):
        bidi_text(label or asked)
    if label:
        bidi_text(asked, "p", "small quiet")
    draw_filter_tags(words, filters)


def draw_filter_tags(words: Words, filters: Filters) -> None:
    """Each filter as a tag: "Country Belgium, France"."""
    if filters.empty:
        return
    with box("span", "row tags"):
        for name, values in _describe_filters(words, filters):
            with box("span", "tag wraps"):
                text("span", name, "quiet")
                text("span", values, dir="auto")


def _describe_filters(words: Words, filters: Filters) -> Iterator[tuple[str, str]]:
    for facet in FACETS:
        if values := getattr(filters, facet):
            said = ", ".join(format_facet_value(words, facet, str(value)) for value in values)
            yield words(FACET_WORDS[facet]), said
    if filters.goals:
        yield words("Policing goal"), ", ".join(words(GOALS[str(goal)]) for goal in filters.goals)
    for word, day in (
        (words("Opened from"), filters.opened_from),
        (words("Opened to"), filters.opened_to),
        (words("Closed from"), filters.closed_from),
        (words("Closed to"), filters.closed_to),
    ):
        if day:
            yield word, words.format_date(day)
    if filters.open_only:
        yield words("Open cases only"), ""
