"""The API's contract: its OpenAPI document changes only where somebody means it to."""

from __future__ import annotations

from support.api.openapi_digest import described, digest_of, shape_of

DIGEST = "5344111f6acb400db3b893182be444ec974461731202528e55e982c8c7e9614c"
"""Where a change of paths, parameters or schemas is meant, tests/support/api/openapi_digest.py prints the new one."""


def test_paths_parameters_and_schemas_are_as_they_were() -> None:
    assert digest_of(described()) == DIGEST


def test_words_and_names_make_no_difference() -> None:
    def document(name: str, word: str) -> dict[str, object]:
        body = {"schema": {"$ref": f"#/components/schemas/{name}"}}
        schema = {"title": word, "type": "object", "properties": {"title": {"type": "string", "description": word}}}
        return {"paths": {"/": {"post": {"requestBody": body}}}, "components": {"schemas": {name: schema}}}

    assert digest_of(document("Asked", "a")) == digest_of(document("Request", "b"))
    assert "title" in str(shape_of(document("Asked", "a")))
