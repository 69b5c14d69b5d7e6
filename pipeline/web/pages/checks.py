"""List checks: send many questions at once, see how far each list has come, and what was found for it.

What was found stands row by row as far as it has been asked: the query, the best match, its band, why. Lists whose
columns wait lead to list_columns.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final, NamedTuple
from urllib.parse import urlencode

from nicegui.element import Element

from pipeline.api.answers import (
    ListCheck,
    ListChecksAnswer,
    ListDraftsAnswer,
    ListDraftSummary,
    ListMatch,
    ListResultRow,
    ListResultsAnswer,
)
from pipeline.api.list_planning import MOST_BYTES, MOST_ROWS, TARGET_LABELS
from pipeline.api.list_template import TEMPLATE_TYPES
from pipeline.api.services.list_checks import delete_list, extend_list, read_list_check, read_list_checks
from pipeline.api.services.list_drafts import delete_draft, read_drafts
from pipeline.api.services.list_results import (
    FoundFilter,
    ListFileFormat,
    ListFilter,
    best_band,
    format_not_asked,
    read_results,
)
from pipeline.api.services.result_tables import ListPlace
from pipeline.api.session import Session
from pipeline.errors import LiaisonError
from pipeline.locale import N_, NN_
from pipeline.matching.bands import LINK_BANDS, Band
from pipeline.matching.explain.words import TYPES
from pipeline.web.addresses import case_path, list_columns_path, list_path, records_path
from pipeline.web.components import states
from pipeline.web.components.badges import BAND_LABELS, badge, draw_band, draw_caveat_badge
from pipeline.web.components.form import (
    Sent,
    draw_result_export,
    field,
    form,
    post_form,
    select_field,
    staying_form,
    submit_button,
)
from pipeline.web.components.hits import draw_hit_actions
from pipeline.web.components.keep import list_reference
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.rows import record_mark
from pipeline.web.components.tables import AFTER, TableColumn, begin_table, draw_pager, draw_table, panel
from pipeline.web.components.understood import MET, draw_hint
from pipeline.web.components.values import draw_moment, draw_name, draw_title, format_birth_date
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit
from pipeline.web.vocabulary import FILE_FORMATS

LIST_FORMS: Final[tuple[ListFileFormat, ...]] = ("csv", "ndjson", "ftm")
"""Files of all rows, whichever are shown."""

ACCEPTED = ".csv,.tsv,.txt,.xlsx,.xlsm,.xls,.xlsb,.ods,.ndjson,.jsonl,.json,text/csv"
"""What a browser offers to choose; what a file is is seen in its content."""


class ListsPageData(NamedTuple):
    """A visitor's lists, and those whose columns are not confirmed."""

    lists: ListChecksAnswer
    drafts: ListDraftsAnswer


async def load(visit: Visit, _: Parameters) -> ListsPageData:
    """This visitor's lists, the latest first."""
    return ListsPageData(await read_list_checks(visit.new_session()), await read_drafts(visit.new_session()))


def draw(view: OpenPage, found: ListsPageData) -> None:
    """The form for a new list, and those there are."""
    words = view.words
    text("h1", words("List check"))
    with panel(words("New list check")):
        _draw_form(words, view.visit.csrf)
    if found.drafts.drafts:
        with panel(words("Unfinished"), words("columns not confirmed yet"), tight=True):
            draw_table(words("Unfinished"), _draft_columns(view), found.drafts.drafts)
    with panel(words("Your lists"), words("kept for 24 h, or longer for a case"), tight=True):
        draw_lists(view, found.lists.lists)


def draw_lists(view: OpenPage, lists: Sequence[ListCheck]) -> None:
    """A visitor's lists, each with its progress, or that there are none."""
    words = view.words
    draw_table(
        words("Your lists"),
        _list_columns(view),
        lists,
        empty=words("No lists"),
        hint=words("Lists are checked in the background, even after you leave this page."),
    )


def _draw_form(words: Words, token: str) -> None:
    with staying_form(words, "/checks", token, enctype="multipart/form-data"):
        box("input", type="hidden", name="key", value=uuid.uuid4().hex)
        with box("div", "halves"):
            with box("div", "stack"):
                _draw_file_field(words)
                text("p", words("The next page shows how its columns are read, before anything is searched."), "small")
                _draw_templates(words)
            field(words("Or paste one search per line"), "lines", "list", "textarea", dir="auto", rows="4")
        with box("div", "row"):
            submit_button(words("Continue"), "button main")
            most = words("Up to {count} rows, each logged as a search.", count=words.format_number(MOST_ROWS))
            text("span", most, "small quiet")


