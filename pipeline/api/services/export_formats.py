"""The formats of exports: each turns rows into the bytes of a file's head, parts and tail."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, Literal, Protocol

import orjson

from pipeline.access.redaction import Row
from pipeline.api.services import stix
from pipeline.api.services.export_words import CASE_CELLS, LINK_CELLS, case_cells, link_cells
from pipeline.api.services.follow_the_money import case_entities, link_entities

What = Literal["links", "cases"]
ExportFormat = Literal["ndjson", "ftm", "csv", "excel", "stix"]

TableFormat = Literal["csv", "excel", "ndjson"]
"""Of files with a row for each thing. `excel` is CSV with a byte order mark, by which Excel knows UTF-8."""

BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}".encode()
"""By which Excel knows UTF-8."""

LINK_COLUMNS: Final = (
    "link_id", "case_a", "case_b", "version_a", "version_b", "probability", "score", "band", "basis", "evidence",
)  # fmt: skip
"""The fields of an exported link in JSON lines, a contract with those who read the file."""

CASE_COLUMNS: Final = ("case", "agency", "country", "version", "hash", "data", "signature")

MEDIA_TYPES: Final[dict[ExportFormat, str]] = {
    "ndjson": "application/x-ndjson",
    "ftm": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "excel": "text/csv; charset=utf-8",
    "stix": "application/stix+json;version=2.1",
}


class ExportWriter(Protocol):
    """One file being written; `parts` is called with rows in their order."""

    def encode_head(self) -> bytes:
        """Return what stands before the rows."""

    def encode_part(self, rows: Iterable[Row]) -> bytes:
        """Return some rows, written."""

    def encode_tail(self) -> bytes:
        """Return what stands after the rows."""


def make_writer(what: What, form: ExportFormat, name: str, language: str) -> ExportWriter:
    """What writes a file of one format; `name` is the request's, which a STIX bundle is named by.

    `language` is of the words in a table.
    """
    names = LINK_COLUMNS if what == "links" else CASE_COLUMNS
    kinds: dict[ExportFormat, ExportWriter] = {
        "ndjson": _NdjsonWriter(names),
        "csv": _TableWriter(what, "csv", language),
        "excel": _TableWriter(what, "excel", language),
        "ftm": _FollowTheMoney(what),
        "stix": _StixWriter(what, name),
    }
    return kinds[form]


class _NdjsonWriter:
    """One JSON object a line, of the named fields."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def encode_head(self) -> bytes:
        return b""

    def encode_part(self, rows: Iterable[Row]) -> bytes:
        return encode_lines({name: row[name] for name in self._names} for row in rows)

    def encode_tail(self) -> bytes:
        return b""


class _FollowTheMoney(_NdjsonWriter):
    """One entity a line."""

    def __init__(self, what: What) -> None:
        super().__init__(())
        self._entities = link_entities if what == "links" else case_entities

    def encode_part(self, rows: Iterable[Row]) -> bytes:
        return encode_lines(entity for row in rows for entity in self._entities(row))


class _TableWriter:
    """A table for people: no cell holds JSON, which other formats have."""

    def __init__(self, what: What, form: ExportFormat, language: str) -> None:
        self._names = LINK_CELLS if what == "links" else CASE_CELLS
        self._make_cells = link_cells if what == "links" else case_cells
        self._form, self._language = form, language

    def encode_head(self) -> bytes:
        return encode_table_head(self._form, self._names)

    def encode_part(self, rows: Iterable[Row]) -> bytes:
        made = (self._make_cells(row, self._language) for row in rows)
        return encode_csv([cells.get(name) for name in self._names] for cells in made)

    def encode_tail(self) -> bytes:
        return b""


class _StixWriter:
    """One bundle; what comes again (an agency, a marking, an end of links) is left out after the first time."""

    def __init__(self, what: What, name: str) -> None:
        self._objects = stix.link_objects if what == "links" else stix.case_objects
        self._id = stix.bundle_id(what, name)
        self._exported_ids: set[str] = set()

    def encode_head(self) -> bytes:
        opening = orjson.dumps({"type": "bundle", "id": self._id})[:-1]
        return opening + b',"objects":[\n' + orjson.dumps(stix.exporter_identity())

    def encode_part(self, rows: Iterable[Row]) -> bytes:
        found = (made for row in rows for made in self._objects(row))
        return b"".join(b",\n" + orjson.dumps(made) for made in found if self._is_new(made))

    def encode_tail(self) -> bytes:
        return b"\n]}\n"

    def _is_new(self, made: stix.Object) -> bool:
        if made.get("modified", stix.UNKNOWN_TIME) != stix.UNKNOWN_TIME:
            return True  # of a case's own version, and so told once
        new = made["id"] not in self._exported_ids
        self._exported_ids.add(made["id"])
        return new


def encode_lines(items: Iterable[object]) -> bytes:
    """One JSON object a line."""
    return b"".join(orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE) for item in items)


def encode_table_head(form: str, names: Iterable[str]) -> bytes:
    """The first row of a table, which says what its columns are."""
    return (BOM if form == "excel" else b"") + encode_csv([names])


def encode_csv(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows of CSV (RFC 4180)."""
    text = io.StringIO()
    csv.writer(text).writerows(map(_encode_cell, row) for row in rows)
    return text.getvalue().encode()


FORMULA: Final = frozenset("=+-@")
CONTROLS: Final = ("\t", "\r", "\n")
SEPARATORS: Final = re.compile(r"[;\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
"""What begins a cell or row for a spreadsheet whose locale parts cells by `;` or tab, whatever quotes stand around."""

UNSEEN: Final = frozenset("CZ")
"""General categories of controls, formats and separators, which spreadsheets pass over before they look for a sign."""

QUOTE: Final = '"'
"""Passed over behind a separator, since what reads on there may take it for the cell's own."""


def _encode_cell(value: object) -> object:
    """A CSV cell; what a spreadsheet would take for a formula is quoted (OWASP, CSV injection).

    A formula may begin the cell, or a part of it behind what is a separator elsewhere. Raises TypeError for what has
    parts of its own: a table is for people, who read no JSON.
    """
    if isinstance(value, dict | list | tuple):
        raise TypeError("a cell holds one value")
    if not isinstance(value, str):
        return value
    ends = [found.end() for found in SEPARATORS.finditer(value)]
    first, *others = (value[begin:end] for begin, end in pairwise((0, *ends, len(value))))
    behind = "".join(f"'{part}" if _is_formula(part.lstrip(QUOTE)) else part for part in others)
    return ("'" if value.startswith(CONTROLS) or _is_formula(first) else "") + first + behind


def _is_formula(text: str) -> bool:
    """Whether a text begins with a formula's sign in any width, whatever unseen stands before it."""
    first = next((sign for sign in text if unicodedata.category(sign)[0] not in UNSEEN), "")
    return unicodedata.normalize("NFKC", first) in FORMULA
