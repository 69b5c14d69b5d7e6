"""The JSON Schemas of everything on a topic: the same files in a checkout (schemas/) and in the installed package."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

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
