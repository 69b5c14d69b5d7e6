"""What the columns of an uploaded table are searched as, before its first rows as they would be; then it is checked.

What was left out of the table, or is in doubt, is said in a sentence each: how often, where, with examples.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Final

import msgspec
from nicegui import ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from pipeline.api.answers import ListDraftView, PreviewRow
from pipeline.api.list_planning import TARGET_LABELS, TARGETS, HintKind, ListColumn, ListHint
from pipeline.api.problems import UnprocessableError
from pipeline.api.services.list_drafts import ENCODINGS, ListDraftChange, change_draft, delete_draft, read_draft
from pipeline.errors import LiaisonError
from pipeline.locale import N_, NN_
from pipeline.web.addresses import list_path
from pipeline.web.components.form import staying_form, submit_button
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.states import format_failure
from pipeline.web.components.tables import TableColumn, draw_table, panel
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.page_events import Fields, read_event
from pipeline.web.pages.checks import draw_query
from pipeline.web.session import Visit

TARGET: Final = "target-"
"""Begins the name of each column's field; its place follows."""

FILLED_IN: Final = "(event) => emit(Object.fromEntries(new FormData(event.target.form)))"

ENCODING_NAMES: Final = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "cp1252": N_("Western European (Windows-1252)"),
    "cp1250": N_("Central European (Windows-1250)"),
    "cp1251": N_("Cyrillic (Windows-1251)"),
    "cp1253": N_("Greek (Windows-1253)"),
    "cp1254": N_("Turkish (Windows-1254)"),
    "cp1256": N_("Arabic (Windows-1256)"),
}


async def load(visit: Visit, parameters: Parameters) -> ListDraftView:
    """The draft as it is now. Raises NotFoundError for another's."""
    return (await read_draft(visit.new_session(), parameters["name"])).draft


def draw(view: OpenPage, draft: ListDraftView) -> None:
    """The columns, then what becomes of the first rows and what is left out, which each choice draws anew."""
    words = view.words
    with box("div", "heading"):
        with box("p", "trail"):
            link(words("List check"), "/checks", data_up="")
        text("h1", words("Check the columns"))
        rows = words.plural("{count} row", "{count} rows", draft.rows)
        with box("p", "quiet"):
            bidi_text("".join(f"{said} · " for said in (draft.title, rows) if said), "span")
            until = words("kept until {time}", time=words.format_minute(draft.expires))
            text("time", until, datetime=draft.expires)
    _draw_reading(view, draft)

    async def delete() -> None:
        deleted = delete_draft(view.visit.new_session(), draft.id)
        if await view.run_action(deleted, words("Deleted"), redraw=False):
            ui.navigate.to("/checks")

    with staying_form(words, f"{list_path(draft.id)}/start", view.visit.csrf, "stack mapping") as form:
        with panel(words("Columns"), words("guessed by name and content; change what is wrong"), tight=True):
            draw_table(words("Columns"), _mapping_columns(words, draft), list(enumerate(draft.columns)))
        shown = box("div", "stack", aria_live="polite")
        with shown:
            _draw_outcome(words, draft)
        with box("div", "row"):
            submit_button(words("Check list"), "button main")
            text("button", words("Delete"), "button", type="button").on("click", delete)
            text("span", words("Each row is logged as a search."), "small quiet")
    form.on("change", view.guard(partial(_map_columns, view, draft, shown)), js_handler=FILLED_IN)


def _draw_reading(view: OpenPage, draft: ListDraftView) -> None:
    """How the file is read; each choice reads it anew."""
    words = view.words
    with box("form", "filters reading") as form:
        if len(draft.sheets) > 1:
            sheets = {name: name for name in draft.sheets}
            _draw_select(words("Sheet"), "sheet", sheets, draft.sheet)
        if draft.encoding:
            names = {code: words(ENCODING_NAMES[code]) for code in ENCODINGS}
            _draw_select(words("Encoding"), "encoding", names, draft.encoding)
        with box("label", "choice"):
            box("input", type="checkbox", name="header", value="1", checked=True if draft.header else None)
            text("span", words("The first row names the columns"))
    form.on("change", view.guard(partial(_read_anew, view, draft)), js_handler=FILLED_IN)


def _draw_select(word: str, name: str, options: Mapping[str, str], chosen: str) -> None:
    with box("p", "field"):
        text("label", word, for_=f"by-{name}")
        with box("select", id=f"by-{name}", name=name):
            for value, said in options.items():
                text("option", said, value=value, selected=True if value == chosen else None)


def _mapping_columns(words: Words, draft: ListDraftView) -> list[TableColumn[tuple[int, ListColumn]]]:
    return [
        TableColumn(words("Column"), lambda row: bidi_text(_name_column(words, draft, *row))),
        TableColumn(words("Filled"), lambda row: text("span", words.format_number(row[1].filled)), "number"),
        TableColumn(words("Examples"), lambda row: bidi_text(" · ".join(row[1].examples) or "–", classes="breaks")),
        TableColumn(words("Searched as"), lambda row: _draw_target(words, draft, *row)),
    ]


def _name_column(words: Words, draft: ListDraftView, at: int, column: ListColumn) -> str:
    return column.name if draft.header else words("Column {number}", number=at + 1)


