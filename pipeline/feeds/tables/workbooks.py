"""Reads workbooks (XLSX, XLS, XLSB, ODS): values as they stand in the cells, formulas by their last result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.feeds.tables.cells import SourceRow, TableCell
from pipeline.feeds.tables.delimited import name_columns
from pipeline.feeds.tables.files import ReportBytesRead
from pipeline.feeds.tables.sheet_process import open_sheet
from pipeline.feeds.tables.sources import TableSource


def read_workbook(path: Path, source: TableSource, advance: ReportBytesRead | None = None) -> Iterator[SourceRow]:
    """Every row of the sheet; `number` is the row's in the sheet. A merged cell counts for all that it spans."""
    sheet = open_sheet(path, source.sheet)
    columns = list(source.columns)
    size, total = path.stat().st_size, max(1, sheet.height)
    for number, cells in sheet.rows:
        if advance is not None:
            advance(size * number // total - size * (number - 1) // total)
        if number <= source.skip:
            continue
        if not columns:
            columns = _name_header(cells)
        elif any(cells):
            yield _make_row(number, columns, cells)


def read_workbook_columns(path: Path, source: TableSource) -> list[str]:
    """The columns of the kit, or those of the sheet's header."""
    if source.columns:
        return list(source.columns)
    rows = open_sheet(path, source.sheet).rows
    return next((_name_header(cells) for number, cells in rows if number > source.skip), [])


def _name_header(cells: list[str]) -> list[str]:
    """The header's names without the empty cells behind the last: a sheet is as wide as its widest row."""
    filled = [place for place, cell in enumerate(cells, start=1) if cell]
    return name_columns(cells[: filled[-1] if filled else 0])


def _make_row(number: int, columns: list[str], cells: list[str]) -> SourceRow:
    if any(cells[len(columns) :]):
        return SourceRow(number, {}, f"the row has {len(cells)} columns, not {len(columns)}")
    padded = [*cells, *[""] * (len(columns) - len(cells))]
    row: dict[str, TableCell] = dict(zip(columns, padded, strict=False))
    return SourceRow(number, row)
