"""The API's contract: its OpenAPI document changes only where somebody means it to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema

from support.api.openapi_digest import answers_of, described, digest_of, requests_of, shape_of

REQUESTS = "a0f9c2a5b7acb1d94f9db5f375a1ca096e0d7d5ac64e1c06ca866f71a0113c64"
ANSWERS = "1b91356bebc86237e940c49ebdd2d2f849589f3319bc41c615255f92e28fa0b7"
"""Where a change of paths, parameters or schemas is meant, tests/support/api/openapi_digest.py prints the new ones."""


def test_paths_parameters_and_bodies_are_as_they_were() -> None:
    assert digest_of(requests_of(described())) == REQUESTS


def test_answers_are_as_they_were() -> None:
    assert digest_of(answers_of(described())) == ANSWERS


@cache
def document() -> dict[str, Any]:
    return described()


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document."""
    if isinstance(node, dict):
        yield node
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(part)


def test_each_array_says_what_it_holds_as_makers_of_clients_read_it() -> None:
    """openapi-python-client refuses a document with `items: false`, and Spectral an array without `items`."""
    arrays = [one for one in nodes(document()["components"]["schemas"]) if one.get("type") == "array"]
    assert len(arrays) > 100
    assert [one for one in arrays if not isinstance(one.get("items"), dict) or "prefixItems" in one] == []


def test_no_two_schemas_have_one_title() -> None:
    """Makers of clients name classes by title, and leave out all operations of those that share one."""
    schemas = document()["components"]["schemas"]
    titles = Counter(schema.get("title", name) for name, schema in schemas.items())
    assert [title for title, count in titles.items() if count > 1] == []
    assert [name for name, schema in schemas.items() if schema.get("title", name) != name] == []


def test_each_example_is_what_its_schema_says() -> None:
    held = document()
    bodies = [one for one in nodes(held["paths"]) if "example" in one and "schema" in one]
    assert len(bodies) > 700
    told = {json.dumps(one, sort_keys=True): one for one in bodies}
    for one in told.values():
        schema = one["schema"] | {"components": held["components"]}
        jsonschema.Draft202012Validator(schema).validate(one["example"])
    operations = [operation for path in held["paths"].values() for operation in path.values()]
    problems = [
        answer
        for operation in operations
        for status, answer in operation["responses"].items()
        if status.startswith(("4", "5"))
    ]
    assert all(one["content"]["application/problem+json"]["example"]["type"] for one in problems)


def test_words_and_names_make_no_difference() -> None:
    def document(name: str, word: str) -> dict[str, object]:
        body = {"schema": {"$ref": f"#/components/schemas/{name}"}}
        schema = {"title": word, "type": "object", "properties": {"title": {"type": "string", "description": word}}}
        return {"paths": {"/": {"post": {"requestBody": body}}}, "components": {"schemas": {name: schema}}}

    assert shape_of(document("Asked", "a")) == shape_of(document("Request", "b"))
    assert "title" in str(shape_of(document("Asked", "a")))
