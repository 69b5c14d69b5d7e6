"""Guesses how a table is to be read: format, encoding, delimiter, lines before the header, where the rows are."""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import orjson
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.files import (
    BINARY_FORMATS,
    BYTE_ORDER_MARKS,
    ZERO_SHARE,
    clear_errors,
    open_table,
    read_beginning,
)
from pipeline.feeds.tables.sheet_process import open_sheet
from pipeline.feeds.tables.sources import DELIMITERS, SourceFormat, TableSource, suffix_format

SAMPLE_LINES = 200
MAX_SKIPPED = 20
"""Lines looked at for a header: what stands further down is none."""
MAX_SHEETS = 20
"""Sheets of a workbook that are looked at, each by a process of its own: some 0.2 s."""
MAX_ELEMENTS = 200_000
"""Elements of an XML file that are looked at: a list shows its form in the first of them."""

UNNAMED = "the first row looks like the others: name them"
"""Why a table's columns are numbered."""


class GuessedSource(msgspec.Struct, frozen=True):
    """A source, and why each of its words was chosen, by the word."""

    source: TableSource
    reasons: dict[str, str]


def guess_format(path: Path) -> SourceFormat:
    """By the file's suffix, else by its beginning."""
    return suffix_format(path) or _format_of(read_beginning(path))


def guess_source(path: Path, sheet: str = "") -> GuessedSource:
    """Guess by the file's suffix and its beginning; of a workbook the sheet too, unless it is given.

    Raises LiaisonError for what can't be read.
    """
    guessed = guess_format(path)
    match guessed:
        case "csv":
            return _guess_delimited(read_beginning(path))
        case "workbook":
            return _guess_workbook(path, sheet)
        case "xml":
            items = _guess_elements(path)
            return GuessedSource(
                TableSource(format="xml", items=items), {"items": "elements that come again and again"}
            )
        case "json":
            return _guess_list(path)
        case _:
            return GuessedSource(TableSource(format=guessed), {})


def _format_of(head: bytes) -> SourceFormat:
    """By the first bytes; CSV for what is none of the others."""
    for mark, name in BINARY_FORMATS.items():
        if head.startswith(mark):
            return "parquet" if name == "parquet" else "workbook"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<"):
        return "xml"
    if start.startswith(b"["):
        return "json"
    return "jsonl" if start.startswith(b"{") else "csv"


def _guess_delimited(head: bytes) -> GuessedSource:
    encoding, text = _decode(head)
    lines = text.splitlines()[:SAMPLE_LINES]
    tables = {delimiter: [row for row in csv.reader(lines, delimiter=delimiter) if row] for delimiter in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda one: _regularity(tables[one]))
    rows = tables[delimiter]
    width, skip, columns = _find_header(rows)
    source = TableSource(format="csv", delimiter=delimiter, encoding=encoding, skip=skip, columns=columns)
    reasons = {
        "delimiter": f"it makes {width} columns in {sum(len(row) == width for row in rows)} of {len(rows)} lines",
        "encoding": "the file is not UTF-8; this reads anything, right or wrong",
        "skip": "the lines before have other widths or empty cells",
        "columns": UNNAMED,
    }
    return GuessedSource(source, reasons)


def _guess_workbook(path: Path, sheet: str) -> GuessedSource:
    """The sheet with the most filled cells in its first rows, and where its header is."""
    names = open_sheet(path, sheet).names
    reasons = {"skip": "the rows before are titles or empty", "columns": UNNAMED}
    if not sheet and len(names) > 1:
        sheet = max(names[:MAX_SHEETS], key=lambda name: _count_filled(path, name))
        reasons["sheet"] = f"of {', '.join(names)} it has the most in its first rows; --sheet takes another"
    return GuessedSource(guess_sheet(path, sheet), reasons)


def _count_filled(path: Path, sheet: str) -> int:
    """Cells of the first rows that have more than one: a title page has few."""
    filled = (sum(map(bool, cells)) for _, cells in islice(open_sheet(path, sheet).rows, SAMPLE_LINES))
    return sum(count for count in filled if count > 1)


def guess_sheet(path: Path, sheet: str = "") -> TableSource:
    """Guess where a workbook's sheet has its header; "" is the first sheet. Raises LiaisonError."""
    source = TableSource(format="workbook", sheet=sheet)
    _, skip, columns = _find_header([cells for _, cells in islice(open_sheet(path, sheet).rows, SAMPLE_LINES)])
    return msgspec.structs.replace(source, skip=skip, columns=columns)


