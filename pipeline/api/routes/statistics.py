"""/v1/statistics and /v1/deconfliction."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from pipeline.access.case_filters import Filters
from pipeline.api.problems import NotFoundError
from pipeline.api.request_structs import query_of
from pipeline.api.routes.answers import describe_responses, json_response
from pipeline.api.routes.asking import SessionOf
from pipeline.api.services import statistics as service

router = APIRouter(prefix="/v1", tags=["statistics"])

COUNTS: dict[str, Any] = {
    "as_of": "2026-11-24T12:00:00+00:00", "cases": 120, "links": 17, "policing_goals": {"6": 80},
    "offences": {"ICCS:0501": 44}, "country_pairs": {"BE-FR": 17},
}  # fmt: skip
NEAR: dict[str, Any] = {
    "as_of": "2026-11-24T12:00:00+00:00",
    "cases": [{"case": "be-fp:17", "agency": "be-fp", "country": "BE", "title": "Diefstal", "status": "active",
               "contact": {"unit": "DJSOC"}}],
}  # fmt: skip


@router.get(
    "/statistics",
    summary="Statistics of the cases I have access to",
    response_class=Response,
    responses=describe_responses(service.StatisticsAnswer, COUNTS),
)
async def statistics(session: SessionOf, filters: Annotated[Filters, query_of(Filters)]) -> Response:
    """By Global Policing Goal, offence and pair of countries; beyond 10,000 cases or links nobody is answered."""
    return json_response(await service.count_statistics(session, filters))


@router.get(
    "/deconfliction",
    summary="Same place and time",
    response_class=Response,
    responses=describe_responses(service.DeconflictionAnswer, NEAR, NotFoundError),
)
async def deconfliction(
    session: SessionOf, case: Annotated[str, Query(min_length=1, max_length=512, examples=["fr-pj:2026-004711"])]
) -> Response:
    """Other agencies' open cases with an event where and when this case has one."""
    return json_response(await service.find_nearby_cases(session, case))
