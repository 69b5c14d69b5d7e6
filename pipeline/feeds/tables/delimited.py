"""Reads CSV and its kin: any delimiter, with a header or without, lines of a bounded length."""

from __future__ import annotations

import csv
import io
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.cells import SourceRow
from pipeline.feeds.tables.files import MAX_ROW_BYTES, ReportBytesRead, clear_errors, open_text, refuse_unread
from pipeline.feeds.tables.sources import TableSource

END_OF_FILE = "\x1a"
"""What DOS programs, OFAC's among them, write at the end."""
TELLING_WIDTH = 4
"""Columns from which on lines of a cell that each have so many are rows: three need two commas a line, as "Lyon, Rhône,
France"."""


class _Lines:
    """Feeds lines to csv, numbered; one that is too long becomes an empty one, which csv passes over.

    `too_long` are the numbers of such lines, `held` the lines with their numbers since both were last emptied: those
    of one row. `at_end` says that more was asked for than there is: within a row, that a quote in it is open.
    """

    def __init__(self, text: io.TextIOWrapper, skipped: int) -> None:
        self._text = text
        self._waiting = deque[tuple[int, str]]()
        self.number = skipped
        self.too_long: list[int] = []
        self.held: list[tuple[int, str]] = []
        self.at_end = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._waiting:
            self.number, line = self._waiting.popleft()
        else:
            line = self._read_line()
        self.held.append((self.number, line))
        return line

    def put_back(self, lines: Sequence[tuple[int, str]]) -> None:
        """Read these lines, the last of those held, once more."""
        self._waiting.extendleft(reversed(lines))
        self.at_end = False

    def _read_line(self) -> str:
        read = self._text.readline
        while line := read(MAX_ROW_BYTES):
            self.number += 1
            if len(line) == MAX_ROW_BYTES:
                while line and not line.endswith("\n"):
                    line = read(MAX_ROW_BYTES)
                self.too_long.append(self.number)
                return "\n"
            if line.rstrip("\r\n") != END_OF_FILE:
                return line
        self.at_end = True
        raise StopIteration


def read_delimited(
    path: Path, source: TableSource, advance: ReportBytesRead | None = None, *, strict: bool = False
) -> Iterator[SourceRow]:
    """Every row of the file; a row that can't be one is a problem of that row alone.

    A quote left open takes the lines behind it into its cell. Reading goes on at the first of them that fits the
    columns by itself, and the problem names the lines before it. `strict`: a quote within a cell that has none around
    it is a problem too; but a row that ends early has nothing in its last columns.
    """
    head = refuse_unread(path, "csv")
    with open_text(path, source.encoding, head, advance) as text, clear_errors(path):
        skip_lines(text, source)
        lines = _Lines(text, source.skip)
        reader = _make_reader(lines, source, strict=strict)
        columns = list(source.columns) or _read_header(reader, lines, path)
        is_more = True
        while is_more:
            row, is_more = _read_row(reader, lines, columns, source, padded=strict)
            if row is not None:
                yield row
            for number in lines.too_long:
                yield SourceRow(number, {}, f"the line is longer than {MAX_ROW_BYTES >> 20} MiB: it is left out")
            lines.too_long = []


def _make_reader(lines: Iterable[str], source: TableSource, *, strict: bool = False) -> Any:
    if source.quoting == "none":
        return csv.reader(lines, delimiter=source.delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=source.delimiter, strict=strict)


def _read_row(
    reader: Any, lines: _Lines, columns: list[str], source: TableSource, *, padded: bool
) -> tuple[SourceRow | None, bool]:
    """The next row, None for an empty line or at the end; and whether there may be more."""
    lines.held = []
    try:
        cells = next(reader)
    except StopIteration:
        return None, False
    except csv.Error as error:
        return _leave_out(_explain_csv_error(error, lines.held[0][0]), lines, columns, source), True
    if lines.at_end or (len(lines.held) > 1 and _is_quote_stray(lines.held, len(columns), source)):
        return _leave_out("", lines, columns, source), True
    if padded and cells:
        cells += [""] * (len(columns) - len(cells))
    if len(cells) == len(columns):
        return SourceRow(lines.number, dict(zip(columns, map(str.strip, cells), strict=True))), True
    if not cells:
        return None, True
    return _leave_out(f"the row has {len(cells)} columns, not {len(columns)}", lines, columns, source), True


def _leave_out(problem: str, lines: _Lines, columns: list[str], source: TableSource) -> SourceRow:
    """The problem of the lines held, up to the first that fits the columns; that one and those behind it are read.

    Without a text the problem is a quote left open in the first of them.
    """
    held, width = lines.held, len(columns)
    left = next((at for at in range(1, len(held)) if _fits(held[at][1], width, source)), len(held))
    is_cut = lines.at_end and left == len(held)
    lines.put_back(held[left:])
    first, last = held[0][0], held[left - 1][0]
    said = problem or f"a quote in the row that begins in line {first:,} is not closed"
    if left > 1:
        said = f"{said}; lines {first:,} to {last:,} are left out"
    elif not problem:
        said = f"{said}; the line is left out"
    if is_cut:
        said = f"{said}; is the file cut off?"
    elif not problem:
        said = (
            f"{said}, and reading goes on behind. If quotes are plain text here, set `source.quoting: none` in the kit"
        )
    return SourceRow(first, {}, said, lines=left)


def _is_quote_stray(held: Sequence[tuple[int, str]], width: int, source: TableSource) -> bool:
    """Whether a cell of several lines is likelier rows behind a quote that nobody closed.

    It is where text follows its closing quote, or each of the lines, cut at the delimiters alone, has a row's columns.
    Of few columns the second is no sign: a comma or two stand in any address.
    """
    try:
        for _ in _make_reader((line for _, line in held), source, strict=True):
            pass
    except csv.Error:
        return True
    return width >= TELLING_WIDTH and all(line.count(source.delimiter) == width - 1 for _, line in held)


def _fits(line: str, width: int, source: TableSource) -> bool:
    """Whether a line is a row by itself: of that many columns, and every quote in it closed."""
    if line.count('"') % 2:
        return False
    try:
        return [len(cells) for cells in _make_reader([line], source)] == [width]
    except csv.Error:
        return False


def read_delimited_columns(path: Path, source: TableSource) -> list[str]:
    """The columns of the kit, or those of the file's header."""
    head = refuse_unread(path, "csv")
    with open_text(path, source.encoding, head) as text, clear_errors(path):
        skip_lines(text, source)
        lines = _Lines(text, source.skip)
        return list(source.columns) or _read_header(_make_reader(lines, source), lines, path)


def _read_header(reader: Any, lines: _Lines, path: Path) -> list[str]:
    """The names in the first line that is not empty. Raises LiaisonError."""
    try:
        while not (cells := next(reader, None)):
            lines.held = []
            if cells is None:
                return []
    except csv.Error as error:
        raise LiaisonError(f"{path}: {_explain_csv_error(error, lines.held[0][0])}") from error
    if lines.at_end:
        raise LiaisonError(f"{path}: a quote in the header, line {lines.held[0][0]:,}, is not closed")
    return name_columns(cells)


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


def _explain_csv_error(error: csv.Error, first: int) -> str:
    if "field larger" in str(error):
        return (
            f"a cell of the row that begins in line {first:,} has more than {csv.field_size_limit():,} characters "
            "up to here: is a quote left open in it?"
        )
    return f"{error} (see `source` in the mapping kit)"
