"""Search: one box and filters; each result with why it matched; hit-only results apart, without content.

The question lies in the address's fragment, which browsers keep to themselves: no log ever holds it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

import msgspec
from nicegui import events
from nicegui.element import Element

from pipeline.access.case_filters import Filters
from pipeline.access.policy import View
from pipeline.access.redaction import Row
from pipeline.api.hit_budget import FURTHER_LABELS, NOT_ASKED_LABELS
from pipeline.api.past_searches import OpenedSearch
from pipeline.api.services.search import Search, SearchAnswer, search
from pipeline.api.services.search_facets import count_facets
from pipeline.errors import LiaisonError
from pipeline.index.facets import FacetCounts
from pipeline.index.question_parts import TYPED
from pipeline.index.understanding import UnderstoodPart, understand_question
from pipeline.locale import N_
from pipeline.matching.explain.explanation import EntityEvidence
from pipeline.matching.explain.wording import bits
from pipeline.matching.explain.words import TYPES
from pipeline.records.entity_types import PERSON
from pipeline.web.addresses import case_path
from pipeline.web.components import states
from pipeline.web.components.badges import badge, draw_band, draw_caveat_badge
from pipeline.web.components.facet_panel import draw_facets
from pipeline.web.components.filter_panel import draw_filters, parse_filters
from pipeline.web.components.hits import draw_hit
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.names import draw_name
from pipeline.web.components.narrowed import draw_filter_tags
from pipeline.web.components.panel import panel
from pipeline.web.components.past_searches import (
    MOST_HELD,
    PAST,
    draw_past_searches,
    read_past_searches,
    remember_search,
)
from pipeline.web.components.reasons import draw_reasons
from pipeline.web.components.search_guide import draw_guide
from pipeline.web.components.subscribing import subscribe_to_question as subscribed
from pipeline.web.components.understood import draw_hints, draw_understood
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.page_events import EVENT_CHARS, Fields, read_event
from pipeline.web.session import Visit
from pipeline.web.vocabulary import PARTS

ASKED: Final = "ask"
"""The event by which the browser hands over what its address asks."""

ENTERED: Final = "enter"
"""Among what the address asks: it was typed just now, so a single exact answer is opened."""

FACETS_PLACE: Final = "facets"
"""Where the facets stand, which are counted when the answer is there."""

FOUND: Final = "found"
"""What a page keeps: the place for what is found."""

TOLD: Final = "told"
"""What a page keeps: the place that says to those who hear the page how much was found."""

LIMIT = 25
"""Results of one page."""

EXACT_CLAUSES = frozenset({"case", "number"})
EXACT_FIELDS = frozenset({"case", "number", "plate", *TYPED})
"""What a case is exactly that met one of these clauses, and was asked for by one of these fields alone."""


async def load(visit: Visit, _: Parameters) -> None:
    """Nothing is asked before the browser has said what its address asks; only the roles are looked at."""
    visit.new_session().require_reader()


def draw(view: OpenPage, _: None) -> None:
    """The place for results, filled when the browser has said what is asked."""
    text("h1", view.words("Search"), "hidden-words")
    draw_filters(view.words)
    view.kept[TOLD] = text("p", "", "hidden-words", role="status", aria_live="polite")
    found = box("div", "stack", id="found")
    with found:
        states.draw_loading(view.words("Searching"))

    view.kept[FOUND] = found  # a page that is drawn anew listens as before

    async def asked(event: events.GenericEventArguments) -> None:
        await _run_search(view, view.kept[FOUND], read_event(event, Fields))

    view.listen(ASKED, asked, EVENT_CHARS + MOST_HELD)
    view.call_script("ask")


class _PlaceInList(NamedTuple):
    """Where a page of results begins: its cursor, and how many records stood on the pages before."""

    cursor: str = ""
    before: int = 0


_FIRST_PAGE = _PlaceInList()


async def _run_search(
    view: OpenPage,
    found: Element,
    told: dict[str, str],
    place: _PlaceInList = _FIRST_PAGE,
    counts: FacetCounts | None = None,
) -> None:
    """Show what a search finds, its first page or a later one; nothing where the address asks for nothing.

    Nothing either once another question has been asked.
    """
    is_last = view.begin("search")
    asked = {name: value for name, value in told.items() if name not in (ENTERED, PAST)}
    question, narrowed = asked.get("q", "").strip(), parse_filters(asked)
    if not question and narrowed.empty:
        _draw_start(view, found, read_past_searches(view, told.get(PAST, "")))
        return

    async def again() -> None:
        await _run_search(view, found, told, place, counts)

    _replace_content(found, lambda: states.draw_loading(view.words("Searching")))
    session = view.visit.new_session()
    try:
        country = session.requester.country
        answer = await search(session, Search(question, country, LIMIT, place.cursor, narrowed, evidence=True))
    except LiaisonError as error:
        trouble = error
        if is_last():
            _replace_content(found, lambda: states.draw_failure(view.words, trouble, again))
        return

    if not is_last():
        return
    if not place.cursor:
        remember_search(view, question, narrowed)
    parts = understand_question(question, country)
    if ENTERED in told and (case := _find_single(answer, parts)) is not None:
        view.call_script("open", case_path(case))
        return

    async def go_on() -> None:
        await _run_search(
            view, found, asked, _PlaceInList(answer.next or "", place.before + len(answer.results)), counts
        )

    counted = _count_records(view.words, answer, place.before)
    view.kept[TOLD].set_text(_announce(view.words, counted, answer))
    _replace_content(found, lambda: _draw_answer(view, asked, parts, answer, counted, go_on))
    counts = counts or await _count_facets(view, Search(question, country, filters=narrowed))
    if counts is not None and is_last():
        _show_facets(found, lambda: draw_facets(view.words, asked, counts))


def _draw_start(view: OpenPage, found: Element, searches: list[OpenedSearch]) -> None:
    """What stands where nothing is asked: the viewer's own past searches, and what can be asked."""

    def drawn() -> None:
        if searches:
            draw_past_searches(view, searches, partial(_draw_start, view, found))
        draw_guide(view.words)

    _replace_content(found, drawn)


