"""Reads one sheet of a workbook here and now, by native code: only in a process of its own (sheet_process.py).

How much a workbook holds is told from the XML in its archive before a reader opens it. A reader makes room for every
cell between the first and the last filled one, and fills in all that are merged: a file of a kilobyte may ask for
thousands of millions. So its XML is streamed through expat once, which stops at the first cell too many. XLS and the
binary parts of XLSB hold no XML: what they ask for is told once they are open.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.parsers import expat

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.cells import value_text
from pipeline.feeds.tables.files import clear_errors, refuse_unread
from pipeline.feeds.tables.limited_process import most_cells

CHUNK_BYTES: Final = 1 << 16
LEFT_OUT: Final = b"\xef\xbb\xbf\xff\xfe \t\r\n\0"
"""What may stand before the first sign of XML: marks of its encoding, and space."""

PLACE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
"""A cell's, such as XFD1048576, the last of a sheet."""

LETTERS: Final = 26

Attributes = Mapping[str, str]


class WorkbookLimits(NamedTuple):
    """Of all sheets together: cells from the first to the last filled one, merged ranges, texts, tags of XML."""

    cells: int
    merged: int
    texts: int
    tags: int


class CrowdedWorkbookError(LiaisonError):
    """The workbook has more cells or merged ranges than its reader takes; `rows` of them were filled until then."""

    def __init__(self, message: str, rows: int = 0) -> None:
        super().__init__(message)
        self.rows = rows


def require_small(path: Path, limits: WorkbookLimits) -> None:
    """Raise CrowdedWorkbookError for a workbook beyond the limits, LiaisonError for XML that no workbook has.

    What is no ZIP archive passes.
    """
    counted = _WorkbookCounter(path, limits)
    try:
        with zipfile.ZipFile(path) as archive:
            for part in archive.infolist():
                with archive.open(part) as file:
                    counted.count_part(file.read)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error):
        return  # no archive, encrypted or damaged: the reader says so


class _WorkbookCounter:
    """Counts over all parts, each sheet from its own first cell on."""

    def __init__(self, path: Path, limits: WorkbookLimits) -> None:
        self._path, self._limits = path, limits
        self._tags = self._texts = self._merged = self._area = self._rows = 0
        self._handlers: dict[str, Callable[[Attributes], None] | None] = {}
        self._kinds: Mapping[str, Callable[[Attributes], None]] = {
            # Office Open XML: a cell is filled if it has a value or a text
            "row": self._begin_row, "c": self._begin_cell, "v": self._fill_cell, "is": self._fill_cell,
            "mergeCell": self._add_merged, "si": self._add_text,
            # OpenDocument: a cell, and a row, may stand for many
            "table": self._begin_sheet, "table-row": self._begin_rows, "table-cell": self._begin_cells,
            "covered-table-cell": self._begin_cells, "p": self._fill_cell,
        }  # fmt: skip
        self._begin_sheet({})

    def count_part(self, read: Callable[[int], bytes]) -> None:
        """Count a part of the archive, if it is XML."""
        chunk = read(CHUNK_BYTES)
        if not chunk.lstrip(LEFT_OUT).startswith(b"<"):
            return
        self._begin_sheet({})
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._begin_element
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        try:
            while chunk:
                self._tags += chunk.count(b"<")
                if self._tags > self._limits.tags:
                    self._refuse("parts")
                parser.Parse(chunk, False)
                chunk = read(CHUNK_BYTES)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise LiaisonError(f"{self._path} is damaged: {expat.errors.messages[error.code]}") from error

    def _begin_element(self, name: str, attributes: Attributes) -> None:
        if name in self._handlers:
            handler = self._handlers[name]
        else:
            handler = self._handlers[name] = self._kinds.get(name.rpartition(":")[2])
        if handler is not None:
            handler(attributes)

    def _refuse_doctype(self, *_: object) -> None:
        raise LiaisonError(f"{self._path} declares a document type, as no workbook does")

    def _begin_sheet(self, _: Attributes) -> None:
        """The next cells are another sheet's; those before it stay counted."""
        self._before = self._area
        self._row = self._column = 0
        self._row_count = self._column_count = 1
        self._top = self._left = self._bottom = self._right = 0
        self._last_filled = 0

    def _begin_row(self, attributes: Attributes) -> None:
        number = attributes.get("r", "")
        self._row = int(number) if number.isascii() and number.isdecimal() else self._row + 1
        self._column = 0

    def _begin_cell(self, attributes: Attributes) -> None:
        place = PLACE.fullmatch(attributes.get("r", ""))
        if place is None:
            self._column += 1
        else:
            self._column, self._row = _column_number(place[1]), int(place[2])

    def _begin_rows(self, attributes: Attributes) -> None:
        self._row += self._row_count
        self._row_count = _repeats(attributes, "number-rows-repeated")
        self._column, self._column_count = 0, 1

    def _begin_cells(self, attributes: Attributes) -> None:
        self._column += self._column_count if self._column else 1
        self._column_count = _repeats(attributes, "number-columns-repeated")
        if any(name.endswith("value-type") for name in attributes):
            self._fill_cell({})
        if any(name.endswith("-spanned") for name in attributes):
            self._add_merged({})

    def _fill_cell(self, _: Attributes) -> None:
        """The cell at hand, with those that it stands for, is filled: the sheet reaches to it."""
        if self._row == self._last_filled and self._left <= self._column <= self._right - self._column_count + 1:
            return  # most cells: the sheet reaches as far already
        bottom, right = self._row + self._row_count - 1, self._column + self._column_count - 1
        self._top = min(self._top, self._row) if self._bottom else self._row
        self._left = min(self._left, self._column) if self._right else self._column
        self._bottom, self._right = max(self._bottom, bottom), max(self._right, right)
        if self._row > self._last_filled:
            self._last_filled = self._row
            self._rows += self._row_count
        self._area = self._before + (self._bottom - self._top + 1) * (self._right - self._left + 1)
        if self._area > self._limits.cells:
            self._refuse("cells")

    def _add_merged(self, _: Attributes) -> None:
        self._merged += 1
        if self._merged > self._limits.merged:
            self._refuse("merged ranges")

    def _add_text(self, _: Attributes) -> None:
        self._texts += 1
        if self._texts > self._limits.texts:
            self._refuse("texts")

    def _refuse(self, what: str) -> None:
        raise CrowdedWorkbookError(f"{self._path} has more {what} than are read: save the sheet as CSV", self._rows)


@lru_cache(maxsize=1000)
def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * LETTERS + ord(letter) - ord("A") + 1
    return number


def _repeats(attributes: Attributes, name: str) -> int:
    """How many a row or cell stands for."""
    told = next((value for key, value in attributes.items() if key.endswith(name)), "1")
    return max(1, int(told)) if told.isascii() and told.isdecimal() and len(told) < len("1000000000") else 1


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
        cells = [value_text(value).removesuffix(MIDNIGHT) for value in values]  # a date without a time of day
        for at in range(len(cells)) if merged else ():
            place = (number - 1, left + at)
            if place in corners:
                first[place] = cells[at]
            if place in merged:
                cells[at] = first.get(merged[place], cells[at])
        yield number, cells
