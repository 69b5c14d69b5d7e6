"""Reads CSV and its kin: any delimiter, with a header or without, lines of a bounded length."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.feeds.tables.cells import SourceRow
from pipeline.feeds.tables.files import MAX_ROW_BYTES, ReportBytesRead, clear_errors, open_text, refuse_unread
from pipeline.feeds.tables.sources import TableSource

END_OF_FILE = "\x1a"
"""What DOS programs, OFAC's among them, write at the end."""


class _Lines:
    """Feeds lines to csv; one that is too long becomes an empty one, which csv passes over, and is counted.

    `held` are the lines since it was last emptied: those of one row.
    """

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.too_long = 0
        self.held: list[str] = []

    def __iter__(self) -> Iterator[str]:
        read = self._text.readline
        while line := read(MAX_ROW_BYTES):
            if len(line) == MAX_ROW_BYTES:
                while line and not line.endswith("\n"):
                    line = read(MAX_ROW_BYTES)
                self.too_long += 1
                yield "\n"
            elif line.rstrip("\r\n") != END_OF_FILE:
                self.held.append(line)
                yield line


def read_delimited(path: Path, source: TableSource, advance: ReportBytesRead | None = None) -> Iterator[SourceRow]:
    """Every row of the file; a row that can't be one is a problem of that row alone."""
    head = refuse_unread(path, "csv")
    with open_text(path, source.encoding, head, advance) as text, clear_errors(path):
        skip_lines(text, source)
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=source.delimiter)
        columns = list(source.columns) or name_columns(next(reader, []))
        too_long, row, held = 0, None, list[str]()
        for made in _make_rows(reader, lines, columns, source.skip):
            if row is not None:
                yield row
            if lines.too_long > too_long:
                too_long = lines.too_long
                yield SourceRow(made.number, {}, f"a line is longer than {MAX_ROW_BYTES >> 20} MiB: it is left out")
            row, held, lines.held = made, lines.held, []
        if row is not None:
            is_cut = _is_quote_open(held, source.delimiter)
            yield SourceRow(row.number, {}, "a quote is not closed: is the file cut off?") if is_cut else row


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
            yield SourceRow(skipped + reader.line_num, {}, _explain_csv_error(error))
        else:
            return


def read_delimited_columns(path: Path, source: TableSource) -> list[str]:
    """The columns of the kit, or those of the file's header."""
    head = refuse_unread(path, "csv")
    with open_text(path, source.encoding, head) as text, clear_errors(path):
        skip_lines(text, source)
        return list(source.columns) or name_columns(next(csv.reader(_Lines(text), delimiter=source.delimiter), []))


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


def _explain_csv_error(error: csv.Error) -> str:
    if "field larger" in str(error):
        return f"a cell has more than {csv.field_size_limit():,} characters up to here: is a quote open before?"
    return f"{error} (see `source` in the mapping kit)"
