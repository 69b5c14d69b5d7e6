"""Each endpoint is declared once, and what is declared of it holds."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from typing import Any

import jsonschema
import msgspec
import pytest

from pipeline.access.audit import ActKind
from pipeline.access.requester import Role
from pipeline.api.answers import IndexAnswer
from pipeline.api.routes.endpoints import EXAMPLES, Endpoint, NotRecordedError, get, schema_components
from pipeline.api.routes.table import ENDPOINTS
from pipeline.api.session import Session
from support.access.requesters import ANNA, make_requester
from support.api.runtime import Api
from support.records.builder import record

AUDITOR = make_requester("fr-pj", Role.AUDITOR)
ANSWERING = [each for each in ENDPOINTS if each.answer]

each_answer = pytest.mark.parametrize("declared", ANSWERING, ids=lambda each: f"{each.method} {each.path}")


@cache
def schemas() -> dict[str, Any]:
    """Of every answer, made once."""
    return schema_components(ENDPOINTS, {})


def assert_valid(example: Any, declared: Endpoint) -> None:
    assert declared.answer is not None
    schema = {"$ref": f"#/components/schemas/{declared.answer.__name__}", "components": {"schemas": schemas()}}
    jsonschema.Draft202012Validator(schema).validate(example)


@each_answer
def test_an_example_is_an_answer(declared: Endpoint) -> None:
    assert_valid(declared.read_example(), declared)
    msgspec.json.decode(json.dumps(declared.read_example()), type=declared.answer)


@each_answer
def test_a_client_goes_on_when_an_answer_gains_a_field(declared: Endpoint) -> None:
    grown = {**declared.read_example(), "new_field": {"more": 1}}
    assert msgspec.convert(grown, declared.answer) == msgspec.convert(declared.read_example(), declared.answer)
    assert_valid(grown, declared)


def test_no_answer_is_closed_to_new_fields_but_filters_which_are_answered_as_they_were_asked() -> None:
    closed = [name for name, schema in schemas().items() if schema.get("additionalProperties") is False]
    assert closed == ["Filters"]


def test_how_fresh_an_answer_is_has_one_meaning() -> None:
    told = [each.answer for each in ANSWERING if each.answer and "as_of" in each.answer.__struct_fields__]
    assert len(told) > 40
    assert all(issubclass(answer, IndexAnswer) for answer in told)


BEHIND = timedelta(seconds=70)
ASKED = (
    "/v1/cases/fr-pj:1", "/v1/links?case=fr-pj:1", "/v1/graph?case=fr-pj:1", "/v1/timeline?case=fr-pj:1",
    "/v1/entities?case=fr-pj:1&entity=p1", "/v1/visibility?case=fr-pj:1", "/v1/statistics",
    "/v1/deconfliction?case=fr-pj:1", "/v1/manual-links?case=fr-pj:1", "/v1/inbox", "/v1/notices", "/v1/subscriptions",
    "/v1/disclosures", "/v1/break-glass", "/v1/hit-allowances", "/v1/agencies/me/accesses", "/v1/list-checks",
    "/v1/list-drafts", "/v1/audit",
)  # fmt: skip


@pytest.mark.parametrize("path", ASKED)
async def test_as_of_is_the_index_and_time_is_the_answer(api: Api, path: str) -> None:
    api.hold(record("fr-pj"))
    api.behind = BEHIND
    who = AUDITOR if path == "/v1/audit" else ANNA
    answer = (await api.get(path, who)).json()
    assert (answer["as_of"], answer["time"]) == ((api.now - BEHIND).isoformat(), api.now.isoformat())


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
        await session.record(ActKind.READ)
        return Told("something")

    async def unended(session: Session) -> Told:
        await session.record(ActKind.READ)
        await session.answer(ActKind.READ).__aenter__()
        return Told("something")

    for serve in (silent, unended):
        with pytest.raises(NotRecordedError, match="told"):
            await _declared(serve).make_route()(session=api.session(ANNA))
    assert (await _declared(recorded).make_route()(session=api.session(ANNA))).body == b'{"said":"something"}'