def _find_header(rows: Sequence[Sequence[str]]) -> tuple[int, int, tuple[str, ...]]:
    """The usual width of a table's first rows, how many stand before its header, names where it has none."""
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    skip = next((number for number, row in enumerate(rows[:MAX_SKIPPED]) if len(row) == width and _is_filled(row)), 0)
    has_header = bool(rows) and _is_header(rows[skip], rows[skip + 1 :])
    return width, skip, () if has_header else number_columns(width)


def number_columns(width: int) -> tuple[str, ...]:
    """Names for the columns of a table without a header."""
    return tuple(f"column_{number}" for number in range(1, width + 1))


def _decode(head: bytes) -> tuple[str, str]:
    """The encoding and the text of a beginning that may end within a character."""
    marked = next((name for mark, name in BYTE_ORDER_MARKS.items() if head.startswith(mark)), "")
    if not marked and head.count(0) > len(head) * ZERO_SHARE:
        wide = "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"
        return wide, head.decode(wide, "replace")
    for encoding in (marked, "utf-8") if marked else ("utf-8",):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
        return "utf-8", text  # a mark tells by itself
    return "cp1252", head.decode("cp1252", "replace")


def _regularity(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """The share of lines with the usual number of columns, none for one column; then that number."""
    if not rows:
        return 0.0, 0
    width, count = Counter(map(len, rows)).most_common(1)[0]
    return (count / len(rows), width) if width > 1 else (0.0, width)


def _is_filled(row: Sequence[str]) -> bool:
    """Whether most cells are; a title across merged cells stands in each of them."""
    filled = [cell.strip() for cell in row if cell.strip()]
    return len(filled) > len(row) / 2 and (len(row) == 1 or len(set(filled)) > 1)


def _is_header(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Names are distinct, and none is a number or a value that comes again below."""
    names = [cell.strip() for cell in first if cell.strip()]
    below = {cell.strip() for row in others for cell in row}
    numbers = [name for name in names if sum(char.isdigit() for char in name) > len(name) / 2]
    return not numbers and len(set(names)) == len(names) and below.isdisjoint(names)


def _guess_elements(path: Path) -> tuple[str, ...]:
    """The outermost elements below the root that come several times and hold others. Raises LiaisonError for none."""
    counts, holders, names = Counter[str](), set[str](), list[str]()
    with open_table(path) as file, clear_errors(path):
        try:
            for number, (event, element) in enumerate(iterparse(file, events=("start", "end"))):
                if event == "start":
                    names.append(element.tag.rpartition("}")[2])
                    counts["/".join(names[1:])] += 1
                    holders.add("/".join(names[1:-1]))
                    holders |= {"/".join(names[1:])} if element.attrib else set()
                else:
                    names.pop()
                    element.clear()
                if number > MAX_ELEMENTS:
                    break
        except (ParseError, DefusedXmlException) as error:
            raise LiaisonError(f"cannot read {path} as XML: {error}") from error
    found = [path for path in counts if path and path in holders and counts[path] > 1]
    outermost = [path for path in found if not any(path.startswith(f"{other}/") for other in found)]
    if not outermost:
        raise LiaisonError(f"{path} has no element that comes several times")
    return tuple(outermost)


def _guess_list(path: Path) -> GuessedSource:
    """The longest of the outermost lists of objects in a JSON document."""
    with open_table(path) as file, clear_errors(path):
        try:
            document = orjson.loads(file.read())
        except orjson.JSONDecodeError as error:
            raise LiaisonError(f"{path} is not JSON: {error}; is it cut off?") from error
    level: list[tuple[str, Any]] = [("", document)]
    while level:
        lists = [
            (place, value)
            for place, value in level
            if isinstance(value, list) and any(isinstance(item, dict) for item in value)
        ]
        if lists:
            place, _ = max(lists, key=lambda found: len(found[1]))
            reason = "the longest list of objects" if len(lists) > 1 else "the outermost list of objects"
            return GuessedSource(TableSource(format="json", items=(place,) if place else ()), {"items": reason})
        level = [
            (f"{place}.{name}" if place else name, inner)
            for place, value in level
            if isinstance(value, dict)
            for name, inner in value.items()
        ]
    return GuessedSource(TableSource(format="json"), {})