def _draw_file_field(words: Words) -> None:
    size = words.format_megabytes(MOST_BYTES)
    field(
        words("File (XLSX, CSV or another table, up to {size})", size=size), "file", "list",
        type="file", accept=ACCEPTED, data_most_bytes=MOST_BYTES,
        data_too_long=words("The file is larger than {size}. Split it, or save it as CSV.", size=size),
    )  # fmt: skip


def _draw_templates(words: Words) -> None:
    with box("p", "row small"):
        text("span", words("Template"), "quiet")
        for form in TEMPLATE_TYPES:
            link(form.upper(), f"/checks/template/{form}", download="")


def _draft_columns(view: OpenPage) -> list[TableColumn[ListDraftSummary]]:
    words = view.words
    return [
        TableColumn(
            words("File"), lambda draft: _draw_name(words, draft.title, draft.created, list_columns_path(draft.id))
        ),
        TableColumn(words("Rows"), lambda draft: text("span", words.format_number(draft.rows)), "number"),
        TableColumn(words("Kept until"), lambda draft: draw_moment(words, draft.expires)),
        TableColumn(words("Actions"), lambda draft: _draw_delete_button(view, delete_draft, draft.id)),
    ]


def _list_columns(view: OpenPage) -> list[TableColumn[ListCheck]]:
    words = view.words
    return [
        TableColumn(words("List"), lambda check: _draw_name(words, check.title, check.created, list_path(check.id))),
        TableColumn(words("Submitted"), lambda check: draw_moment(words, check.created)),
        TableColumn(words("Rows"), lambda check: text("span", words.format_number(check.rows)), "number"),
        TableColumn(words("Progress"), lambda check: draw_progress(words, check)),
        TableColumn(words("Your case"), lambda check: bidi_text(check.case_reference)),
        TableColumn(words("Kept until"), lambda check: draw_moment(words, check.expires)),
        TableColumn(words("Actions"), lambda check: _draw_delete_button(view, delete_list, check.id)),
    ]


def name_list(words: Words, title: str, created: str) -> str:
    """What a list is called: by its file, else by the time when it was submitted."""
    return title or words("List of {time}", time=words.format_minute(created))


def draw_list_name(words: Words, title: str, created: str) -> None:
    """The same, where the time is a name with the reader's own beside it."""
    if title:
        bidi_text(title)
    else:
        text("time", name_list(words, title, created), datetime=created)


def _draw_name(words: Words, title: str, created: str, path: str) -> None:
    with link("", path, "breaks", data_open=""):
        bidi_text(name_list(words, title, created))


def _draw_delete_button(view: OpenPage, delete: Callable[[Session, str], Awaitable[object]], name: str) -> None:
    async def pressed() -> None:
        await view.run_action(delete(view.visit.new_session(), name), view.words("Deleted"))

    text("button", view.words("Delete"), "button slight", type="button").on("click", pressed)


SHOWN = "shown list"
"""Where a page keeps what it has drawn."""

AGAIN = "again"
"""The event by which the browser asks for a running list anew, some seconds after it was drawn."""

LIMIT = 100
"""Rows of one page."""

RELATIONS = NN_("{count} relation", "{count} relations")

KEPT_DAYS: Final = {"7": 7, "30": 30, "90": 90}
"""Days for which a list can be kept from now on."""

FOUND_LABELS: dict[FoundFilter, str] = {
    "": N_("All rows"),
    "match": N_("With a match"),
    "weak": N_("Weaker results only"),
    "none": N_("No result"),
    "not_asked": N_("Hit-only records not asked"),
    "problem": N_("Not searched"),
}
"""The choices of the parameter `found`."""


class ListResultsPageData(NamedTuple):
    """A list, and a page of its rows."""

    list: ListCheck
    found: ListResultsAnswer


async def load_results(visit: Visit, parameters: Parameters) -> ListResultsPageData:
    """The list and a page of what was found. Raises NotFoundError for another's."""
    name, wanted = parameters["name"], parse_list_filter(parameters)
    answer = await read_list_check(visit.new_session(), name)
    return ListResultsPageData(
        answer.list, await read_results(visit.new_session(), name, LIMIT, parameters.get(AFTER, ""), wanted)
    )


