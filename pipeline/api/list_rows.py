"""A list as it is uploaded, CSV or NDJSON: each row becomes a question as a search takes it. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

import msgspec

from pipeline.errors import LiaisonError
from pipeline.search.questions import FIELDS, quote_value

ListFormat = Literal["csv", "ndjson"]

MOST_ROWS: Final = 10_000
MOST_BYTES: Final = 4 << 20
"""About 400 characters a row; the whole list is in memory while it is taken in."""

SEVERAL: Final = "|"
"""Between the values of one cell, as of a person with two names."""

DELIMITERS: Final = (",", ";", "\t")

COLUMNS: Final = ("id", "question", "country", *FIELDS)
"""`id` is the sender's own, `question` is asked as it stands, `country` is where phones are dialled."""


class ListRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One row: its sender's own id, what it asks, where its phones are dialled ("" not said), its line in the file.

    `line` is 0 where nobody counted: then it is the row's place in the list.
    """

    own: str = ""
    question: str = ""
    country: str = ""
    line: int = 0


class ListError(LiaisonError):
    """The list cannot be read as a whole; a row that asks for nothing is its own row's trouble."""


_Line = dict[str, str | list[str] | None]
_lines = msgspec.json.Decoder(_Line)


def parse_rows(raw: bytes, form: ListFormat) -> tuple[ListRow, ...]:
    """The rows of a list, empty ones aside. Raises ListError; its message tells the line, never a value."""
    if len(raw) > MOST_BYTES:
        raise ListError("the list is larger than {most} bytes; split it", most=MOST_BYTES)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ListError("the list is not UTF-8 text; save it as UTF-8") from error
    found = tuple(_make_row(cells) for cells in (_parse_csv(text) if form == "csv" else _parse_ndjson(text)))
    if not found:
        raise ListError("the list is empty")
    if len(found) > MOST_ROWS:
        raise ListError("the list has more than {most} rows; split it", most=MOST_ROWS)
    return found


def _parse_csv(text: str) -> Iterator[Mapping[str, list[str]]]:
    head = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        names = [name.strip().casefold() for name in next(reader, [])]
        _require_known(names, 1)
        for cells in reader:
            if any(map(str.strip, cells)):
                _require_width(cells, names, reader.line_num)
                yield {name: cell.split(SEVERAL) for name, cell in zip(names, cells, strict=False)}
    except csv.Error as error:
        raise ListError("line {line}: not readable as CSV or JSON", line=reader.line_num) from error


def _require_width(cells: list[str], names: list[str], line: int) -> None:
    if len(cells) > len(names):
        raise ListError("line {line}: not readable as CSV or JSON", line=line)


def _parse_ndjson(text: str) -> Iterator[Mapping[str, list[str]]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            cells = _lines.decode(line)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise ListError("line {line}: not readable as CSV or JSON", line=number) from error
        _require_known(cells, number)
        yield {name: value if isinstance(value, list) else [value or ""] for name, value in cells.items()}


def _require_known(names: Iterable[str], line: int) -> None:
    if not set(names) <= set(COLUMNS):
        raise ListError("line {line}: unknown column; the columns are {columns}", line=line, columns=", ".join(COLUMNS))


def _make_row(cells: Mapping[str, list[str]]) -> ListRow:
    values = {name: [text for value in some if (text := value.strip())] for name, some in cells.items()}
    asked = [
        *values.get("question", ()),
        *(quote_value(field, text) for field in FIELDS for text in values.get(field, ())),
    ]
    own, country = (" ".join(values.get(name, ())) for name in ("id", "country"))
    return ListRow(own, " ".join(asked), country.upper())
