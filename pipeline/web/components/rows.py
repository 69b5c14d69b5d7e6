"""Rows as one works with them: what a row can be kept as, its tick, its preview, and tables whose columns sort.

A row says by attributes what it is of: `data-keep` what can be kept of it ("record be-fp:1"), `data-preview` the case
whose preview it opens. static/rows.js ticks, sorts what is there, and opens the preview.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import htpy

from pipeline.web.components.markup import box, static_html
from pipeline.web.components.terms import render_help
from pipeline.web.i18n import Words


def record_mark(case: str) -> str:
    """What a row of a case is kept as."""
    return f"record {case}"


def link_mark(link: str) -> str:
    """What a row of a link is kept as."""
    return f"link {link}"


def entity_mark(case: str, entity: str) -> str:
    """What a row of an entity is kept as."""
    return f"entity {case} {entity}"


def row_marks(keep: str, preview: str = "") -> dict[str, str | None]:
    """The attributes of a row that can be kept and previewed; `preview` is the key of a case, "" of none."""
    return {"data_row": "", "data_keep": keep, "data_preview": preview or None}


def render_tick(words: Words, name: str) -> htpy.VoidElement:
    """The box that ticks a row; `name` is what the row is called."""
    return htpy.input(".tick", type="checkbox", data_pick="", aria_label=words("Select {name}", name=name))


def render_preview_button(words: Words, name: str) -> htpy.Element:
    """The button that opens a row's preview: seen when the pointer or the focus is in the row."""
    said = words("Preview of {name}", name=name)
    return htpy.button(".peek", type="button", data_peek="", aria_label=said, title=words("Preview (space)"))


class SortColumn(NamedTuple):
    """A column of a table of rows. One without a title holds what acts on the row; `sorts` is whether it can sort."""

    title: str
    classes: str = ""
    sorts: bool = True
    term: str = ""
    """Of TERMS, where the title is one."""


class Cell(NamedTuple):
    """What a cell shows, and what its column sorts by: text, or a number; "" stands last in either order."""

    content: htpy.Node
    value: str | float = ""


class SortableRow(NamedTuple):
    """A row with a cell for each column; `keep` and `preview` as in row_marks, `name` what it is called.

    `unfolds` stands below the row once its button is pressed; `mark` is then the row's id.
    """

    cells: Sequence[Cell]
    name: str
    keep: str
    preview: str = ""
    unfolds: htpy.Node = None
    mark: str = ""
    unfolded: bool = False


_TICKS: Final = SortColumn("", "ticks", sorts=False)
_PEEKS: Final = SortColumn("", "peeks", sorts=False)


def render_rows(
    words: Words, caption: str, columns: Sequence[SortColumn], rows: Iterable[SortableRow]
) -> htpy.Fragment:
    """A table of rows that can be ticked, previewed and sorted by a column; the first cell is each row's heading.

    Above it stands a choice of columns for where the head has no room.
    """
    rows = list(rows)
    choice = _render_narrow_choice(words, columns, rows) if len(rows) > 1 else None
    return htpy.fragment[choice, _render_table(words, caption, columns, rows)]


def _render_narrow_choice(words: Words, columns: Sequence[SortColumn], rows: Sequence[SortableRow]) -> htpy.Element:
    """The columns to sort by: of numbers the largest first, of words as a list of names has them."""
    choices = {"": words("As listed")}
    for at, column in enumerate(columns):
        if column.sorts:
            counts = any(isinstance(row.cells[at].value, int | float) for row in rows)
            choices[f"{at} down" if counts else str(at)] = column.title
    return render_sort_choice(words, choices, "", ".narrow")


def _render_table(
    words: Words, caption: str, columns: Sequence[SortColumn], rows: Sequence[SortableRow]
) -> htpy.Element:
    peeks = any(row.preview for row in rows)
    return htpy.table(".folds.rows")[
        htpy.caption(".hidden-words")[caption],
        htpy.thead[htpy.tr[_render_heads(words, columns), peeks and htpy.td(class_=_PEEKS.classes)]],
        htpy.tbody[(_render_row(words, columns, row, peeks=peeks) for row in rows)],
    ]


