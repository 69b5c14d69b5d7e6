"""/v1/hit-allowances: how many hit-only answers a day an owner lets another agency's cases and queries have."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Response
from msgspec import Meta

from pipeline.api.request_structs import body_of
from pipeline.api.routes.answers import describe_responses, json_response
from pipeline.api.routes.asking import SessionOf
from pipeline.api.services import hit_allowances as service

router = APIRouter(prefix="/v1", tags=["disclosures"])

AgencyPath = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,31}$", description="Agency.", examples=["be-fp"])]


class AllowanceTerms(msgspec.Struct, frozen=True):
    """Answers a day, and until when."""

    daily: Annotated[int, Meta(ge=1, le=service.MOST, examples=[5000])]
    until: Annotated[datetime, Meta(tz=True, examples=["2026-12-01T12:00:00Z"])]


AllowanceBody = Annotated[AllowanceTerms, body_of(AllowanceTerms)]

ROW: dict[str, Any] = {
    "agency": "be-fp", "daily": 5000, "until": "2026-12-01T12:00:00+00:00", "active": True, "by": "chief",
    "time": "2026-11-24T12:00:00+00:00",
}  # fmt: skip
AS_OF = "2026-11-24T12:00:00+00:00"
ONE: dict[str, Any] = {"as_of": AS_OF, "allowance": ROW}
SEVERAL: dict[str, Any] = {
    "as_of": AS_OF, "daily": 200, "allowances": [ROW],
    "refused": [{"agency": "be-fp", "day": "2026-11-23", "questions": 13, "cases": 13}],
}  # fmt: skip


@router.put(
    "/hit-allowances/{agency}",
    summary="Raise an agency's hit quota",
    response_class=Response,
    responses=describe_responses(service.HitAllowanceAnswer, ONE),
)
async def allow_hits(session: SessionOf, agency: AgencyPath, body: AllowanceBody) -> Response:
    """For a supervisor, such as for the agency's initial load; what waits is answered at once as far as it reaches."""
    return json_response(await service.allow_hits(session, agency, body.daily, body.until))


@router.get(
    "/hit-allowances",
    summary="Hit quotas of my agency",
    response_class=Response,
    responses=describe_responses(service.HitAllowancesAnswer, SEVERAL),
)
async def hit_allowances(session: SessionOf) -> Response:
    """By agency; `daily` is what every agency has. `refused`: who guessed too many dates or numbers, by day."""
    return json_response(await service.list_hit_allowances(session))
