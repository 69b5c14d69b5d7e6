"""A table of results as a file that a person opens: a workbook, or CSV that Excel takes for UTF-8. Pure.

A workbook has typed cells, so that no text of a record is ever a formula, a sheet for each table, and a last one that
says who made it, when and for what. In CSV what a spreadsheet would take for a formula is quoted (exports.py), and the
rows of further tables follow those of the first. Of either the first line, and the name, say what was left out.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

import xlsxwriter

from pipeline.api.list_store import ListProgress
from pipeline.api.services.exports import encode_csv, encode_table_head
from pipeline.locale import N_, translate

ResultForm = Literal["xlsx", "csv"]

RESULT_TYPES: Final[dict[ResultForm, str]] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}

CellValue = str | int | Decimal | None
"""What a cell holds: words, a number, or nothing."""

FileFact = tuple[str, str]
"""A word and what it says."""

LONGEST: Final = 32_767
"""Characters of a workbook's cell, by its format."""

WIDEST: Final = 60
NARROWEST: Final = 8
"""Characters that a column shows at most and at least."""

FIRST_YEAR: Final = 1900
"""From which on a workbook knows days."""

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")

INCOMPLETE: Final = N_("incomplete")
"""In the name of a file of which something was left out."""


UNCHECKED: Final = N_("{done} of {rows} rows have been checked so far; the others are missing.")
"""The first line of a file of a list that is still being asked."""


class ResultTable(NamedTuple):
    """A list of results as cells: a row for each of `rows`, in the order of `columns`.

    `left_out` says what of it is not there, "" where all is. `further` are tables that stand behind it, with some of
    its columns each.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[CellValue]]
    left_out: str = ""
    further: tuple[ResultTable, ...] = ()

    def tell_left_out(self, language: str) -> str:
        """What is not there of it and of those behind it; "" where all is."""
        others = (
            translate("{field}: {level}", language, field=table.title, level=table.left_out)
            for table in self.further
            if table.left_out
        )
        return " ".join(filter(None, (self.left_out, *others)))


def tell_unchecked(progress: ListProgress, language: str) -> str:
    """What the first line of a file says of a list of which not all rows have been asked; "" where all have."""
    return "" if progress.is_done else translate(UNCHECKED, language, done=progress.done, rows=progress.rows)


def name_results(what: str, ending: str, left_out: str, language: str) -> str:
    """A file's name, which says so where its first line says what was `left_out` of it ("": nothing)."""
    mark = f"-{translate(INCOMPLETE, language)}" if left_out else ""
    return f"{what}{mark}.{ending}"


def write_results(
    form: ResultForm, table: ResultTable, about: Sequence[FileFact], language: str, made: datetime
) -> bytes:
    """The table as a file; `about` is what a workbook says of it besides, `made` when it was made."""
    if form == "csv":
        said, rows = table.tell_left_out(language), [*table.rows]
        for one in table.further:
            rows += [[cells.get(column) for column in table.columns] for cells in map(_name_cells(one), one.rows)]
        body = encode_table_head("excel", [said] if said else table.columns)
        return body + encode_csv([*([table.columns] if said else []), *rows])
    return _write_workbook(table, about, language, made)


def _name_cells(table: ResultTable) -> Callable[[Sequence[CellValue]], dict[str, CellValue]]:
    """What makes of a row of a table its cells by their columns."""
    return lambda row: dict(zip(table.columns, row, strict=True))


class _Formats(NamedTuple):
    """How cells of a workbook look, by what they hold."""

    head: Any
    plain: Any
    day: Any
    bits: Any


def _write_workbook(table: ResultTable, about: Sequence[FileFact], language: str, made: datetime) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.set_properties({"title": table.title, "created": made.replace(tzinfo=None)})
        formats = _Formats(
            head=book.add_format({"bold": True, "bottom": 1, "valign": "top"}),
            plain=book.add_format({"valign": "top", "text_wrap": True}),
            day=book.add_format({"valign": "top", "num_format": "yyyy-mm-dd", "align": "left"}),
            bits=book.add_format({"valign": "top", "num_format": "0.00"}),
        )
        told = book.add_format({"bold": True, "valign": "top"})
        for one in (table, *table.further):
            _write_sheet(book.add_worksheet(_name_sheet(one.title)), one, one.tell_left_out(language), formats, told)
        notes = book.add_worksheet(_name_sheet(translate(N_("About this file"), language)))
        notes.set_column(0, 0, 24)
        notes.set_column(1, 1, WIDEST)
        for line, (word, value) in enumerate(about):
            notes.write_string(line, 0, word, formats.head)
            notes.write_string(line, 1, value[:LONGEST], formats.plain)
    return file.getvalue()


def _write_sheet(sheet: Any, table: ResultTable, said: str, formats: _Formats, told: Any) -> None:
    """A table on a sheet; its first line is what was left out, if anything was."""
    top = 1 if said else 0
    if said:
        sheet.write_string(0, 0, said, told)
    sheet.freeze_panes(top + 1, 1)
    for at, title in enumerate(table.columns):
        cells = [row[at] for row in table.rows]
        sheet.write_string(top, at, title, formats.head)
        sheet.set_column(at, at, _measure(title, cells))
        for line, value in enumerate(cells, start=top + 1):
            _write_cell(sheet, line, at, value, formats)
    sheet.autofilter(top, 0, top + len(table.rows), max(0, len(table.columns) - 1))


def _write_cell(sheet: Any, line: int, at: int, value: CellValue, formats: _Formats) -> None:
    """One cell: a whole day as a day, a number as a number, all else as text, whatever it begins with."""
    if isinstance(value, str) and (found := _read_day(value)):
        sheet.write_datetime(line, at, found, formats.day)
    elif isinstance(value, str) and value:
        sheet.write_string(line, at, value[:LONGEST], formats.plain)
    elif isinstance(value, Decimal):
        sheet.write_number(line, at, float(value), formats.bits)
    elif isinstance(value, int):
        sheet.write_number(line, at, value, formats.plain)


def _read_day(value: str) -> date | None:
    """A whole day that a workbook knows."""
    if not _DAY.fullmatch(value):
        return None
    try:
        found = date.fromisoformat(value)
    except ValueError:
        return None
    return found if found.year >= FIRST_YEAR else None


def _measure(title: str, cells: Sequence[CellValue]) -> int:
    longest = max((len(line) for cell in (title, *cells) for line in str(cell or "").split("\n")), default=0)
    return min(max(longest + 2, NARROWEST), WIDEST)


def _name_sheet(title: str) -> str:
    """A title as a sheet may be named: without some signs, of at most 31 characters."""
    return re.sub(r"[\[\]:*?/\\']", " ", title).strip()[:31] or "Liaison"
