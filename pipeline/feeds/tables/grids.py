"""Reads CSV or a workbook as a grid: rows of text under named columns, before anyone says what a column holds.

    python -m pipeline.feeds.tables.grids     what to read: ReadingRequest on standard input, then the file

A table that a stranger sent is read in a process of its own with little memory and time (`read_bounded`). The file has
no name there: it is gone with the process, whatever ends that.
"""

from __future__ import annotations

import io
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final, Literal

import msgspec

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.cells import SourceRow, cell_texts
from pipeline.feeds.tables.delimited import read_delimited, read_delimited_columns
from pipeline.feeds.tables.guessing import guess_format, guess_sheet, guess_source, number_columns
from pipeline.feeds.tables.limited_process import ProcessLimits, limit_process, run_limited
from pipeline.feeds.tables.sheets import (
    CrowdedWorkbookError,
    OversizedWorkbookError,
    ProtectedWorkbookError,
    UncomputedWorkbookError,
    WorkbookLimits,
    read_sheet_names,
    require_small,
)
from pipeline.feeds.tables.sources import TableSource
from pipeline.feeds.tables.workbooks import read_workbook, read_workbook_columns

FALLBACKS = ("cp1252", "latin-1")
"""Encodings of a text that turns out not to be what its beginning is; the second reads anything, right or wrong."""


MAX_CHARS = 8 << 20
"""Of all cells together, which are in memory at once: 10,000 rows of 800. A workbook of 4 MB may unpack to more."""