def _draw_target(words: Words, draft: ListDraftView, at: int, column: ListColumn) -> None:
    about = words("{column} is searched as", column=_name_column(words, draft, at, column))
    with box("select", name=f"{TARGET}{at}", aria_label=about):
        for target in TARGETS:
            chosen = True if target == column.target else None
            text("option", words.label(TARGET_LABELS, target), value=target, selected=chosen)


def _draw_outcome(words: Words, draft: ListDraftView) -> None:
    """The first rows as they would be searched, and hints."""
    with panel(words("First rows as they will be searched"), tight=True):
        draw_table(
            words("First rows as they will be searched"),
            [
                TableColumn[PreviewRow](
                    words("Row"), lambda row: text("span", words.format_number(row.line)), "number"
                ),
                TableColumn(words("Your ID"), lambda row: bidi_text(row.id or "–")),
                TableColumn(words("Search"), lambda row: draw_query(words, row.question)),
            ],
            draft.preview,
        )
    if draft.hints:
        columns = {column.name: _name_column(words, draft, at, column) for at, column in enumerate(draft.columns)}
        with panel(words("Left out or in doubt")), box("ul", "stack close hints"):
            for hint in draft.hints:
                bidi_text(format_hint(words, hint, columns.get(hint.column, "")), "li")


async def _map_columns(view: OpenPage, draft: ListDraftView, shown: Element, event: GenericEventArguments) -> None:
    """Keep what was chosen, and show what becomes of it; the fields stay, so that nobody loses their place."""
    try:
        change = _make_change(targets=parse_targets(read_event(event, Fields)))
        async with _turn(view):
            answer = await change_draft(view.visit.new_session(), draft.id, change)
    except LiaisonError as error:
        view.show_message(format_failure(view.words, error), bad=True)
        return
    shown.clear()
    with shown:
        _draw_outcome(view.words, answer.draft)


def _turn(view: OpenPage) -> asyncio.Lock:
    """What a change of the draft waits for: it is kept and shown after those that were made before it."""
    turn: asyncio.Lock = view.kept.setdefault("turn", asyncio.Lock())
    return turn


def parse_targets(sent: Mapping[str, object]) -> tuple[str, ...]:
    """What a form says that each column is searched as, in their order."""
    places = sorted(int(name.removeprefix(TARGET)) for name in sent if name.removeprefix(TARGET).isdecimal())
    return tuple(str(sent[f"{TARGET}{at}"]) for at in places if f"{TARGET}{at}" in sent)


async def _read_anew(view: OpenPage, draft: ListDraftView, event: GenericEventArguments) -> None:
    told: dict[str, str] = read_event(event, Fields)
    change = _make_change(sheet=told.get("sheet", ""), encoding=told.get("encoding", ""), header="header" in told)
    done = view.words("File read again")
    async with _turn(view):
        await view.run_action(change_draft(view.visit.new_session(), draft.id, change), done)


def _make_change(**said: object) -> ListDraftChange:
    """A change within the limits of the API's. Raises UnprocessableError."""
    try:
        return msgspec.convert(said, ListDraftChange)
    except msgspec.ValidationError as error:
        raise UnprocessableError(N_("the page sent what it should not; reload it")) from error


SENTENCES: Mapping[HintKind, tuple[str, str]] = {
    "no_query": NN_(
        "{count} row has nothing to search for, such as a name or a number: row {examples}",
        "{count} rows have nothing to search for, such as a name or a number: rows {examples}",
    ),
    "refused_row": NN_(
        "{count} row is too long for one search: row {examples}",
        "{count} rows are too long for one search: rows {examples}",
    ),
    "unread_row": NN_(
        "{count} row is left out, as its cells do not fit the columns: row {examples}",
        "{count} rows are left out, as their cells do not fit the columns: rows {examples}",
    ),
    "unread_column": NN_(
        "{column}: not searched; {count} cell is filled, such as {examples}",
        "{column}: not searched; {count} cells are filled, such as {examples}",
    ),
    "unread_value": NN_(
        "{column}: {count} value can't be read and is left out of its row's search: {examples}",
        "{column}: {count} values can't be read and are left out of their rows' searches: {examples}",
    ),
    "two_dates": NN_(
        "{column}: {count} date can be read in several ways; all are searched, unless you choose above what stands "
        "first: {examples}",
        "{column}: {count} dates can be read in several ways; all are searched, unless you choose above what stands "
        "first: {examples}",
    ),
    "other_sheets": NN_(
        "{count} other sheet is not read: {examples}",
        "{count} other sheets are not read: {examples}",
    ),
    "damaged": NN_(
        "{column}: {count} cell has unreadable characters; choose another encoding: {examples}",
        "{column}: {count} cells have unreadable characters; choose another encoding: {examples}",
    ),
}  # fmt: skip
"""The sentence of each kind of hint, for one and for many."""


def format_hint(words: Words, hint: ListHint, column: str) -> str:
    """A hint as a sentence; `column` is what the page calls the hint's column."""
    whole = hint.kind == "unread_column" or hint.count <= len(hint.examples)
    examples = ", ".join(hint.examples) + ("" if whole else "…")
    return words.plural(*SENTENCES[hint.kind], hint.count, column=column, examples=examples)


PAGE = Page("/checks/{name}/columns", N_("Check the columns"), "checks", load, draw)
