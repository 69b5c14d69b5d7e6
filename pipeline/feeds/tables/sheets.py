"""Reads one sheet of a workbook here and now, by native code: only in a process of its own (sheet_process.py)."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.cells import value_text
from pipeline.feeds.tables.files import clear_errors, refuse_unread
from pipeline.feeds.tables.limited_process import most_cells
from pipeline.feeds.tables.workbook_size import CrowdedWorkbookError

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

MAX_UNPACKED_BYTES = 2**30
"""What a workbook may unpack to: a sheet of a million rows and 20 columns takes less. More is a bomb."""
MIDNIGHT = "T00:00:00"
UNCOMPUTED = re.compile(rb"<f>[^<]+</f></c>|<f>[^<]+</f><v/></c>|<f>[^<]+</f><v></v></c>")
"""A cell with a formula and no result, as programs write it that compute none."""
SCAN_BYTES = 1 << 20
"""What is read at a time while a sheet is searched for formulas."""


class SheetRows(NamedTuple):
    """A sheet's rows with their numbers from 1; all `names` of the workbook's sheets; how high the sheet is."""

    names: tuple[str, ...]
    height: int
    rows: Iterator[tuple[int, list[str]]]


class ProtectedWorkbookError(LiaisonError):
    """The workbook needs a password."""


class OversizedWorkbookError(LiaisonError):
    """The workbook unpacks to more than MAX_UNPACKED_BYTES."""


class UncomputedWorkbookError(LiaisonError):
    """The workbook has formulas whose results nobody computed."""


def read_sheet(path: Path, name: str) -> SheetRows:
    """The sheet of that name, or the first. Raises LiaisonError, one of the above or another."""
    _refuse_unusable(path)
    with _open_workbook(path) as workbook:
        names = tuple(workbook.sheet_names)
        if name and name not in names:
            raise LiaisonError(f"{path} has no sheet {name!r}; it has {', '.join(names)}")
        sheet = workbook.get_sheet_by_name(name or names[0])
        bottom, _ = sheet.end or (0, 0)
        if (bottom + 1) * sheet.width > most_cells():
            raise CrowdedWorkbookError(f"{path} has more cells than are read: save the sheet as CSV, or split it")
        return SheetRows(names, bottom + 1, _filled_rows(sheet, _find_corners(path, sheet)))


def read_sheet_names(path: Path) -> list[str]:
    """The names of a workbook's sheets, in its order. Raises LiaisonError."""
    with _open_workbook(path) as workbook:
        return list(workbook.sheet_names)


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


def _find_corners(path: Path, sheet: CalamineSheet) -> dict[tuple[int, int], tuple[int, int]]:
    """The first cell of each merged one, as far as the sheet is filled. Raises CrowdedWorkbookError for too many."""
    found, count = dict[tuple[int, int], tuple[int, int]](), 0
    last_row, last_column = sheet.end or (0, 0)
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        rows, columns = range(top, min(bottom, last_row) + 1), range(left, min(right, last_column) + 1)
        count += 1 + len(rows) * len(columns)
        if count > most_cells():
            raise CrowdedWorkbookError(f"{path} has more merged cells than are read: save the sheet as CSV")
        found |= {(row, column): (top, left) for row in rows for column in columns}
    return found


def _filled_rows(
    sheet: CalamineSheet, merged: dict[tuple[int, int], tuple[int, int]]
) -> Iterator[tuple[int, list[str]]]:
    """Every row with its number from 1, merged cells filled in from their first."""
    corners = set(merged.values())
    first: dict[tuple[int, int], str] = {}
    _, left = sheet.start or (0, 0)
    for number, values in enumerate(sheet.iter_rows(), start=1):
        cells = [_cell_text(value) for value in values]
        for at in range(len(cells)) if merged else ():
            place = (number - 1, left + at)
            if place in corners:
                first[place] = cells[at]
            if place in merged:
                cells[at] = first.get(merged[place], cells[at])
        yield number, cells


def _cell_text(value: Any) -> str:
    """A date without a time of day as the date alone."""
    return value_text(value).removesuffix(MIDNIGHT)