def parse_list_filter(asked: Parameters) -> ListFilter:
    """What an address narrows to; what makes no sense in it narrows nothing."""
    found, band = asked.get("found", ""), asked.get("band", "")
    return ListFilter(found if found in FOUND_LABELS else "", Band(band) if band in LINK_BANDS else Band.NONE)


class ShownList:
    """A list as it is drawn. What comes while it is checked is added behind what is there, where somebody may be."""

    def __init__(self, view: OpenPage, loaded: ListResultsPageData) -> None:
        words, rows = view.words, loaded.found.rows
        self._view, self._rows, self._goes_on = view, rows, loaded.found.next is not None
        self._progress = _draw_heading(view, loaded.list)
        _draw_filters(view, loaded.list)
        with panel(words("Results"), _count_rows(words, rows), tight=True) as head:
            self._count = head.aside
            if rows:
                self._add = begin_table(words("Results"), _result_columns(view), "found")
                self._add(rows)
            else:
                _draw_none(words, loaded)
        self._pager = box("div")
        self._draw_pager(loaded.found.next)

    def add(self, loaded: ListResultsPageData) -> bool:
        """Show what has come since; False where the page is another one and has to be drawn anew."""
        rows, known = loaded.found.rows, len(self._rows)
        if not known or [row.line for row in rows[:known]] != [row.line for row in self._rows]:
            return False
        self._add(rows[known:])
        self._rows = rows
        if self._count is not None:
            self._count.text = _count_rows(self._view.words, rows)
        _fill_progress(self._view.words, self._progress, loaded.list)
        if self._goes_on != (loaded.found.next is not None):
            self._goes_on = not self._goes_on
            self._draw_pager(loaded.found.next)
        return True

    def _draw_pager(self, following: str | None) -> None:
        words = self._view.words
        self._pager.clear()
        with self._pager:
            draw_pager(self._view, following, words("Next"), words("Back to start"), shown=len(self._rows))


def draw_results(view: OpenPage, loaded: ListResultsPageData) -> None:
    """The rows that the filter takes, each with what was found for it."""
    view.kept[SHOWN] = ShownList(view, loaded)
    view.listen(AGAIN, partial(_look_again, view))


async def _look_again(view: OpenPage) -> None:
    """Show how far the list has come, and what was found since."""
    shown: ShownList = view.kept[SHOWN]
    try:
        loaded = await load_results(view.visit, view.parameters)
    except LiaisonError:
        await view.redraw()  # which says what is wrong
        return
    if view.kept[SHOWN] is shown and not shown.add(loaded):
        await view.redraw()


def _count_rows(words: Words, rows: Sequence[ListResultRow]) -> str:
    return words.plural("{count} row", "{count} rows", len(rows))


def _draw_none(words: Words, loaded: ListResultsPageData) -> None:
    if loaded.found.next:
        states.draw_empty(words("No such row so far"), words("Next shows where the list goes on."))
    elif loaded.list.done:
        states.draw_empty(words("No such row"), words("Choose another filter."))
    else:
        states.draw_empty(words("No row checked yet"))


def _draw_heading(view: OpenPage, check: ListCheck) -> Element:
    """What list it is, with its forms as a file; returns the place of its progress."""
    words, wanted = view.words, parse_list_filter(view.parameters)
    with box("div", "heading", data_keep=list_reference(check.id)):
        with box("p", "trail"):
            link(words("List check"), "/checks", data_up="")
        with box("div", "row apart"):
            with text("h1", "", "breaks"):
                draw_list_name(words, check.title, check.created)
            with box("div", "row"):
                text("button", words("Add to folder"), "button slight", type="button", data_keep_button="")
                progress = box("span")
                _draw_files(view, check, wanted)
        _draw_keeping(view, check)
    _fill_progress(words, progress, check)
    return progress


def _draw_files(view: OpenPage, check: ListCheck, wanted: ListFilter) -> None:
    """The list's forms as a file, in one row."""
    with box("div", "row forms"):
        with post_form(f"{list_path(check.id)}/file", view.visit.csrf, "row"):
            box("input", type="hidden", name="found", value=wanted.found)
            box("input", type="hidden", name="band", value=wanted.band.value)
            for form in LIST_FORMS:
                word = view.words(FILE_FORMATS[form])
                text("button", word, "button slight", type="submit", name="form", value=form)
        draw_result_export(view.words, view.visit.csrf, "list", ListPlace(check.id, wanted), ["xlsx"])


