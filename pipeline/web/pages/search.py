"""Search: one box and filters; each result with why it matched; hit-only results apart, without content.

The question lies in the address's fragment, which browsers keep to themselves: no log ever holds it. An empty search
shows what can be asked, each with an example that a click asks, and the searches that the viewer made from this
browser, by case reference: to be run again, or forgotten.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Final, NamedTuple
from urllib.parse import urlencode

import msgspec
from nicegui import events
from nicegui.element import Element

from pipeline.access.case_filters import Filters
from pipeline.access.folders import KeptSearch
from pipeline.api.answers import SearchAnswer, told
from pipeline.api.hit_budget import FURTHER_LABELS, NOT_ASKED_LABELS
from pipeline.api.past_searches import MOST, OpenedSearch, open_searches, seal_search
from pipeline.api.services.search import MOST_ANSWERS, JudgedSearch, Search, count_facets, search
from pipeline.errors import LiaisonError
from pipeline.index.filters import FacetCounts
from pipeline.locale import N_
from pipeline.search.questions import TYPED
from pipeline.search.understanding import UnderstoodPart, understand_question
from pipeline.web.addresses import case_path
from pipeline.web.components import states
from pipeline.web.components.filters import (
    FacetOrder,
    FilterPlaces,
    draw_chosen,
    draw_facets,
    draw_filter_tags,
    draw_filters,
    draw_search_link,
    parse_filters,
)
from pipeline.web.components.form import draw_leaving_button, draw_result_export
from pipeline.web.components.hits import draw_hit
from pipeline.web.components.keep import search_reference
from pipeline.web.components.markup import bidi_text, box, link, static_html, text
from pipeline.web.components.result_rows import render_result
from pipeline.web.components.rows import render_pick_all, render_sort_choice
from pipeline.web.components.tables import TableColumn, draw_table, format_range, panel
from pipeline.web.components.terms import draw_help
from pipeline.web.components.understood import draw_hints, draw_understood
from pipeline.web.components.values import draw_moment
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.page_events import EVENT_CHARS, Fields, read_event
from pipeline.web.pages.alerts import make_alert
from pipeline.web.session import Visit

ASKED: Final = "ask"
"""The event by which the browser hands over what its address asks."""

ENTERED: Final = "enter"
"""Among what the address asks: it was typed just now, so a single exact answer is opened."""

COUNT: Final = "count"
"""What a page keeps: the heading of its results, which says how many there are."""

FILTERS: Final = "filters"
"""What a page keeps: the places of its filter panel."""

FOUND: Final = "found"
"""What a page keeps: the place for what is found."""

ORDER: Final = "order"
"""What a page keeps: where the values of its facets stand."""

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
    view.kept[FILTERS] = draw_filters(view.words)
    view.kept.setdefault(ORDER, FacetOrder())
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
    panel_: FilterPlaces = view.kept[FILTERS]
    _replace_content(panel_.chosen, lambda: draw_chosen(view.words, asked))
    if counts is None:
        _replace_content(panel_.facets, lambda: _draw_uncounted(view, panel_, asked))
    if not question and narrowed.empty:
        _draw_start(view, found, read_past_searches(view, told.get(PAST, "")))
        return

    async def again() -> None:
        await _run_search(view, found, told, place, counts)

    _replace_content(found, lambda: states.draw_loading(view.words("Searching")))
    session, judged = view.visit.new_session(), JudgedSearch()
    wanted = Search(question, session.requester.country, LIMIT, place.cursor, narrowed, evidence=True)
    try:
        with view.telling_waits():
            answer = await search(session, wanted, judged=judged)
    except LiaisonError as error:
        trouble = error
        if is_last():
            _replace_content(found, lambda: states.draw_failure(view.words, trouble, again))
        return

    if not is_last():
        return
    if not place.cursor:
        sealed = seal_search(view.visit.new_session(), question, narrowed)
        if sealed is not None:  # the browser holds a search that was answered for this viewer
            view.call_script("rememberSearch", sealed.id, sealed.text, MOST)
    parts = understand_question(question, wanted.country)
    if ENTERED in told and (case := _find_single(answer, parts)) is not None:
        view.call_script("open", case_path(case))
        return

    async def go_on() -> None:
        await _run_search(
            view, found, asked, _PlaceInList(answer.next or "", place.before + len(answer.results)), counts
        )

    whole = None if counts is None or counts.cases >= MOST_ANSWERS else counts.cases
    counted = _count_records(view.words, answer, place.before, whole)
    view.kept[TOLD].set_text(_announce(view.words, counted, answer))
    _replace_content(found, lambda: _draw_answer(view, asked, parts, answer, counted, go_on))
    counts = counts or await _count_facets(view, Search(question, wanted.country, filters=narrowed), judged)
    if counts is not None and is_last():
        _replace_content(panel_.facets, lambda: draw_facets(view.words, asked, view.kept[ORDER], counts))
        if answer.results and answer.next and counts.cases < MOST_ANSWERS:
            view.kept[COUNT].set_text(_count_records(view.words, answer, place.before, counts.cases))


def _draw_start(view: OpenPage, found: Element, searches: list[OpenedSearch]) -> None:
    """What stands where nothing is asked: the viewer's own past searches, and what can be asked."""

    def drawn() -> None:
        if searches:
            _draw_past_searches(view, searches, partial(_draw_start, view, found))
        _draw_guide(view.words)

    _replace_content(found, drawn)


