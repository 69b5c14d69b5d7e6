"""GET /v1/cases/{key}; a case id may hold a slash, so the key is all that follows."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from pipeline.api.problems import NotFoundError
from pipeline.api.routes.answers import describe_responses, json_response
from pipeline.api.routes.asking import SessionOf
from pipeline.api.services import cases as service

router = APIRouter(prefix="/v1", tags=["cases"])

CaseKeyPath = Annotated[
    str, Path(max_length=512, description="Case key, <agency>:<case id>.", examples=["fr-pj:2026-004711"])
]

EXAMPLE = {
    "as_of": "2026-11-24T12:00:00+00:00",
    "case": {"case": "fr-pj:2026-004711", "agency": "fr-pj", "country": "FR", "version": 3, "view": "full"},
}


@router.get(
    "/cases/{key:path}",
    summary="Read a case",
    response_class=Response,
    responses=describe_responses(service.CaseAnswer, EXAMPLE, NotFoundError),
)
async def case(key: CaseKeyPath, session: SessionOf) -> Response:
    """The record as its agency sent it, with owner, handling, caveat and provenance."""
    return json_response(await service.read_case(session, key))