def _draw_keeping(view: OpenPage, check: ListCheck) -> None:
    """Until when the list is kept, for which case, and the form that gives it another end."""
    words = view.words

    async def sent(fields: Sent) -> None:
        session = view.visit.new_session()
        until = session.now + timedelta(days=KEPT_DAYS[fields["days"]])
        await view.run_action(extend_list(session, check.id, until), words("List kept"))

    with box("div", "row small"):
        with box("span"):
            until = words("Kept until {time}", time=words.format_minute(check.expires))
            text("time", until, datetime=check.expires)
            text("span", " · ", "quiet")
            bidi_text(check.case_reference)
        with box("details", "more"):
            text("summary", words("Keep longer"))
            with form(sent, "filters"):
                spans = {length: words.format_span(timedelta(days=days)) for length, days in KEPT_DAYS.items()}
                select_field(words("Keep for"), "days", f"keep-{check.id}", spans)
                text("button", words("Save"), "button", type="submit")
            text("p", words("It stays for this case only. Then it is deleted with all results."), "quiet")


def _fill_progress(words: Words, place: Element, check: ListCheck) -> None:
    """How far it has come; while it runs, the browser asks again (static/keys.js)."""
    place.clear()
    with place, box("span", data_again=AGAIN if check.done < check.rows else None):
        draw_progress(words, check)


def _draw_filters(view: OpenPage, check: ListCheck) -> None:
    words, wanted = view.words, parse_list_filter(view.parameters)
    with box("div", "row"):
        with box("nav", "switch wraps", aria_label=words("Results")):
            link(words("By row"), list_path(check.id), aria_current="true")
            link(words("By record"), records_path(check.id))
        with box("nav", "switch wraps", aria_label=words("Rows")):
            for found, word in FOUND_LABELS.items():
                chosen = (found, Band.NONE) == (wanted.found, wanted.band)
                _draw_choice(words(word), check, {"found": found}, chosen=chosen)
        with box("nav", "switch wraps", aria_label=words("Band")):
            for band in LINK_BANDS:
                _draw_choice(words(BAND_LABELS[band][1]), check, {"band": band.value}, chosen=band is wanted.band)


def _draw_choice(word: str, check: ListCheck, asked: dict[str, str], *, chosen: bool) -> None:
    query = urlencode({name: value for name, value in asked.items() if value})
    link(word, f"{list_path(check.id)}{'?' if query else ''}{query}", aria_current="true" if chosen else None)


def _result_columns(view: OpenPage) -> list[TableColumn[ListResultRow]]:
    words = view.words
    return [
        TableColumn(words("Row"), lambda row: text("span", words.format_number(row.line)), "number"),
        TableColumn(words("Your ID"), lambda row: _draw_own(words, row)),
        TableColumn(words("Search"), lambda row: _draw_asked(words, row), "wide"),
        TableColumn(words("Best band"), lambda row: _draw_best_band(words, row)),
        TableColumn(words("Records"), lambda row: _draw_result(view, row), "wide"),
    ]


def _draw_asked(words: Words, row: ListResultRow) -> None:
    """What a row asks; where that is nothing, why."""
    if row.problem and not row.query:
        text("span", row.problem, "tag warn wraps")
    else:
        draw_query(words, row.query)


def _draw_own(words: Words, row: ListResultRow) -> None:
    """The row's own id, which leads to the record that it asks about; how its file ties it to others."""
    with box("div", "stack close"):
        if row.source:
            link(row.id, case_path(row.source), "code")
        else:
            bidi_text(row.id or "–")
        if row.ties:
            with box("details", "more small"):
                text("summary", words.plural(*RELATIONS, len(row.ties)))
                with box("ul"):
                    for tie in row.ties:
                        with box("li"):
                            text("span", f"{tie.relation} · {tie.role} ", "quiet")
                            bidi_text(tie.other)


def _draw_best_band(words: Words, row: ListResultRow) -> None:
    if (best := best_band(row)) is not Band.NONE:
        draw_band(words, best)
    else:
        text("span", "–", "quiet")


