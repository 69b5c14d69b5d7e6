"""A rejected message's content as a reader may see it: whole for the agency that sent it, else its outline alone. Pure.

An outline has the names of fields and the kinds of their values. A name that the case schema does not know may be
anything, a person's name too, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import msgspec
import orjson

from pipeline.records import schemas

MAX_CHARS: Final = 20_000
"""Of a content that is shown; more is no record that anybody reads."""

MAX_LINES: Final = 300
"""Of an outline or a comparison."""

UNKNOWN: Final = "…"
"""Stands for a name that the schema does not know."""

ENVELOPE: Final = frozenset({"data", "id", "source", "specversion", "type", "time", "subject", "signature",
                             "datacontenttype", "dataschema"})  # fmt: skip
"""Names of a CloudEvent around the case."""

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
    except (orjson.JSONDecodeError, RecursionError):
        text = original[:MAX_CHARS].decode(errors="backslashreplace")
    return text if len(text) <= MAX_CHARS else f"{text[:MAX_CHARS]}…"


def outline_payload(original: bytes) -> tuple[OutlineLine, ...]:
    """The places and kinds of all values; nothing of a content that is no JSON."""
    try:
        document = orjson.loads(original)
    except orjson.JSONDecodeError:
        return ()
    lines = (OutlineLine(_hide_names(pointer), KINDS.get(type(value), "null")) for pointer, value in _leaves(document))
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
    return {f"/data{place}": orjson.dumps(value).decode() for place, value in _leaves(data)}


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value with its pointer, and every empty object or list. orjson bounds how deep they may be."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{place}/{name}")
    elif isinstance(value, list) and value:
        for at, inner in enumerate(value):
            yield from _leaves(inner, f"{place}/{at}")
    else:
        yield place, value


def _hide_names(pointer: str) -> str:
    parts = pointer.split("/")
    return "/".join(part if not part or part.isdecimal() or part in _known_names() else UNKNOWN for part in parts)


@cache
def _known_names() -> frozenset[str]:
    """The names of all fields that the case schema has, and those of the envelope."""
    return ENVELOPE | frozenset(_names_in(schemas.schema("case")))


def _names_in(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            yield from properties
        for inner in schema.values():
            yield from _names_in(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _names_in(inner)
