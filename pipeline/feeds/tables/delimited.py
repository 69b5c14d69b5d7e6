"""Reads CSV and its kin: any delimiter, with a header or without, lines of a bounded length."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.cells import SourceRow
from pipeline.feeds.tables.files import MAX_ROW_BYTES, ReportBytesRead, clear_errors, open_text, refuse_unread
from pipeline.feeds.tables.sources import TableSource

END_OF_FILE = "\x1a"
"""What DOS programs, OFAC's among them, write at the end."""


class _Lines:
    """Feeds lines to csv, numbered; one that is too long becomes an empty one, which csv passes over.

    `too_long` are the numbers of such lines, `held` the lines since both were last emptied: those of one row.
    """

    def __init__(self, text: io.TextIOWrapper, skipped: int) -> None:
        self._text = text
        self._number = skipped
        self._first = skipped
        self.too_long: list[int] = []
        self.held: list[str] = []

    @property
    def first(self) -> int:
        """The number of the first of the held lines."""
        return self._first if self.held else self._number

    def __iter__(self) -> Iterator[str]:
        read = self._text.readline
        while line := read(MAX_ROW_BYTES):
            self._number += 1
            if len(line) == MAX_ROW_BYTES:
                while line and not line.endswith("\n"):
                    line = read(MAX_ROW_BYTES)
                self.too_long.append(self._number)
                yield "\n"
            elif line.rstrip("\r\n") != END_OF_FILE:
                self._first = self.first
                self.held.append(line)
                yield line


def read_delimited(path: Path, source: TableSource, advance: ReportBytesRead | None = None) -> Iterator[SourceRow]:
    """Every row of the file; a row that can't be one is a problem of that row alone."""
    head = refuse_unread(path, "csv")
    with open_text(path, source.encoding, head, advance) as text, clear_errors(path):
        skip_lines(text, source)
        lines = _Lines(text, source.skip)
        reader = csv.reader(lines, delimiter=source.delimiter)
        columns = list(source.columns) or _read_header(reader, lines, path)
        row, held, first = None, list[str](), 0
        for made in _make_rows(reader, lines, columns, source.skip):
            if row is not None:
                yield row
            yield from _tell_too_long(lines)
            row, held, first, lines.held = made, lines.held, lines.first, []
        if row is not None:
            yield _tell_cut(row, first) if _is_quote_open(held, source.delimiter) else row
        yield from _tell_too_long(lines)


def _tell_too_long(lines: _Lines) -> Iterator[SourceRow]:
    for number in lines.too_long:
        yield SourceRow(number, {}, f"the line is longer than {MAX_ROW_BYTES >> 20} MiB: it is left out")
    lines.too_long = []


def _tell_cut(row: SourceRow, first: int) -> SourceRow:
    return SourceRow(
        row.number, {}, f"a quote in the row that begins in line {first:,} is not closed: is the file cut off?"
    )


def _make_rows(reader: Any, lines: _Lines, columns: list[str], skipped: int) -> Iterator[SourceRow]:
    """The rows as csv takes them apart; it goes on behind what it can't."""
    while True:
        try:
            for cells in reader:
                if cells:
                    yield _make_row(skipped + reader.line_num, columns, cells)
                else:
                    lines.held.clear()
        except csv.Error as error:
            yield SourceRow(skipped + reader.line_num, {}, _explain_csv_error(error, lines.first))
        else:
            return


def read_delimited_columns(path: Path, source: TableSource) -> list[str]:
    """The columns of the kit, or those of the file's header."""
    head = refuse_unread(path, "csv")
    with open_text(path, source.encoding, head) as text, clear_errors(path):
        skip_lines(text, source)
        lines = _Lines(text, source.skip)
        return list(source.columns) or _read_header(csv.reader(lines, delimiter=source.delimiter), lines, path)


def _read_header(reader: Any, lines: _Lines, path: Path) -> list[str]:
    """The names in the first line that is not empty. Raises LiaisonError."""
    try:
        return name_columns(next((cells for cells in reader if cells), []))
    except csv.Error as error:
        raise LiaisonError(f"{path}: {_explain_csv_error(error, lines.first)}") from error
    finally:
        lines.held = []


def skip_lines(text: io.TextIOWrapper, source: TableSource) -> None:
    """Pass over the lines before the header."""
    for _ in range(source.skip):
        text.readline(MAX_ROW_BYTES)


def name_columns(header: list[str]) -> list[str]:
    """The header's names; one that comes again gets its number: `NOTE`, `NOTE (2)`."""
    seen = Counter[str]()
    named = []
    for name in (cell.strip() for cell in header):
        seen[name] += 1
        named.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return named


def _make_row(number: int, columns: list[str], cells: list[str]) -> SourceRow:
    if len(cells) != len(columns):
        return SourceRow(number, {}, f"the row has {len(cells)} columns, not {len(columns)}")
    return SourceRow(number, dict(zip(columns, map(str.strip, cells), strict=True)))


def _is_quote_open(lines: list[str], delimiter: str) -> bool:
    """Whether the lines end inside a quoted cell."""
    try:
        for _ in csv.reader(lines, delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _explain_csv_error(error: csv.Error, first: int) -> str:
    if "field larger" in str(error):
        return (
            f"a cell of the row that begins in line {first:,} has more than {csv.field_size_limit():,} characters "
            "up to here: is a quote left open in it?"
        )
    return f"{error} (see `source` in the mapping kit)"
