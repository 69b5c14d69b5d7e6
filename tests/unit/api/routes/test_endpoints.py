"""Each endpoint is declared once, and what is declared of it holds."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import msgspec
import pytest

from pipeline.access.audit import ActKind
from pipeline.api.routes.endpoints import EXAMPLES, Endpoint, NotRecordedError, get, schema_components
from pipeline.api.routes.table import ENDPOINTS
from pipeline.api.session import Session
from support.access.requesters import ANNA
from support.api.runtime import Api

ANSWERING = [each for each in ENDPOINTS if each.answer]


@pytest.mark.parametrize("declared", ANSWERING, ids=lambda each: f"{each.method} {each.path}")
def test_an_example_is_an_answer(declared: Endpoint) -> None:
    assert declared.answer is not None
    schemas = schema_components(ENDPOINTS)
    schema = {"$ref": f"#/components/schemas/{declared.answer.__name__}", "components": {"schemas": schemas}}
    jsonschema.Draft202012Validator(schema).validate(declared.read_example())
    msgspec.json.decode(json.dumps(declared.read_example()), type=declared.answer)


def test_every_example_is_of_an_endpoint() -> None:
    named = {each.example or each.answer.__name__ for each in ANSWERING if each.answer}
    held = {f"pipeline/api/examples/{path.name}" for path in EXAMPLES.iterdir()}
    assert held == {f"pipeline/api/examples/{name}.json" for name in named}


class Told(msgspec.Struct):
    """Something."""

    said: str


def _declared(serve: Any) -> Endpoint:
    return get("/told", "told", "told", "Told", "What is told.", serve, ActKind.READ)


async def test_nothing_is_answered_that_is_not_on_record(api: Api) -> None:
    async def silent(session: Session) -> Told:
        return Told("something")

    async def recorded(session: Session) -> Told:
        await session.audit(ActKind.READ)
        return Told("something")

    with pytest.raises(NotRecordedError, match="told"):
        await _declared(silent).make_route()(session=api.session(ANNA))
    assert (await _declared(recorded).make_route()(session=api.session(ANNA))).body == b'{"said":"something"}'