async def _count_facets(view: OpenPage, search_: Search, judged: JudgedSearch) -> FacetCounts | None:
    """The counts of a search that has been answered; None where they can't be had now."""
    try:
        return (await count_facets(view.visit.new_session(), search_, judged=judged)).facets
    except LiaisonError:
        return None


def _draw_uncounted(view: OpenPage, panel_: FilterPlaces, asked: Mapping[str, str]) -> None:
    """The places of the facets until they are counted; where nothing is asked, the way to those of all records."""
    words = view.words
    if asked:
        draw_facets(words, asked, view.kept[ORDER], None)
        return

    async def pressed() -> None:
        counts = await _count_facets(view, Search(), JudgedSearch())
        if counts is None:
            view.show_message(words("The filters can't be counted now. Try again."), bad=True)
            return
        _replace_content(panel_.facets, lambda: draw_facets(words, {}, view.kept[ORDER], counts))

    text("button", words("Browse all records by country, agency and more"), "button slight", type="button").on(
        "click", pressed
    )


def _find_single(answer: SearchAnswer, parts: Sequence[UnderstoodPart]) -> str | None:
    """The case that was asked for by its number or one of its identifiers, and nothing else, where it is the only one.

    Neither a number a slip away stands in its way, nor a name; a hit does, and that hit-only records were not asked.
    """
    exact = [row.case for row in answer.results if not EXACT_CLAUSES.isdisjoint(told(row.met) or ())]
    by_number = len(parts) == 1 and any(reading.field in EXACT_FIELDS for reading in parts[0].readings[:1])
    alone = len(exact) == 1 and not answer.hits and not answer.not_asked and answer.next is None
    return exact[0] if by_number and alone else None


def _replace_content(place: Element, draw_in: Callable[[], object]) -> None:
    place.clear()
    with place:
        draw_in()


def _count_records(words: Words, answer: SearchAnswer, before: int, whole: int | None = None) -> str:
    """How many records there are where all are known, else which of them stand here: a page's size is no count."""
    count = len(answer.results)
    if not before and answer.next is None:
        return words.plural("{count} record", "{count} records", count)
    known = before + count if answer.next is None else whole
    return words("Records {range}", range=format_range(words, before, before + count, known))


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
    if without := view.visit.runtime.without():
        text("p", words("Recent records may be missing from: {agencies}", agencies=", ".join(without)), "notice")
    question = asked.get("q", "").strip()
    draw_hints(words, asked, answer.hints)
    country = view.visit.requester.country if view.visit.requester else ""
    wanted = Search(question, country, filters=parse_filters(asked))
    _draw_results(view, wanted, parts, answer, counted)
    if answer.next:
        with box("p", "row"):
            text("button", words("Next"), "button", type="button").on("click", go_on)
    if question:
        _draw_alert_button(view, question, parse_filters(asked))
    _draw_keep_button(view, question, parse_filters(asked))


def _draw_alert_button(view: OpenPage, question: str, filters: Filters) -> None:
    """The way to be told of later matches, of those alone that pass what narrows the search now."""
    words = view.words

    async def pressed() -> None:
        made = await view.run_action(make_alert(view, question, filters), words("Alert created"), redraw=False)
        if made is not None and made.not_asked:
            view.show_message(words(NOT_ASKED_LABELS[made.not_asked]))

    with box("p", "row small unprinted"):
        text("button", words("Alert me to new matches"), "button slight", type="button").on("click", pressed)
        text("span", words("for 90 days; matches appear under Notifications"), "quiet")
        if not filters.empty:
            text("span", words("Keeps these filters"), "quiet")
            draw_filter_tags(words, filters)


def _draw_keep_button(view: OpenPage, question: str, filters: Filters) -> None:
    """The way to keep the search itself, as it is asked again."""
    kept = KeptSearch(question, view.visit.new_session().requester.country, filters)
    with box("p", "row small unprinted", data_keep=search_reference(kept)):
        text("button", view.words("Add search to folder"), "button slight", type="button", data_keep_button="")


