"""Digests of the OpenAPI document: of what is asked and of what is answered, each schema in place of its name.

Component names, titles, summaries and descriptions are words for people and not part of it.

    python tests/support/api/openapi_digest.py          # the digests, as tests/unit/api/test_openapi.py holds them
    python tests/support/api/openapi_digest.py --json   # what it is of, to compare two versions by diff
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from typing import Any

from pipeline.api.application import create_app
from pipeline.api.runtime import open_runtime
from pipeline.settings import Settings

WORDS = ("title", "summary", "description")


def described() -> dict[str, Any]:
    """The document that the API serves."""
    document: dict[str, Any] = create_app(lambda: open_runtime(Settings())).openapi()
    return document


def shape_of(document: Mapping[str, Any]) -> Any:
    """The paths of a document without words for people, references followed."""
    return _shape(document["paths"], document["components"]["schemas"], ())


def requests_of(document: Mapping[str, Any]) -> Any:
    """Of a shape what clients send: paths, operations, parameters, bodies, and the statuses that they may get."""
    return {
        path: {
            method: {name: operation.get(name) for name in ("operationId", "parameters", "requestBody", "security")}
            | {"statuses": sorted(operation["responses"])}
            for method, operation in operations.items()
        }
        for path, operations in shape_of(document).items()
    }


def answers_of(document: Mapping[str, Any]) -> Any:
    """Of a shape what clients get."""
    return {
        path: {method: operation["responses"] for method, operation in operations.items()}
        for path, operations in shape_of(document).items()
    }


def digest_of(shape: Any) -> str:
    """The SHA-256 of a shape, in hexadecimal digits."""
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()


def _shape(node: Any, schemas: Mapping[str, Any], within: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_shape(one, schemas, within) for one in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        name = node["$ref"].rpartition("/")[2]
        return {"$ref": within.index(name)} if name in within else _shape(schemas[name], schemas, (*within, name))
    kept = {name: value for name, value in node.items() if name not in WORDS or not isinstance(value, str)}
    found = {name: _shape(value, schemas, within) for name, value in kept.items()}
    if isinstance(found.get("parameters"), list):
        found["parameters"].sort(key=lambda one: (one["in"], one["name"]))
    for name in ("required", "enum"):
        if isinstance(found.get(name), list):
            found[name].sort(key=str)
    if "enum" in found:
        found.pop("type", None)  # its values say it
    return found


if __name__ == "__main__":
    document = described()
    if "--json" in sys.argv:
        print(json.dumps(shape_of(document), indent=1, sort_keys=True))
    else:
        print(digest_of(requests_of(document)), digest_of(answers_of(document)), sep="\n")