async def _count_facets(view: OpenPage, search_: Search) -> FacetCounts | None:
    """The counts of a search that has been answered; None where they can't be had now."""
    try:
        return (await count_facets(view.visit.new_session(), search_)).facets
    except LiaisonError:
        return None


def _show_facets(found: Element, draw_in: Callable[[], object]) -> None:
    """Put the facets into their place of the answer."""
    for place in found.descendants():
        if place.props.get("id") == FACETS_PLACE:
            _replace_content(place, draw_in)
            return


def _find_single(answer: SearchAnswer, parts: Sequence[UnderstoodPart]) -> str | None:
    """The case that was asked for by its number or one of its identifiers, and nothing else, where it is the only one.

    Neither a number a slip away stands in its way, nor a name; a hit does, and that hit-only records were not asked.
    """
    exact = [row["case"] for row in answer.results if not EXACT_CLAUSES.isdisjoint(row.get("met", ()))]
    by_number = len(parts) == 1 and any(reading.field in EXACT_FIELDS for reading in parts[0].readings[:1])
    alone = len(exact) == 1 and not answer.hits and not answer.not_asked and answer.next is None
    return exact[0] if by_number and alone else None


def _replace_content(place: Element, draw_in: Callable[[], object]) -> None:
    place.clear()
    with place:
        draw_in()


def _count_records(words: Words, answer: SearchAnswer, before: int) -> str:
    """How many records there are where all are known, else which of them stand here: a page's size is no count."""
    count = len(answer.results)
    if not before and answer.next is None:
        return words.plural("{count} record", "{count} records", count)
    first, last = words.format_number(before + 1), words.format_number(before + count)
    if answer.next is None:
        return words("records {first} to {last}, the last", first=first, last=last)
    return words("records {first} to {last}, more follow", first=first, last=last)


def _announce(words: Words, counted: str, answer: SearchAnswer) -> str:
    """How much was found, for those who hear the page."""
    if not answer.results and not answer.hits:
        return words("No results you have access to")
    hits = len(answer.hits)
    restricted = words.plural("{count} restricted match", "{count} restricted matches", hits) if hits else ""
    return ", ".join(filter(None, (counted if answer.results else "", restricted)))


