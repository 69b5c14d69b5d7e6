"""The JSON Schemas of everything on a topic: the same files in a checkout (schemas/) and in the installed package.

Names of fields are shown to everybody but their sender as far as the case schema knows them, and no others: a name that
it does not know may be anything, a person's name or number too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import orjson

from pipeline.errors import LiaisonError

_PACKAGE = Path(__file__).parents[1]
SUFFIX = ".schema.json"


@cache
def folder() -> Path:
    """Where the schemas lie: inside the installed package, else beside it in the checkout."""
    installed = _PACKAGE / "schemas"
    return installed if installed.is_dir() else _PACKAGE.parent / "schemas"


@cache
def names() -> tuple[str, ...]:
    """The names of all schemas, sorted."""
    return tuple(sorted(path.name.removesuffix(SUFFIX) for path in folder().glob(f"*{SUFFIX}")))


@cache
def schema(name: str) -> dict[str, Any]:
    """The schema called `name` (JSON Schema 2020-12); raises KeyError where there is none."""
    if name not in names():
        raise KeyError(name)
    loaded: dict[str, Any] = orjson.loads((folder() / f"{name}{SUFFIX}").read_bytes())
    return loaded


@cache
def validator(name: str) -> jsonschema_rs.Validator:
    """A validator for `name`; references between schemas are resolved in the same folder, never on the network.

    Raises LiaisonError where the files are missing or damaged: that is the installation's fault, never a record's.
    """
    try:
        resources = [(schema(each)["$id"], schema(each)) for each in names()]
        registry = jsonschema_rs.Registry(resources)
        return jsonschema_rs.validator_for(schema(name), registry=registry, offline=True)
    except (KeyError, TypeError, OSError, ValueError, jsonschema_rs.ReferencingError) as error:
        missing = f"the schema {name}{SUFFIX} in {folder()} is missing or damaged; install Liaison again"
        raise LiaisonError(missing) from error


def node(name: str, path: list[str | int]) -> Any:
    """The part of a schema at `path` (keys and indices from its root)."""
    found: Any = schema(name)
    for step in path:
        found = found[step]
    return found


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
    return ENVELOPE | frozenset(_names_in(schema("case")))


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
