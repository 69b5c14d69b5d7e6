"""Reads workbooks (XLSX, XLS, XLSB, ODS): values as they stand in the cells, formulas by their last result."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.cells import Cell, SourceRow, value_text
from pipeline.feeds.tables.delimited import name_columns
from pipeline.feeds.tables.files import Advance, clear_errors, refuse_unread
from pipeline.feeds.tables.sources import TableSource

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

MAX_UNPACKED_BYTES = 2**30
"""What a workbook may unpack to: a sheet of a million rows and 20 columns takes less. More is a bomb."""
MIDNIGHT = "T00:00:00"
UNCOMPUTED = re.compile(rb"<f>[^<]+</f></c>|<f>[^<]+</f><v/></c>|<f>[^<]+</f><v></v></c>")
"""A cell with a formula and no result, as programs write it that compute none."""
SCAN_BYTES = 1 << 20


class ProtectedWorkbookError(LiaisonError):
    """The workbook needs a password."""


class OversizedWorkbookError(LiaisonError):
    """The workbook unpacks to more than MAX_UNPACKED_BYTES."""


class UncomputedWorkbookError(LiaisonError):
    """The workbook has formulas whose results nobody computed."""


def read_workbook(path: Path, source: TableSource, advance: Advance | None = None) -> Iterator[SourceRow]:
    """Every row of the sheet; `number` is the row's in the sheet. A merged cell counts for all that it spans."""
    sheet = _open_sheet(path, source.sheet)
    rows = _filled_rows(sheet)
    columns = list(source.columns)
    size, total = path.stat().st_size, max(1, sheet.total_height)
    for number, cells in rows:
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
    rows = _filled_rows(_open_sheet(path, source.sheet))
    return next((_name_header(cells) for number, cells in rows if number > source.skip), [])


def read_sheet_rows(path: Path, source: TableSource) -> Iterator[tuple[int, list[str]]]:
    """Every row of the sheet with its number from 1, a header as any other."""
    return _filled_rows(_open_sheet(path, source.sheet))


def read_sheet_names(path: Path) -> list[str]:
    """The names of a workbook's sheets, in its order."""
    with _open_workbook(path) as workbook:
        return list(workbook.sheet_names)


def _open_sheet(path: Path, name: str) -> CalamineSheet:
    _refuse_unusable(path)
    with _open_workbook(path) as workbook:
        if name and name not in workbook.sheet_names:
            raise LiaisonError(f"{path} has no sheet {name!r}; it has {', '.join(workbook.sheet_names)}")
        return workbook.get_sheet_by_name(name or workbook.sheet_names[0])


@contextmanager
def _open_workbook(path: Path) -> Iterator[CalamineWorkbook]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    refuse_unread(path, "workbook")
    try:
        with clear_errors(path):
            yield CalamineWorkbook.from_path(path)
    except PasswordError as error:
        raise ProtectedWorkbookError(f"{path} is protected by a password; save it without one") from error
    except CalamineError as error:
        raise LiaisonError(f"{path} is no workbook that can be read, or is cut off ({error})") from error


def _refuse_unusable(path: Path) -> None:
    """Raise LiaisonError for a bomb, and for formulas that nobody computed: their cells would be read as empty."""
    with suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            raise OversizedWorkbookError(f"{path} unpacks to {unpacked:,} bytes, which is too many: save it as CSV")
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        if any(_has_uncomputed(archive, name) for name in sheets):
            raise UncomputedWorkbookError(
                f"{path} has formulas without results: open it in a spreadsheet program and save it"
            )


def _has_uncomputed(archive: zipfile.ZipFile, name: str) -> bool:
    rest = b""
    with archive.open(name) as part:
        while chunk := part.read(SCAN_BYTES):
            if UNCOMPUTED.search(rest + chunk):
                return True
            rest = chunk[-512:]
    return False


def _filled_rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[str]]]:
    """Every row with its number from 1, merged cells filled in from their first."""
    merged = {
        (row, column): (top, left)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
    }
    corners = set(merged.values())
    first: dict[tuple[int, int], str] = {}
    _, left = sheet.start or (0, 0)
    for number, values in enumerate(sheet.to_python(skip_empty_area=False), start=1):
        cells = [_cell_text(value) for value in values]
        for column in range(len(cells)) if merged else ():
            place = (number - 1, column)
            if place in corners:
                first[place] = cells[column]
            if place in merged:
                cells[column] = first.get(merged[place], cells[column])
        yield number, cells[left:]


def _cell_text(value: Any) -> str:
    """A date without a time of day as the date alone."""
    return value_text(value).removesuffix(MIDNIGHT)


def _name_header(cells: list[str]) -> list[str]:
    """The header's names without the empty cells behind the last: a sheet is as wide as its widest row."""
    filled = [place for place, cell in enumerate(cells, start=1) if cell]
    return name_columns(cells[: filled[-1] if filled else 0])


def _make_row(number: int, columns: list[str], cells: list[str]) -> SourceRow:
    if any(cells[len(columns) :]):
        return SourceRow(number, {}, f"the row has {len(cells)} columns, not {len(columns)}")
    padded = [*cells, *[""] * (len(columns) - len(cells))]
    row: dict[str, Cell] = dict(zip(columns, padded, strict=False))
    return SourceRow(number, row)
