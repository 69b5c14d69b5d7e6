"""Reads JSON: a line an object, or one document with the list of its rows somewhere in it."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.cells import SourceRow, flatten_object
from pipeline.feeds.tables.files import (
    MAX_ROW_BYTES,
    ReportBytesRead,
    clear_errors,
    open_table,
    open_text,
    refuse_unread,
)
from pipeline.feeds.tables.sources import TableSource

MAX_DOCUMENT_BYTES = 512 * 2**20
"""A JSON document is read whole; what is larger should come as JSON lines."""


def read_json_lines(path: Path, source: TableSource, advance: ReportBytesRead | None = None) -> Iterator[SourceRow]:
    """Every line's object; a line that is none is a problem of that line alone."""
    head = refuse_unread(path, "jsonl")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise LiaisonError(f"{path} is UTF-16; JSON lines are read as UTF-8")
    with open_table(path, advance) as file, clear_errors(path):
        number = 0
        while raw := file.readline(MAX_ROW_BYTES):
            number += 1
            if len(raw) == MAX_ROW_BYTES:
                while raw and not raw.endswith(b"\n"):
                    raw = file.readline(MAX_ROW_BYTES)
                yield SourceRow(number, {}, f"the line is longer than {MAX_ROW_BYTES >> 20} MiB: it is left out")
            elif number > source.skip:
                yield _read_line(number, raw, source.encoding)


def read_json_document(path: Path, source: TableSource, advance: ReportBytesRead | None = None) -> Iterator[SourceRow]:
    """The objects of the lists that `items` name (`outer.inner`), of a document that is a list, or the one it is.

    `number` counts the objects. Raises LiaisonError for what is not JSON, and where no such list is.
    """
    head = refuse_unread(path, "json")
    with open_text(path, source.encoding, head, advance) as file, clear_errors(path):
        text = file.read(MAX_DOCUMENT_BYTES + 1)
    if len(text) > MAX_DOCUMENT_BYTES:
        raise LiaisonError(
            f"{path} is larger than {MAX_DOCUMENT_BYTES >> 20} MiB; make it JSON lines, an object a line"
        )
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise LiaisonError(f"{path} is not JSON: {error}; is it cut off?") from error
    may_be_long = 4 * len(text) > MAX_ROW_BYTES  # a character takes at most four bytes
    for number, value in enumerate(_find_items(document, source.items, path), start=1):
        if may_be_long and len(orjson.dumps(value)) > MAX_ROW_BYTES:
            yield SourceRow(number, {}, f"the object is longer than {MAX_ROW_BYTES >> 20} MiB: it is left out")
        else:
            yield _make_row(number, value)


def _read_line(number: int, raw: bytes, encoding: str) -> SourceRow:
    try:
        value = orjson.loads(raw.decode("utf-8-sig" if encoding == "utf-8" else encoding))
    except UnicodeDecodeError as error:
        byte = f"byte 0x{raw[error.start]:02x} at place {error.start + 1:,} of the line"
        return SourceRow(number, {}, f"not {encoding}: {byte}; set `source.encoding` in the mapping kit")
    except orjson.JSONDecodeError as error:
        return SourceRow(number, {}, f"not JSON: {error.msg}, at character {error.pos + 1:,} of the line")
    return _make_row(number, value)


def _make_row(number: int, value: Any) -> SourceRow:
    if not isinstance(value, dict):
        return SourceRow(number, {}, "not a JSON object")
    try:
        return SourceRow(number, dict(flatten_object(value)))
    except ValueError as error:
        return SourceRow(number, {}, str(error))


def _find_items(document: Any, items: tuple[str, ...], path: Path) -> list[Any]:
    if isinstance(document, list):
        return document
    found = [value for item in items for value in _find_list(document, item.split("."))]
    if items and not found and not any(_has_path(document, item.split(".")) for item in items):
        held = ", ".join(document) if isinstance(document, dict) else type(document).__name__
        raise LiaisonError(f"{path} has no list {' or '.join(items)}, which `source.items` names; it has {held}")
    return found if items else [document]


def _find_list(value: Any, names: list[str]) -> list[Any]:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, list) else []


def _has_path(value: Any, names: list[str]) -> bool:
    for name in names:
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return isinstance(value, list)
