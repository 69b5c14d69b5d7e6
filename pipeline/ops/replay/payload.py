"""A rejected message's content as a reader may see it: whole for the agency that sent it, else its outline alone. Pure.

An outline has the names of fields and the kinds of their values. A name that the case schema does not know may be
anything, a person's name too, and is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec
import orjson

from pipeline.records.json_text import MAX_DEPTH
from pipeline.records.schemas import hide_name

MAX_CHARS: Final = 20_000
"""Of a content that is shown; more is no record that anybody reads."""

MAX_LINES: Final = 300
"""Of an outline or a comparison."""

TOO_DEEP: Final = "…"
"""Stands for a value that is nested too deep to be written."""

UNREAD: Final = "unread"
"""The kind of a content that is no JSON, or more than 1,024 levels deep, which orjson does not read."""

KINDS: Final = {dict: "object", list: "list", str: "text", bool: "boolean", int: "number", float: "number"}


class OutlineLine(msgspec.Struct, frozen=True):
    """A value's place (a JSON pointer) and kind; never the value."""

    pointer: str
    kind: str


class FieldDifference(msgspec.Struct, frozen=True):
    """A value that is not the same in two records; None where one lacks it."""

    pointer: str
    accepted: str | None
    rejected: str | None


def format_payload(original: bytes) -> str:
    """The content for people: JSON indented, anything else as text; cut behind MAX_CHARS."""
    try:
        text = orjson.dumps(orjson.loads(original), option=orjson.OPT_INDENT_2).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):  # which writes less deep than it reads
        text = original[:MAX_CHARS].decode(errors="backslashreplace")
    return text if len(text) <= MAX_CHARS else f"{text[:MAX_CHARS]}…"


def outline_payload(original: bytes) -> tuple[OutlineLine, ...]:
    """The places and kinds of all values; of a content that is no JSON, or nested too deep to be read, that alone."""
    try:
        document = orjson.loads(original)
    except orjson.JSONDecodeError:
        return (OutlineLine("", UNREAD),)
    leaves = _leaves(document, hide_name)
    lines = (OutlineLine(pointer, KINDS.get(type(value), "null")) for pointer, value in leaves)
    return tuple(line for line, _ in zip(lines, range(MAX_LINES), strict=False))


def compare_payloads(accepted: Mapping[str, Any], original: bytes) -> tuple[FieldDifference, ...]:
    """Where a rejected record's data differ from those accepted last, in the order of their places."""
    try:
        document = orjson.loads(original)
    except orjson.JSONDecodeError:
        return ()
    rejected = document.get("data") if isinstance(document, dict) else None
    before, after = (_texts(data) for data in (accepted, rejected))
    changed = sorted(place for place in before.keys() | after.keys() if before.get(place) != after.get(place))
    return tuple(FieldDifference(place, before.get(place), after.get(place)) for place in changed[:MAX_LINES])


def _texts(data: Any) -> dict[str, str]:
    return {f"/data{place}": _text(value) for place, value in _leaves(data)}


def _text(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return TOO_DEEP


def _leaves(value: Any, name: Callable[[str], str] = str) -> Iterator[tuple[str, Any]]:
    """Every plain value with its pointer, and every empty object or list, `name` telling what fields are called.

    What is nested deeper than any record may be is one value. No recursion: agencies decide how deep a message is.
    """
    waiting: list[tuple[str, Any, int]] = [("", value, 0)]
    while waiting:
        place, found, depth = waiting.pop()
        inner: list[tuple[str, Any]] = []
        if isinstance(found, dict):
            inner = [(name(key), part) for key, part in found.items()]
        elif isinstance(found, list):
            inner = [(str(at), part) for at, part in enumerate(found)]
        if inner and depth < MAX_DEPTH:
            waiting += reversed([(f"{place}/{step}", part, depth + 1) for step, part in inner])
        else:
            yield place, found
