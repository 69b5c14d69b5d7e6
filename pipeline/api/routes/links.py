"""GET /v1/links?case=KEY, /v1/links/{link}: the links of a case, and one with its evidence."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from pipeline.api.cursors import CURSOR_CHARS
from pipeline.api.problems import NotFoundError
from pipeline.api.routes.answers import describe_responses, json_response
from pipeline.api.routes.asking import SessionOf
from pipeline.api.services import link_evidence
from pipeline.api.services import links as service

router = APIRouter(prefix="/v1", tags=["links"])

CaseKeyQuery = Annotated[
    str, Query(min_length=1, max_length=512, description="Case key.", examples=["fr-pj:2026-004711"])
]

LinkIdPath = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Link id.", examples=["0c1f" * 8])]

CursorQuery = Annotated[str, Query(max_length=CURSOR_CHARS, description="`next` of the page before.")]

EXAMPLE: dict[str, Any] = {
    "as_of": "2026-11-24T12:00:00+00:00",
    "links": [
        {"link_id": "0c1f" * 8, "case_a": "fr-pj:2026-004711", "case_b": None, "version_a": None, "version_b": None,
         "probability": None, "score": None, "basis": None, "evidence": None, "band": "certain",
         "title_a": None, "title_b": None, "country_a": None, "country_b": None, "explanation": None, "colour": None,
         "disputed": None,
         "hit": {"view": "hit", "reference": "9a7e" * 10, "agency": "be-fp", "contact": {"unit": "DJSOC"},
                 "request": None}},
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
    session: SessionOf,
    case: CaseKeyQuery,
    limit: Annotated[int, Query(ge=1, le=service.MOST)] = 20,
    cursor: CursorQuery = "",
) -> Response:
    """Strongest first, each with its explanation; of one with a hit-only side the band, its agency and contact."""
    return json_response(await service.list_links(session, case, limit, cursor))


def _describe_side(agency: str, case: str, name: str) -> dict[str, Any]:
    return {
        "case": f"{agency}:{case}", "agency": agency, "country": agency[:2].upper(), "title": "Vol", "caveat": None,
        "entity": "p1", "type": "person", "name": name, "born": "1976-03-04",
    }  # fmt: skip


EVIDENCE: dict[str, Any] = {
    "as_of": "2026-11-24T12:00:00+00:00",
    "link": {"link_id": "0c1f" * 8, "case_a": "be-fp:17", "case_b": "fr-pj:2026-004711", "version_a": 3, "version_b": 1,
             "probability": 0.999, "score": 2410, "band": "certain", "basis": "same", "evidence": {},
             "explanation": "Certain link: probability 99.9% (+24.1 bits).",
             "summary": "Same passport and date of birth; the name is the same word read from Arabic."},
    "sides": [_describe_side("be-fp", "17", "Anastasia Ouarzazi") | {"handling": "H0", "version": 3},
              _describe_side("fr-pj", "2026-004711", "Anastasia Warzazi") | {"handling": "H1", "version": 1}],
    "own": "fr-pj:2026-004711",
    "next_best": _describe_side("nl-np", "9", "A. Warzazi") | {
        "link_id": "9a7e" * 8, "band": "possible", "bits": -3100},
    "judged": {"link": "0c1f" * 8, "colour": "yellow", "disputed": False, "own": None, "assignee": None,
               "new_evidence": [], "gone_evidence": 0, "reviews": []},
}  # fmt: skip


@router.get(
    "/links/{link}",
    summary="The evidence of a link",
    response_class=Response,
    responses=describe_responses(link_evidence.LinkEvidenceAnswer, EVIDENCE, NotFoundError),
)
async def evidence(session: SessionOf, link: LinkIdPath) -> Response:
    """For those who see both sides in full: the explanation, a sentence for a layman, and the next best candidate."""
    return json_response(await link_evidence.read_evidence(session, link))
