"""Answers as JSON: orjson's bytes of what a service returned, described to OpenAPI by the same structs."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import Response

from pipeline.api import problems

PROBLEM_TYPE = "application/problem+json"

COMMON: tuple[type[problems.ProblemError], ...] = (
    problems.UnauthenticatedError,
    problems.ForbiddenError,
    problems.UnprocessableError,
    problems.StalledRequestError,
    problems.RequestTooLargeError,
    problems.TooManyRequestsError,
    problems.UnavailableError,
)
"""What any request that needs a session may end in."""


_described: dict[str, type[msgspec.Struct]] = {}
"""Every struct that a route answers with, noted as the routes are imported."""


def json_response(value: Any, status: int = 200) -> Response:
    """A service's result as the response."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def describe_responses(
    struct: type[msgspec.Struct], example: Any, *others: type[problems.ProblemError], status: int = 200
) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's `responses` of a route: the struct with an example, the common problems, and `others`."""
    _described[struct.__name__] = struct
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{struct.__name__}"}, "example": example}}
    found: dict[int | str, dict[str, Any]] = {status: {"description": _first_sentence(struct), "content": content}}
    return found | describe_problems(*others)


def describe_problems(*others: type[problems.ProblemError]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's `responses` for the common problems and `others`."""
    return {kind.status: _describe_problem(kind) for kind in (*COMMON, *others)}


def _describe_problem(kind: type[problems.ProblemError]) -> dict[str, Any]:
    shape = {
        "schema": {"$ref": "#/components/schemas/Problem"},
        "example": {"title": kind.title, "status": kind.status},
    }
    return {"description": _first_sentence(kind), "content": {PROBLEM_TYPE: shape}}


def _first_sentence(kind: type) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "fields": {"type": "array", "items": {"type": "string"}, "description": "What is missing or wrong."},
        "request_id": {"type": "string"},
    },
}


def schema_components() -> dict[str, Any]:
    """JSON Schema 2020-12 of all described structs, for OpenAPI 3.1's `components.schemas`."""
    _, found = msgspec.json.schema_components(_described.values(), ref_template="#/components/schemas/{name}")
    return {**found, "Problem": PROBLEM_SCHEMA}
