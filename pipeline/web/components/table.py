"""Tables: a column knows its title and how to draw a cell; on a narrow screen each cell names its column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

import htpy

from pipeline.web.components.markup import box, text

R = TypeVar("R")


class TableColumn(NamedTuple, Generic[R]):
    """`draw` fills a cell with what `R` says; `classes` such as `number` dress the column."""

    title: str
    draw: Callable[[R], object]
    classes: str = ""


def draw_table(
    caption: str, columns: Sequence[TableColumn[R]], rows: Iterable[R], classes: str = ""
) -> Callable[[Iterable[R]], None]:
    """A table whose first column is each row's heading; the caption is heard, the panel around shows a title.

    Returns what adds further rows.
    """
    with box("div", "scroll", tabindex="0", role="group", aria_label=caption), box("table", f"folds {classes}".strip()):
        text("caption", caption, "hidden-words")
        with box("thead"), box("tr"):
            for column in columns:
                text("th", column.title, column.classes, scope="col")
        body = box("tbody")

    def add(more: Iterable[R]) -> None:
        with body:
            for row in more:
                _draw_row(columns, row)

    add(rows)
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
