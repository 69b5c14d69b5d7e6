"""The API's contract: its OpenAPI document changes only where somebody means it to."""

from __future__ import annotations

from support.api.openapi_digest import answers_of, described, digest_of, requests_of, shape_of

REQUESTS = "bb25f97e6cacaa19c19a1df37bc1c95911ee792a9ccb0d0ab52ecb4f2663b838"
ANSWERS = "4c0515ae9399fc9f6f5fb354c7ac38ca8134c80071b6459407b9db4e9f63d619"
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
