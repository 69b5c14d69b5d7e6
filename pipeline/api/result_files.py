"""A table of results as a file that a person opens: a workbook, or CSV that Excel takes for UTF-8. Pure.

A workbook has typed cells, so that no text of a record is ever a formula, and a second sheet that says who made it,
when, for what, and what was left out. In CSV what a spreadsheet would take for a formula is quoted (exports.py), and
what was left out stands in the last row.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

import xlsxwriter

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

LEFT_OUT: Final = N_("The first {most} rows are here; others were left out. Narrow the list for the rest.")


class ResultTable(NamedTuple):
    """A list of results as cells: a row for each of `rows`, in the order of `columns`; `cut`: others were left out."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[CellValue]]
    cut: bool = False


def write_results(
    form: ResultForm, table: ResultTable, about: Sequence[FileFact], language: str, made: datetime
) -> bytes:
    """The table as a file; `about` is what a workbook says of it besides, `made` when it was made."""
    said = translate(LEFT_OUT, language, most=len(table.rows)) if table.cut else ""
    if form == "csv":
        rows = [*table.rows, *([[said]] if said else [])]
        return encode_table_head("excel", table.columns) + encode_csv(rows)
    return _write_workbook(table, [*about, *([("", said)] if said else [])], language, made)


def _write_workbook(table: ResultTable, about: Sequence[FileFact], language: str, made: datetime) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.set_properties({"title": table.title, "created": made.replace(tzinfo=None)})
        head = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
        plain = book.add_format({"valign": "top", "text_wrap": True})
        day = book.add_format({"valign": "top", "num_format": "yyyy-mm-dd", "align": "left"})
        bits = book.add_format({"valign": "top", "num_format": "0.00"})
        sheet = book.add_worksheet(_name_sheet(table.title))
        sheet.freeze_panes(1, 1)
        for at, title in enumerate(table.columns):
            cells = [row[at] for row in table.rows]
            sheet.write_string(0, at, title, head)
            sheet.set_column(at, at, _measure(title, cells))
            for line, value in enumerate(cells, start=1):
                _write_cell(sheet, line, at, value, plain, day, bits)
        sheet.autofilter(0, 0, len(table.rows), max(0, len(table.columns) - 1))
        notes = book.add_worksheet(_name_sheet(translate(N_("About this file"), language)))
        notes.set_column(0, 0, 24)
        notes.set_column(1, 1, WIDEST)
        for line, (word, value) in enumerate(about):
            notes.write_string(line, 0, word, head)
            notes.write_string(line, 1, value[:LONGEST], plain)
    return file.getvalue()


def _write_cell(sheet: Any, line: int, at: int, value: CellValue, plain: Any, day: Any, bits: Any) -> None:
    """One cell: a whole day as a day, a number as a number, all else as text, whatever it begins with."""
    if isinstance(value, str) and (found := _read_day(value)):
        sheet.write_datetime(line, at, found, day)
    elif isinstance(value, str) and value:
        sheet.write_string(line, at, value[:LONGEST], plain)
    elif isinstance(value, Decimal):
        sheet.write_number(line, at, float(value), bits)
    elif isinstance(value, int):
        sheet.write_number(line, at, value, plain)


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