def _render_heads(words: Words, columns: Sequence[SortColumn]) -> Iterable[htpy.Element]:
    everything = words("Select all rows")
    yield htpy.td(class_=_TICKS.classes)[htpy.input(".tick", type="checkbox", data_pick_all="", aria_label=everything)]
    for at, column in enumerate(columns):
        if column.sorts:
            button = htpy.button(".sort", type="button", data_sort=str(at), title=words("Sort the rows on this page"))
            yield htpy.th(class_=column.classes or None, scope="col")[
                button[column.title], column.term and render_help(words, column.term)
            ]
        else:
            yield htpy.th(class_=column.classes or None, scope="col")[column.title]


def _render_row(
    words: Words, columns: Sequence[SortColumn], row: SortableRow, *, peeks: bool
) -> Iterator[htpy.Element]:
    """The row, and what unfolds below it; `peeks`: whether the table has a column of previews."""
    peek = render_preview_button(words, row.name) if row.preview else None
    cells = list(row.cells)
    if row.unfolds is not None:
        marks = {"aria_expanded": str(row.unfolded).lower(), "aria_controls": f"{row.mark}-more"}
        button = htpy.button(".unfold", type="button", data_open="", data_unfold="", **marks)
        cells[0] = cells[0]._replace(content=button[cells[0].content])
    yield htpy.tr(class_="entity" if row.unfolds else None, id=row.mark or None, **row_marks(row.keep, row.preview))[
        htpy.td(class_=_TICKS.classes)[render_tick(words, row.name)],
        (_render_cell(at, *pair) for at, pair in enumerate(zip(columns, cells, strict=True))),
        peeks and htpy.td(class_=_PEEKS.classes)[peek],
    ]
    if row.unfolds is not None:
        yield htpy.tr(".unfolded", id=f"{row.mark}-more", hidden=not row.unfolded)[
            htpy.td(colspan=str(len(columns) + 1 + peeks))[row.unfolds]
        ]


def _render_cell(at: int, column: SortColumn, cell: Cell) -> htpy.Element:
    marks: dict[str, Any] = {"class_": column.classes or None, "data_by": str(at), "data_value": str(cell.value)}
    if at == 0:
        return htpy.th(scope="row", **marks)[cell.content]
    return htpy.td(data_column=column.title, **marks)[cell.content]


def draw_rows(
    words: Words, caption: str, columns: Sequence[SortColumn], rows: Iterable[SortableRow], classes: str = ""
) -> None:
    """The same as an element of a page, which `classes` dress."""
    table = render_rows(words, caption, columns, rows)
    static_html(table, "div", f"scroll {classes}".strip(), tabindex="0", role="group", aria_label=caption)


def render_sort_choice(
    words: Words, choices: Mapping[str, str], place: str, classes: str = "", *, part: bool = False
) -> htpy.Element:
    """The choice of what the rows in the element with the id `place` are sorted by: word by the name of a value.

    The name "" is the order in which they came; the place "" is the table behind. `part`: whether the list goes on on
    another page, of which nothing is sorted in.
    """
    return htpy.label(f".sort-choice{classes}")[
        htpy.span[words("Sort this page by") if part else words("Sort by")],
        htpy.select(data_sort_in=place)[(htpy.option(value=name)[word] for name, word in choices.items())],
    ]


def render_pick_all(words: Words) -> htpy.Element:
    """The box that ticks all rows of its table or panel."""
    return htpy.label(".pick-all")[
        htpy.input(".tick", type="checkbox", data_pick_all=""), htpy.span[words("Select all")]
    ]


def draw_picked_bar(words: Words) -> None:
    """What can be done with ticked rows; hidden until there are some (static/rows.js)."""
    keep = htpy.button(".button.slight", type="button", data_keep_picked="")[words("Add to folder")]
    clear = htpy.button(".button.slight", type="button", data_unpick="")[words("Clear selection")]
    static_html(
        [htpy.span(role="status")[words("Selected:"), " ", htpy.b(data_picked_count="")], keep, clear],
        "div", "picked", id="picked", role="region", aria_label=words("Selected rows"), hidden=True,
    )  # fmt: skip


def draw_preview_place(words: Words) -> Any:
    """The side panel, hidden until a preview is asked for; returns the place of what the server draws in it."""
    with box("aside", "preview", id="preview", aria_label=words("Preview"), hidden=True):
        close = htpy.button(".button.slight", type="button", data_preview_close="")[words("Close")]
        static_html([htpy.span(role="status", data_preview_said=""), close], "div", "row apart")
        static_html("", "div", "stack", data_preview_own="")
        return box("div", "stack", id="preview-content")
