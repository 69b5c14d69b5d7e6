"""The API's contract: its OpenAPI document changes only where somebody means it to."""

from __future__ import annotations

from support.api.openapi_digest import answers_of, described, digest_of, requests_of, shape_of

REQUESTS = "8d853f54b41a18b2c1fe8e5f7c97333b2985b05086fed7b4114e26e42eeca5d5"
ANSWERS = "bf0749fbfaad33d5a87d754d4afbeb246272d14a93a88460d82484441c114fe3"
"""Where a change of paths, parameters or schemas is meant, tests/support/api/openapi_digest.py prints the new ones."""


def test_paths_parameters_and_bodies_are_as_they_were() -> None:
    assert digest_of(requests_of(described())) == REQUESTS


def test_answers_are_as_they_were() -> None:
    assert digest_of(answers_of(described())) == ANSWERS


def test_words_and_names_make_no_difference() -> None:
    def document(name: str, word: str) -> dict[str, object]:
        body = {"schema": {"$ref": f"#/components/schemas/{name}"}}
        schema = {"title": word, "type": "object", "properties": {"title": {"type": "string", "description": word}}}
        return {"paths": {"/": {"post": {"requestBody": body}}}, "components": {"schemas": {name: schema}}}

    assert shape_of(document("Asked", "a")) == shape_of(document("Request", "b"))
    assert "title" in str(shape_of(document("Asked", "a")))
