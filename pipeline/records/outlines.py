"""Names of fields as everybody but their sender may see them: those that the case schema knows, and no others. Pure.

A name that the schema does not know may be anything, a person's name or number too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from pipeline.records import schemas

UNKNOWN: Final = "…"
"""Stands for a name that the schema does not know."""

ENVELOPE: Final = frozenset({"data", "id", "source", "specversion", "type", "time", "subject", "signature",
                             "datacontenttype", "dataschema"})  # fmt: skip
"""Names of a CloudEvent around the case."""

INDEX_DIGITS: Final = 4
"""Digits of a place in a list: the schema's longest has 1,000 items. A longer number is somebody's."""


def hide_name(name: str) -> str:
    """A field's name, or what stands for one that the schema does not know."""
    return name if name in known_names() else UNKNOWN


def hide_names(pointer: str) -> str:
    """A JSON pointer without the names that the schema does not know.

    Whether a number is a place in a list or a name is not seen in a pointer: below an unknown name, or in what agencies
    add as they like, it may be a name and is hidden.
    """
    shown: list[str] = []
    for part in pointer.split("/")[1:]:
        is_index = part.isascii() and part.isdigit() and len(part) <= INDEX_DIGITS
        is_free = not {UNKNOWN, "extensions"}.isdisjoint(shown)
        shown.append(part if is_index and not is_free else hide_name(part))
    return "".join(f"/{part}" for part in shown)


@cache
def known_names() -> frozenset[str]:
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