class GridOptions(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """How to read a table where the guess is wrong: a workbook's sheet, a text's encoding, whether it has a header."""

    sheet: str = ""
    encoding: str = ""
    header: bool | None = None


class GridRow(msgspec.Struct, frozen=True, array_like=True):
    """A row: its number in the file from 1 (CSV: the line where it ends), and a cell for each column."""

    number: int
    cells: tuple[str, ...]


class TableGrid(msgspec.Struct, frozen=True):
    """A table's columns and its rows that are not empty; `unread` are the numbers of rows that do not fit them.

    `encoding` is that of a text, `sheets` are those of a workbook, `sheet` is the one that was read.
    """

    columns: tuple[str, ...]
    rows: tuple[GridRow, ...]
    unread: tuple[int, ...] = ()
    header: bool = True
    encoding: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()


class GridHead(msgspec.Struct, frozen=True):
    """What is told of a table whose rows stay encoded: its columns, how many rows it has, how it was read."""

    columns: tuple[str, ...]
    rows: int
    header: bool = True
    encoding: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()


class NoTableError(LiaisonError):
    """The file is neither CSV nor a workbook."""


class LongTableError(LiaisonError):
    """The table has more rows than its reader takes."""


class LargeTableError(LiaisonError):
    """The table has more text than its reader takes."""


def read_grid(path: Path, options: GridOptions, max_rows: int) -> TableGrid:
    """Read a whole table.

    Raises LongTableError beyond `max_rows`, LargeTableError beyond MAX_CHARS, LiaisonError for what can't be read.
    """
    format_ = guess_format(path)
    if format_ == "workbook":
        return _read_sheet(path, guess_sheet(path, options.sheet), options, max_rows)
    if format_ != "csv":
        raise NoTableError(f"{path} is {format_}, neither CSV nor a workbook")
    guessed = guess_source(path).source
    if options.encoding:
        return _read_text(path, msgspec.structs.replace(guessed, encoding=options.encoding), options, max_rows)
    for encoding in (guessed.encoding, *FALLBACKS):
        try:
            return _read_text(path, msgspec.structs.replace(guessed, encoding=encoding), options, max_rows)
        except (LongTableError, LargeTableError):
            raise
        except LiaisonError:
            if encoding == FALLBACKS[-1]:
                raise
    raise AssertionError("the last encoding reads anything or raises")


def _read_text(path: Path, guessed: TableSource, options: GridOptions, max_rows: int) -> TableGrid:
    plain = msgspec.structs.replace(guessed, columns=())
    source = _with_header(guessed, options.header, len(guessed.columns or read_delimited_columns(path, plain)))
    columns = read_delimited_columns(path, source)
    return _collect(
        columns, read_delimited(path, source), TableGrid((), (), encoding=source.encoding), source, max_rows
    )


def _read_sheet(path: Path, guessed: TableSource, options: GridOptions, max_rows: int) -> TableGrid:
    plain = msgspec.structs.replace(guessed, columns=())
    source = _with_header(guessed, options.header, len(guessed.columns or read_workbook_columns(path, plain)))
    columns = read_workbook_columns(path, source)
    sheets = read_sheet_names(path)
    found = TableGrid((), (), sheet=source.sheet or sheets[0], sheets=tuple(sheets))
    return _collect(columns, read_workbook(path, source), found, source, max_rows)


def _with_header(source: TableSource, header: bool | None, width: int) -> TableSource:
    """The source with or without a header, as its reader says, whatever was guessed."""
    if header is None or header == (not source.columns):
        return source
    return msgspec.structs.replace(source, columns=() if header else number_columns(width))


def _collect(
    columns: list[str], rows: Iterator[SourceRow], found: TableGrid, source: TableSource, max_rows: int
) -> TableGrid:
    kept, unread, chars = list[GridRow](), list[int](), 0
    _require_text(columns)
    for row in rows:
        if row.problem:
            unread.extend(range(row.number, row.number + row.lines))
        elif any(row.row.values()):
            cells = tuple("".join(cell_texts(row.row[name])) for name in columns)
            _require_text(cells)
            kept.append(GridRow(row.number, cells))
            chars += sum(map(len, cells))
        if len(kept) + len(unread) > max_rows:
            raise LongTableError("the table has more than {most} rows", most=max_rows)
        if chars > MAX_CHARS:
            raise LargeTableError("the table has more than {most} characters", most=MAX_CHARS)
    named = tuple(name or unnamed for name, unnamed in zip(columns, number_columns(len(columns)), strict=True))
    return msgspec.structs.replace(
        found, columns=named, rows=tuple(kept), unread=tuple(unread), header=not source.columns
    )


def _require_text(cells: Iterable[str]) -> None:
    """Raise NoTableError for a byte that stands in programs and pictures, and in no text."""
    if any("\0" in cell for cell in cells):
        raise NoTableError("the file holds what no text does")


MAX_CELLS: Final = 2_000_000
"""Of a list's sheet, from its first filled cell to its last: 10,000 rows of 200 columns, as many as are mapped."""

WORKBOOK: Final = WorkbookLimits(cells=MAX_CELLS, merged=100_000, texts=MAX_CELLS, tags=6 * MAX_CELLS)
"""Ten merged cells in each row; a filled cell takes four to eight tags, and no list fills all the cells it may have."""

LIMITS: Final = ProcessLimits(memory_bytes=1 << 30, cpu_s=15, cells=MAX_CELLS, niceness=10)
"""A sheet of 10,000 rows and 100 columns fits twice; twenty times what the largest list takes on a busy core. Whoever
asks the server for less goes before it."""

MAX_WAIT_S: Final = 60
"""A busy machine may take longer than the processor's time."""

MAX_UNPACKED_BYTES: Final = 64 << 20
"""What a workbook of a list may unpack to: 10,000 rows of 100 cells. It is asked before anything is unpacked."""

Fault = Literal["", "empty", "form", "long", "large", "cells", "locked", "formulas", "sheet"]
"""What is wrong with a file: nothing, or it is empty, no table, too long, too large, has too many cells, is protected,
not computed."""

FAULTS: Final[tuple[tuple[type[LiaisonError], Fault], ...]] = (
    (LongTableError, "long"),
    (OversizedWorkbookError, "large"),
    (LargeTableError, "large"),
    (ProtectedWorkbookError, "locked"),
    (UncomputedWorkbookError, "formulas"),
    (NoTableError, "form"),
    (LiaisonError, "form"),
)


class ReadingRequest(msgspec.Struct, frozen=True):
    """How to read the file that follows, and how many rows it may have."""

    options: GridOptions
    max_rows: int


class ReadingAnswer(msgspec.Struct, frozen=True):
    """A table, or what is wrong with it.

    `grid` is a TableGrid as JSON: to decode a large one takes the interpreter from all other threads of a server.
    """

    head: GridHead | None = None
    grid: msgspec.Raw = msgspec.Raw(b"null")
    fault: Fault = ""


def read_bounded(raw: bytes, options: GridOptions, max_rows: int) -> ReadingAnswer:
    """Read a table of at most `max_rows`; blocks until it is read, or given up after MAX_WAIT_S."""
    if not raw.strip():
        return ReadingAnswer(fault="empty")
    if _count_unpacked(raw) > MAX_UNPACKED_BYTES:
        return ReadingAnswer(fault="large")
    asked = msgspec.json.encode(ReadingRequest(options, max_rows))
    answer = run_limited(__name__, asked + b"\n" + raw, MAX_WAIT_S)
    return ReadingAnswer(fault="large") if answer is None else msgspec.json.decode(answer, type=ReadingAnswer)


def _count_unpacked(raw: bytes) -> int:
    """What a zip archive says that it unpacks to; 0 for any other file."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return 0


def _serve(source: IO[bytes]) -> ReadingAnswer:
    asked = msgspec.json.decode(source.readline(), type=ReadingRequest)
    with tempfile.TemporaryFile() as file:
        file.write(source.read())
        file.flush()
        path = Path(f"/dev/fd/{file.fileno()}")
        try:
            require_small(path, WORKBOOK)
            grid = read_grid(path, asked.options, asked.max_rows)
        except CrowdedWorkbookError as error:
            return ReadingAnswer(fault="long" if error.rows > asked.max_rows else "cells")
        except LiaisonError as error:
            return ReadingAnswer(fault=next(fault for kind, fault in FAULTS if isinstance(error, kind)))
    head = GridHead(grid.columns, len(grid.rows), grid.header, grid.encoding, grid.sheet, grid.sheets)
    return ReadingAnswer(head, msgspec.Raw(msgspec.json.encode(grid)))


if __name__ == "__main__":
    limit_process(LIMITS)
    sys.stdout.buffer.write(msgspec.json.encode(_serve(sys.stdin.buffer)))
