"""GET /v1/links?case=KEY: the links of a case."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from pipeline.api.cursors import CURSOR_CHARS
from pipeline.api.problems import NotFoundError
from pipeline.api.routes.answers import describe_responses, json_response
from pipeline.api.routes.asking import SessionOf
from pipeline.api.services import links as service

router = APIRouter(prefix="/v1", tags=["links"])

Case = Annotated[str, Query(min_length=1, max_length=512, description="Case key.", examples=["fr-pj:2026-004711"])]

Cursor = Annotated[str, Query(max_length=CURSOR_CHARS, description="`next` of the page before.")]

EXAMPLE: dict[str, Any] = {
    "as_of": "2026-11-24T12:00:00+00:00",
    "links": [
        {"link_id": "0c1f" * 8, "case_a": "fr-pj:2026-004711", "case_b": None, "version_a": None, "version_b": None,
         "probability": None, "score": None, "basis": None, "evidence": None, "band": "certain",
         "title_a": None, "title_b": None, "country_a": None, "country_b": None, "explanation": None, "colour": None,
         "disputed": None,
         "hit": {"view": "hit", "reference": "9a7e" * 10, "agency": "be-fp", "contact": {"unit": "DJSOC"}}},
    ],
    "next": None,
}  # fmt: skip


@router.get(
    "/links",
    summary="The links of a case",
    response_class=Response,
    responses=describe_responses(service.LinksAnswer, EXAMPLE, NotFoundError),
)
async def links(
    session: SessionOf, case: Case, limit: Annotated[int, Query(ge=1, le=service.MOST)] = 20, cursor: Cursor = ""
) -> Response:
    """Strongest first, each with its explanation; of one with a hit-only side the band, its agency and contact."""
    return json_response(await service.list_links(session, case, limit, cursor))
