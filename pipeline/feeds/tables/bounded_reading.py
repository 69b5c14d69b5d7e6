"""Reads a table that a stranger sent, in a process of its own with little memory and time.

    python -m pipeline.feeds.tables.bounded_reading     what to read: ReadingRequest on standard input, then the file

The file has no name: it is gone with the process, whatever ends that.
"""

from __future__ import annotations

import io
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Final, Literal

import msgspec

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.grids import (
    GridHead,
    GridOptions,
    LargeTableError,
    LongTableError,
    NoTableError,
    read_grid,
)
from pipeline.feeds.tables.limited_process import ProcessLimits, limit_process, run_limited
from pipeline.feeds.tables.sheets import OversizedWorkbookError, ProtectedWorkbookError, UncomputedWorkbookError
from pipeline.feeds.tables.workbook_size import CrowdedWorkbookError, WorkbookLimits, require_small

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