def _draw_results(
    view: OpenPage, wanted: Search, parts: Sequence[UnderstoodPart], answer: SearchAnswer, counted: str
) -> None:
    words, question = view.words, wanted.question
    if not answer.results and not answer.hits:
        states.draw_empty(
            words("No results you have access to"),
            "" if answer.hints else words("Try fewer filters, or other values."),
        )
        _draw_not_asked(words, answer)
        return
    if answer.results:
        is_ranked = told(answer.results[0].evidence) is not None
        aside = words("strongest evidence first") if is_ranked else words("sorted by key")
        tools = partial(_draw_list_tools, view, wanted, is_ranked=is_ranked)
        explain = partial(draw_help, words, "agreement") if is_ranked else None
        with panel(counted, aside, tight=True, main=True, tools=tools, explain=explain) as head:
            view.kept[COUNT] = head.title
            rows = (render_result(words, row, parts) for row in answer.results)
            static_html(rows, "ol", "results", id=RESULTS_PLACE)
    if answer.hits:
        title = words("Restricted matches (hit only)")
        explain = partial(draw_help, words, "hit_only")
        with panel(title, words("the owner decides"), tight=True, explain=explain), box("ol", "results"):
            for hit in answer.hits:
                draw_hit(view, hit, question)
    _draw_not_asked(words, answer)


def _draw_not_asked(words: Words, answer: SearchAnswer) -> None:
    """That hit-only records were not asked, or no more of them: without it, no result would read as nothing."""
    if answer.not_asked:
        text("p", words((FURTHER_LABELS if answer.hits else NOT_ASKED_LABELS)[answer.not_asked]), "notice")


RESULTS_PLACE: Final = "results"
"""The id of the list of results, which is sorted in its place."""


def _draw_list_tools(view: OpenPage, wanted: Search, *, is_ranked: bool) -> None:
    """What acts on the results: those of this page are ticked, or sorted by what they show; all are saved as a file."""
    words = view.words
    first = words("Strongest evidence") if is_ranked else words("Record")
    choices = {
        "": first, "name": words("Name"), "born": words("Date of birth"), "country": words("Country"),
        "opened down": words("Opened last"), "opened": words("Opened first"),
    }  # fmt: skip
    static_html([render_pick_all(words), render_sort_choice(words, choices, RESULTS_PLACE)], "div", "row")
    draw_result_export(words, view.visit.csrf, "search", wanted)


GUIDE = (
    (N_("Name in any script, with or without date of birth"), "Иван Петров 1980-05"),
    (N_("Several names, nicknames or dates of birth"), 'name:"Иван Петров" nickname:Ваня born:1980 born:1982-05'),
    (N_("Date of birth, the day first"), "ivan petrov 25/11/1982"),
    (N_("Date of birth, in words"), "ivan petrov 8 December 2001"),
    (N_("Approximate date of birth"), "Иван Петров born:1978/1982"),
    (N_("Person, organisation or vessel only"), 'type:organisation name:"Nord Trade"'),
    (N_("Nationality and place of birth"), "Иван Петров nationality:RU birthplace:Tver"),
    (N_("Phone"), "+33 6 12 34 56 78"),
    (N_("Plate, full or partial"), "plate:AB-1?3*"),
    (N_("Document or account number"), "number:52NO43308"),
    (N_("Passport number"), "passport:52NO43308"),
    (N_("Case number"), "fr-pj:2026-0417"),
    (N_("Place"), "city:Lyon"),
    (N_("Offence, by name or ICCS code"), "offence:theft"),
    (N_("Words in the title or summary"), 'text:"vol aggravé"'),
)
"""What can be asked, each with an example (questions.py)."""


def _draw_guide(words: Words) -> None:
    with panel(words("Search tips"), words("combine freely, in any order"), tight=True):
        draw_table(
            words("Search tips"),
            [
                TableColumn[tuple[str, str]](words("Search by"), lambda row: text("span", words(row[0]))),
                TableColumn(words("Example"), lambda row: draw_example(row[1])),
            ],
            GUIDE,
        )


def draw_example(question: str) -> None:
    """A question that a click asks."""
    with link("", f"/search#{urlencode({'q': question})}", data_open=""):
        bidi_text(question)


Redraw = Callable[[list[OpenedSearch]], None]
"""Draws what is there when some searches are left."""

PAST: Final = "past"
"""What the browser holds, among what it says of its address."""

MOST_HELD: Final = 160_000
"""Characters of that, as static/searches.js has it: 50 usual searches take 40,000. With what else an address states it
stays below what a page's socket takes at once (page_sockets.py)."""


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


def _draw_past_searches(view: OpenPage, searches: Sequence[OpenedSearch], again: Redraw) -> None:
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
        TableColumn(
            words("Search"), lambda one: draw_search_link(words, one.search.question, one.search.filters, data_open="")
        ),
        TableColumn(
            words("Time"),
            lambda one: draw_moment(words, one.search.time),
        ),
        TableColumn(
            words("Actions"),
            lambda one: draw_leaving_button(
                words("Forget"), "one", "question", partial(_forget, view, [one], searches, again)
            ),
        ),
    ]


async def _forget(
    view: OpenPage,
    gone: Sequence[OpenedSearch],
    searches: Sequence[OpenedSearch],
    again: Redraw,
) -> None:
    """Let the browser forget some, and draw the rest."""
    view.call_script("forgetSearches", [one.text for one in gone])
    again([one for one in searches if one not in gone])


PAGE = Page("/search", N_("Search"), "search", load, draw, "searches.js days.js")