def _draw_answer(
    view: OpenPage,
    asked: Mapping[str, str],
    parts: Sequence[UnderstoodPart],
    answer: SearchAnswer,
    counted: str,
    go_on: Callable[[], Awaitable[None]],
) -> None:
    """How it was understood, the results, the way to those that follow, and to be told of later ones."""
    words = view.words
    if parts:
        draw_understood(words, asked, parts)
    box("div", "facets-place", id=FACETS_PLACE)
    if without := view.visit.runtime.without():
        text("p", words("Recent records may be missing from: {agencies}", agencies=", ".join(without)), "notice")
    question = asked.get("q", "").strip()
    draw_hints(words, asked, answer.hints)
    _draw_results(view, question, answer, counted)
    if answer.next:
        with box("p", "row"):
            text("button", words("Next"), "button", type="button").on("click", go_on)
    if question:
        _draw_subscribe_button(view, question, parse_filters(asked))


def _draw_subscribe_button(view: OpenPage, question: str, filters: Filters) -> None:
    """The way to be told of later matches, of those alone that pass what narrows the search now."""
    words = view.words

    async def pressed() -> None:
        made = await view.run_action(subscribed(view, question, filters), words("Alert created"), redraw=False)
        if made is not None and made.not_asked:
            view.show_message(words(NOT_ASKED_LABELS[made.not_asked]))

    with box("p", "row small unprinted"):
        text("button", words("Alert me to new matches"), "button slight", type="button").on("click", pressed)
        text("span", words("for 90 days; matches appear under Notifications"), "quiet")
        if not filters.empty:
            text("span", words("Keeps these filters"), "quiet")
            draw_filter_tags(words, filters)


def _draw_results(view: OpenPage, question: str, answer: SearchAnswer, counted: str) -> None:
    words, rows = view.words, (*answer.results, *answer.hits)
    full = [row for row in rows if row["view"] == View.FULL]
    hits = [row for row in rows if row["view"] == View.HIT]
    if not rows:
        states.draw_empty(
            words("No results you have access to"),
            "" if answer.hints else words("Try fewer filters, or other values."),
        )
        _draw_not_asked(words, answer)
        return
    aside = words("strongest evidence first") if "evidence" in rows[0] else words("sorted by key")
    _draw_list(counted, aside, full, lambda row: _draw_result(words, row))
    _draw_list(
        words("Restricted matches (hit only)"),
        words("the owner decides"),
        hits,
        lambda row: draw_hit(view, row, question),
    )
    _draw_not_asked(words, answer)


def _draw_not_asked(words: Words, answer: SearchAnswer) -> None:
    """That hit-only records were not asked, or no more of them: without it, no result would read as nothing."""
    if answer.not_asked:
        is_told = any(row["view"] == View.HIT for row in answer.hits)
        text("p", words((FURTHER_LABELS if is_told else NOT_ASKED_LABELS)[answer.not_asked]), "notice")


def _draw_list(title: str, aside: str, rows: Sequence[Row], draw_row: Callable[[Row], object]) -> None:
    if rows:
        with panel(title, aside, tight=True), box("ol", "results"):
            for row in rows:
                draw_row(row)


def _draw_result(words: Words, row: Row) -> None:
    with box("li", data_row=""):
        with box("div", "grow"):
            about = row.get("about") or {}
            with link("", case_path(row["case"]), "name", data_open=""):
                if about.get("name"):
                    draw_name(about["name"], row["country"], classes="who")
                    text("span", " ")
                bidi_text(row.get("title") or row["case"], classes="title" if about.get("name") else "")
            with box("p", "about"):
                _draw_facts(words, about)
                bidi_text(row["case"], "bdi", "code")
                text("span", words.country_name(row["country"]))
                if about.get("opened"):
                    text("time", words.format_date(about["opened"]), datetime=about["opened"])
                if row.get("caveat"):
                    draw_caveat_badge(words, row["agency"], row["caveat"])
                if row.get("access_until"):
                    badge(words("Access until {time}", time=words.format_minute(row["access_until"])), "plain")
        if "evidence" in row:
            with box("p", "score"):
                draw_band(words, row["band"])
                text("small", words("{bits} bits", bits=bits(row["score"], words.language)), dir="ltr")
            draw_reasons(words, msgspec.convert(row["evidence"], tuple[EntityEvidence, ...]), row["met"])


def _draw_facts(words: Words, about: Row) -> None:
    """What tells one person from another: birth date and role; of a thing what it is."""
    if about.get("type") not in (None, PERSON.name):
        text("span", words.label(TYPES, about["type"]))
    if about.get("born"):
        text("span", words("born {date}", date=words.format_date(about["born"])))
    if about.get("role"):
        text("span", words.label(PARTS, about["role"]), dir="auto")


PAGE = Page("/search", N_("Search"), "search", load, draw, "searches.js")
