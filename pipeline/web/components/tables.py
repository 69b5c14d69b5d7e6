"""What a page is laid out in: panels with a title, lists of facts, tables, folded lists, and ways on in a long list.

A table's column knows its title and how to draw a cell; on a narrow screen each cell names its column.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Generic, NamedTuple, TypeVar

import htpy
from nicegui.elements.mixins.text_element import TextElement

from pipeline.web.components import states
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage

Fact = tuple[str, str | Callable[[], object] | None]
"""A word and its value: text of a record, something that draws itself, or None for what is not known."""


class PanelHead(NamedTuple):
    """What stands at the head of a panel, for who says it anew later: its title, and what stands aside, if any."""

    title: TextElement
    aside: TextElement | None


@contextmanager
def panel(
    title: str,
    aside: str = "",
    *,
    tight: bool = False,
    main: bool = False,
    tools: Callable[[], object] | None = None,
    explain: Callable[[], object] | None = None,
) -> Iterator[PanelHead]:
    """A section with its heading, which it gives; `tight` leaves no room around a table or list.

    `main`: it is what the page is for, so it stands in no box and has the larger heading; a page has one at most.

    `tools` draws what acts on the whole content, at the end of the heading's line; `explain` what explains its title.
    """
    with box("section", "panel main" if main else "panel", aria_label=title):
        with box("header"):
            if explain:
                with box("div", "row titled"):
                    heading = text("h2", title)
                    explain()
            else:
                heading = text("h2", title)
            beside = text("span", aside, "aside") if aside else None
            if tools:
                with box("div", "row panel-tools"):
                    tools()
        with box("div", "inside tight" if tight else "inside"):
            yield PanelHead(heading, beside)


def draw_heading(title: str, above: str, path: str) -> None:
    """A page's title, and above it the way to the page that it belongs to."""
    with box("div", "heading"):
        with box("p", "trail"):
            link(above, path, data_up="")
        text("h1", title)


def draw_facts(pairs: Iterable[Fact]) -> None:
    """Words and values in two columns; what is not known takes no line."""
    with box("dl", "facts"):
        for word, value in pairs:
            if value:
                with box("div"):
                    text("dt", word)
                    with box("dd"):
                        value() if callable(value) else bidi_text(value)


def render_facts(pairs: Iterable[tuple[str, htpy.Node]]) -> htpy.Element:
    """The same of values that only show."""
    return htpy.dl(".facts")[(htpy.div[htpy.dt[word], htpy.dd[value]] for word, value in pairs)]


R = TypeVar("R")
R_contra = TypeVar("R_contra", contravariant=True)


class TableColumn(NamedTuple, Generic[R_contra]):
    """`draw` fills a cell with what a row says; `classes` such as `number` dress the column."""

    title: str
    draw: Callable[[R_contra], object]
    classes: str = ""


def draw_table(
    caption: str,
    columns: Sequence[TableColumn[R]],
    rows: Collection[R],
    classes: str = "",
    *,
    empty: str = "",
    hint: str = "",
) -> None:
    """A table whose first column is each row's heading; the caption is heard, the panel around shows a title.

    Where there are no rows, `empty` says so in its place, and `hint` what could be done about it.
    """
    if rows or not empty:
        begin_table(caption, columns, classes)(rows)
    else:
        states.draw_empty(empty, hint)


def begin_table(caption: str, columns: Sequence[TableColumn[R]], classes: str = "") -> Callable[[Iterable[R]], None]:
    """The same table without rows; returns what adds some."""
    with box("div", "scroll", tabindex="0", role="group", aria_label=caption), box("table", f"folds {classes}".strip()):
        text("caption", caption, "hidden-words")
        with box("thead"), box("tr"):
            for column in columns:
                text("th", column.title, column.classes, scope="col")
        body = box("tbody")

    def add(rows: Iterable[R]) -> None:
        with body:
            for row in rows:
                _draw_row(columns, row)

    return add


def _draw_row(columns: Sequence[TableColumn[R]], row: R) -> None:
    with box("tr", data_row=""):
        for at, column in enumerate(columns):
            heads = {"scope": "row"} if at == 0 else {"data_column": column.title}
            with box("td" if at else "th", column.classes, **heads):
                column.draw(row)


def render_table(caption: str, columns: Mapping[str, str], rows: Iterable[Sequence[htpy.Node]]) -> htpy.Element:
    """The same of rows that only show; `columns` are classes by title."""
    heads = [htpy.th(class_=classes or None, scope="col")[title] for title, classes in columns.items()]
    body = [htpy.tr[_render_cells(columns, row)] for row in rows]
    table = htpy.table(".folds")[htpy.caption(".hidden-words")[caption], htpy.thead[htpy.tr[heads]], htpy.tbody[body]]
    return htpy.div(".scroll")[table]


def _render_cells(columns: Mapping[str, str], row: Sequence[htpy.Node]) -> Iterator[htpy.Element]:
    for at, ((title, classes), cell) in enumerate(zip(columns.items(), row, strict=True)):
        if at == 0:
            yield htpy.th(class_=classes or None, scope="row")[cell]
        else:
            yield htpy.td(class_=classes or None, data_column=title)[cell]


T = TypeVar("T")


def draw_folded_list(words: Words, items: Sequence[T], seen: int, draw: Callable[[T], object]) -> None:
    """The first `seen` items, and how many more there are."""
    with box("div", "stack close"):
        for item in items[:seen]:
            draw(item)
        if rest := items[seen:]:
            with box("details", "more stack close"):
                text("summary", words.plural("{count} more", "{count} more", len(rest)))
                for item in rest:
                    draw(item)


def format_range(words: Words, before: int, last: int, whole: int | None) -> str:
    """Which of a long list stand here, those behind `before` up to `last`: 1–100 of 500, or that more follow."""
    ends = {"first": words.format_number(before + 1), "last": words.format_number(last)}
    if whole is None or whole < last:
        return words("{first}–{last}, more follow", **ends)
    return words("{first}–{last} of {whole}", whole=words.format_number(whole), **ends)


AFTER = "after"
"""The parameter of a page's `load` that holds the cursor."""


BEFORE = "before"
"""The parameter that holds how many stand on the pages before, where one went on page by page."""


def draw_pager(
    view: OpenPage, following: str | None, onward: str, back: str, *, shown: int, whole: int | None = None
) -> None:
    """Buttons named `onward` and `back` to what follows and to the beginning, as far as there is either.

    Between them stands which are here: `shown` of them, of `whole` where that is known.
    """
    words, before = view.words, int(view.parameters.get(BEFORE, 0))

    async def go_on() -> None:
        view.parameters.update({AFTER: following or "", BEFORE: str(before + shown)})
        await view.redraw()

    async def begin_again() -> None:
        for name in (AFTER, BEFORE):
            view.parameters.pop(name, None)
        await view.redraw()

    if following or AFTER in view.parameters:
        with box("p", "row pager"):
            is_counted = BEFORE in view.parameters or AFTER not in view.parameters
            if shown and is_counted:
                known = whole if following else before + shown
                text("span", format_range(words, before, before + shown, known), "quiet")
            if AFTER in view.parameters:
                text("button", back, "button", type="button").on("click", begin_again)
            if following:
                text("button", onward, "button", type="button").on("click", go_on)
