"""Reads the tables that benchmarks print: what commits since d6b4b80 have in common, whatever options they have."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final, NamedTuple

HEAD: Final = "┃"
BODY: Final = "│"


class PrintedTable(NamedTuple):
    """A table that rich printed: its headings, and the cells of each row."""

    headings: list[str]
    rows: list[list[str]]


class Place(NamedTuple):
    """Where a figure stands: in the last table whose headings begin so, in the row that begins so, in a column.

    Of headings and rows the cells are joined by a comma, so that `1, 16` begins a row whether that is one cell or two.
    """

    headings: str
    row: str
    column: str


def read_tables(printed: str) -> list[PrintedTable]:
    """All tables in the order in which they were printed; what was broken into lines is one again."""
    tables: list[PrintedTable] = []
    for kind, lines in groupby(printed.splitlines(), key=lambda line: line.strip()[:1]):
        if kind not in (HEAD, BODY):
            continue
        cells = [[cell.strip() for cell in line.strip()[1:-1].split(kind)] for line in lines]
        if kind == HEAD:
            tables.append(PrintedTable([" ".join(filter(None, parts)) for parts in zip(*cells, strict=True)], []))
        elif tables:
            for row in cells:
                if any(row[1:]) or not tables[-1].rows:
                    tables[-1].rows.append(row)
                else:  # the name of the row before goes on
                    tables[-1].rows[-1][0] += f" {row[0]}"
    return tables


def find_figure(tables: list[PrintedTable], place: Place) -> float | None:
    """The number in a place; None where there is no such table, row, column or number."""
    return next(_found(tables, place), None)


def _found(tables: list[PrintedTable], place: Place) -> Iterator[float]:
    for headings, rows in reversed(tables):
        if _begins(headings, place.headings) and place.column in headings:
            for row in rows:
                text = row[headings.index(place.column)].replace(",", "")
                if _begins(row, place.row) and text:
                    yield float(text)


def _begins(cells: list[str], wanted: str) -> bool:
    return f"{', '.join(cells)}, ".startswith(f"{wanted}, ")