def _draw_result(view: OpenPage, row: ListResultRow) -> None:
    """The best match, then hits, which are few; what is behind them folded."""
    words = view.words
    best = row.matches[:1] if row.matches and row.matches[0].band else []
    others = row.matches[len(best) :]
    with box("div", "stack close"):
        if row.problem and row.query:
            text("span", row.problem, "tag warn")
        for found in best:
            _draw_match(words, found, with_band=best_band(row) != found.band)
        for hit in row.hits:
            with box("div", "row"):
                text("span", words("A record of {agency}", agency=words.agency_name(hit.agency)))
                badge(words("Hit only"), "plain")
                draw_band(words, hit.band)
            draw_hit_actions(view, hit, _format_query(row.query))
        if row.not_asked:
            text("span", format_not_asked(row, words.language), "tag warn")
        if row.hint:
            draw_hint(words, row.hint)
        if others:
            with box("details", "more"):
                text("summary", words.plural(*(MORE_RESULTS if best else WEAK_RESULTS), len(others)))
                with box("div", "stack"):
                    for found in others:
                        _draw_match(words, found)


def _draw_match(words: Words, found: ListMatch, *, with_band: bool = True) -> None:
    about = found.about
    with box("div", "stack close"):
        with box("div", "row"):
            with link("", case_path(found.case), data_open="", data_keep=record_mark(found.case)):
                if about.name:
                    draw_name(about.name, found.country, classes="strong")
                    text("span", " ")
                draw_title(words, found.title or found.case)
            if found.band and with_band:
                draw_band(words, found.band)
            draw_caveat_badge(words, found)
        with box("p", "row small quiet"):
            if about.born:
                text("span", words("born {date}", date=words.format_date(about.born)))
            text(
                "span",
                f"{words.agency_title(found.agency)} · {words.country_name(found.country)} · {found.case}",
                "code",
            )
        _draw_comparisons(words, found)


def _draw_comparisons(words: Words, found: ListMatch) -> None:
    """How well each value agrees, the strongest first, with both values where they are not the same."""
    if found.compared:
        with box("ul", "levels small"):
            for one in found.compared:
                with box("li", "against" if one.bits < 0 else ""):
                    text("b", one.label)
                    text("span", f" {one.agreement}")
                    if one.asked != one.record:
                        text("span", " ")
                        asked, record = words("asked"), words("record")
                        with box("span", "quiet"):
                            text("span", f"{asked} ")
                            bidi_text(one.asked)
                            text("span", f", {record} ")
                            bidi_text(one.record)
    elif met := [words.label(MET, clause) for clause in found.met if clause in MET]:
        text("span", ", ".join(met), "small quiet")


_PART = re.compile(r'(\w+):"([^"]*)"\s*')
_ROW = re.compile(rf"(?:{_PART.pattern})+")


def draw_query(words: Words, question: str) -> None:
    """A question that columns make, part by part; one that was written as it stands, as it stands."""
    if not question:
        text("span", words("Nothing to search for"), "tag warn")
        return
    if not _ROW.fullmatch(question):
        bidi_text(question)
        return
    with box("span", "asked"):
        for field, value in _PART.findall(question):
            if field == "type":  # its name says what it is
                text("span", words.label(TYPES, value), "quiet")
                continue
            with box("span", title=words.label(TARGET_LABELS, field)):
                said = words("{field}:", field=words.label(TARGET_LABELS, field))
                text("span", f"{said} ", "hidden-words" if field == "name" else "quiet")
                said = format_birth_date(words, value) if field == "born" else value
                bidi_text(said, classes="strong" if field == "name" else "")


def _format_query(question: str) -> str:
    """A question's values alone, as a name for what it found."""
    if not _ROW.fullmatch(question):
        return question
    return " · ".join(value for field, value in _PART.findall(question) if field != "type")


MORE_RESULTS: Final = NN_("{count} more result", "{count} more results")
WEAK_RESULTS: Final = NN_("{count} weak result", "{count} weak results")
NOT_ASKED: Final = NN_("hit-only records not asked for {count} row", "hit-only records not asked for {count} rows")


def draw_progress(words: Words, check: ListCheck) -> None:
    """The rows that have been asked, as a bar and in numbers, and how many of them not of hit-only records."""
    with box("span", "row"):
        with box("span", "meter", aria_hidden="true"):
            box("b", style=f"width: {check.done / max(1, check.rows):.0%}")
        done, rows = words.format_number(check.done), words.format_number(check.rows)
        text("span", words("Done") if check.done == check.rows else words("{done} of {rows}", done=done, rows=rows))
        if check.not_asked:
            text("span", words.plural(*NOT_ASKED, check.not_asked), "tag warn")


PAGE = Page("/checks", N_("List check"), "checks", load, draw)
RESULTS_PAGE = Page("/checks/{name}", N_("List check"), "checks", load_results, draw_results)
