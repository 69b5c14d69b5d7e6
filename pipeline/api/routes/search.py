"""POST /v1/search; the question is in the body, so that it is in no server's log of addresses."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response

from pipeline.api.request_structs import body_of
from pipeline.api.routes.answers import describe_responses, json_response
from pipeline.api.routes.asking import SessionOf
from pipeline.api.services import search as service
from pipeline.api.services import search_facets as facets_service

router = APIRouter(prefix="/v1", tags=["search"])

EXAMPLE: dict[str, Any] = {
    "as_of": "2026-11-24T12:00:00+00:00",
    "results": [
        {"view": "full", "case": "fr-pj:2026-004711", "agency": "fr-pj", "country": "FR", "title": "Vol à main armée",
         "caveat": None, "score": 2310, "band": "certain", "met": ["name", "key"],
         "why": ["+23.1  Name: all words agree; 1 in 9,000,000 | ivan petrov"]},
    ],
    "hits": [
        {"view": "hit", "reference": "9a7e" * 10, "agency": "be-fp", "contact": {"unit": "DJSOC"}, "band": "certain",
         "request": {"id": "9a7e" * 10, "state": "requested", "overdue": False, "time": "2026-11-24T12:00:00+00:00",
                     "deadline": "2026-12-01T12:00:00+00:00", "until": None, "subject": "bert",
                     "label": "Ivan Petrov 1980-05-01"}},
    ],
    "hits_left": 199,
    "next": None,
    "understood": [
        {"words": "ivan petrov",
         "readings": [{"field": "name", "value": "ivan petrov"}, {"field": "text", "value": "ivan petrov"}]},
        {"words": "25/11/1982", "readings": [{"field": "born", "value": "1982-11-25"}]},
    ],
    "not_asked": "",
    "hints": [
        {"kind": "not_found", "words": "0612345678", "question": "",
         "advice": "Check the digits, and begin with + and the country's code."},
    ],
}  # fmt: skip


FACETS_EXAMPLE: dict[str, Any] = {
    "as_of": "2026-11-24T12:00:00+00:00",
    "facets": {
        "cases": 12,
        "countries": [{"value": "FR", "count": 8}, {"value": "BE", "count": 4}],
        "agencies": [{"value": "fr-pj", "count": 8}, {"value": "be-fp", "count": 4}],
        "types": [{"value": "person", "count": 12}, {"value": "vehicle", "count": 3}],
        "roles": [{"value": "suspect", "count": 9}],
        "offences": [{"value": "ICCS:0502", "count": 5}],
        "years": [{"value": "2026", "count": 10}, {"value": "2025", "count": 2}],
    },
}

SearchBody = Annotated[service.Search, body_of(service.Search)]


@router.post(
    "/search",
    summary="Search cases",
    response_class=Response,
    responses=describe_responses(service.SearchAnswer, EXAMPLE),
)
async def search(body: SearchBody, session: SessionOf) -> Response:
    """The likeliest cases first, each with the reasons why it matched."""
    return json_response(await service.search(session, body))


@router.post(
    "/search/facets",
    summary="Count a search's facets",
    response_class=Response,
    responses=describe_responses(facets_service.FacetsAnswer, FACETS_EXAMPLE),
)
async def facets(body: SearchBody, session: SessionOf) -> Response:
    """The cases that the same body finds, counted by country, agency, type, role, offence and year.

    Each is counted without its own filter, so that several values can be chosen.
    """
    return json_response(await facets_service.count_facets(session, body))
