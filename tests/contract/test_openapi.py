"""The API keeps what its OpenAPI document promises: status, media type and shape of every answer, whatever is sent.

What is sent comes from the document: its examples, and values that are not what it asks for. (schemathesis would do
this, but its 4.24 does not work with the jsonschema-rs and hypothesis that the rest needs.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from api_runtime import ANNA, GROUNDS, Api, record
from hidden_worlds import OFFICE
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

HOME = TemporaryDirectory(prefix="liaison-openapi-")
API = Api(OFFICE, Path(HOME.name), request_rate=1e6)
API.hold(record("fr-pj"), record("be-fp"), record("nl-np", code="H2"))
LINK = API.link("be-fp:1", "fr-pj:1")
DOCUMENT = API.app.openapi()

LEFT_OUT = {
    "/v1/notices/stream",  # has no end
    "/v1/feeds/{agency}/cases",  # needs Kafka: tests/integration/feeds
    "/readyz",  # tells of the engines' state
}


class Operation(NamedTuple):
    """One method of one path, as the document describes it."""

    method: str
    path: str
    told: dict[str, Any]


def operations() -> Iterator[Operation]:
    for path, methods in DOCUMENT["paths"].items():
        if path not in LEFT_OUT:
            yield from (Operation(method, path, told) for method, told in methods.items())


SENSIBLE = {
    "case": ["fr-pj:1", "be-fp:1"], "key": ["fr-pj:1", "be-fp:1"], "entity": ["p1"], "link": [LINK],
    "limit": ["1", "50"], "depth": ["1", "3"], "what": ["links", "cases"], "form": ["ndjson", "csv"],
    "mine": ["true"], "cursor": [""],
}  # fmt: skip
words = st.sampled_from([word for some in SENSIBLE.values() for word in some]) | st.text()
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


def parameters(name: str) -> st.SearchStrategy[str]:
    """Half of them such that an answer is reached."""
    sensible = st.sampled_from(SENSIBLE.get(name, [""]))
    return st.booleans().flatmap(lambda astray: words if astray else sensible)


def bodies(operation: Operation) -> st.SearchStrategy[Any]:
    """A body of the examples of its fields; one with a field of another kind; something else altogether."""
    content = operation.told["requestBody"]["content"]["application/json"]
    known = {name: _known(field) for name, field in _shape(content["schema"])["properties"].items()}
    told = st.fixed_dictionaries({name: st.sampled_from(some) for name, some in known.items() if some})
    changed = st.builds(lambda body, name, value: {**body, name: value}, told, st.sampled_from(sorted(known)), values)
    return st.sampled_from([told, told, changed, values]).flatmap(lambda kind: kind)


def _known(field: dict[str, Any]) -> list[Any]:
    shape = _shape(field)
    return shape.get("examples") or shape.get("enum") or ([field["default"]] if "default" in field else [])


def _shape(schema: dict[str, Any]) -> dict[str, Any]:
    named = schema.get("$ref", "").rpartition("/")[2]
    return DOCUMENT["components"]["schemas"][named] if named else schema


def promise_broken(operation: Operation, answer: Any) -> str:
    """How an answer differs from the document, empty if it does not."""
    promised = operation.told["responses"].get(str(answer.status_code))
    if promised is None:
        return f"{answer.status_code} is not among {sorted(operation.told['responses'])}"
    content = promised.get("content", {})
    kind = answer.headers["content-type"].partition(";")[0]
    if content and kind not in content:
        return f"{kind} is not among {sorted(content)}"
    schema = content.get(kind, {}).get("schema", {})
    whole = {**schema, "components": DOCUMENT["components"]}
    return (
        "; ".join(error.message for error in Draft202012Validator(whole).iter_errors(answer.json())) if schema else ""
    )


@pytest.mark.parametrize("operation", list(operations()), ids=lambda one: f"{one.method} {one.path}")
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_answer_is_one_the_document_promises(operation: Operation, data: st.DataObject) -> None:
    path, query = operation.path, {}
    for wanted in operation.told.get("parameters", ()):
        name = wanted["name"]
        if wanted["in"] == "path":
            path = path.replace(f"{{{name}}}", quote(data.draw(parameters(name).filter(bool), name), safe=""))
        elif wanted["in"] == "query" and data.draw(st.booleans()):
            query[name] = data.draw(parameters(name), name)
    body = data.draw(bodies(operation), "body") if "requestBody" in operation.told else None
    answer = asyncio.run(API.request(operation.method, path, ANNA, GROUNDS, params=query, json=body))
    event(str(answer.status_code))
    assert promise_broken(operation, answer) == ""
