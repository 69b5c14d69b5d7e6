"""/v1/audit: an agency's auditors read who did what, keep it as a file, and see whether the trail is whole."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from pipeline.api.cursors import CURSOR_CHARS
from pipeline.api.request_structs import query_of
from pipeline.api.routes.answers import describe_problems, describe_responses, json_response
from pipeline.api.routes.asking import SessionOf
from pipeline.api.services import audit as service
from pipeline.api.services.export_formats import TableFormat
from pipeline.api.streaming import start_file

router = APIRouter(prefix="/v1", tags=["audit"])

ACTS: dict[str, Any] = {
    "as_of": "2026-11-24T12:00:00+00:00",
    "acts": [
        {"time": "2026-11-24T11:58:03+00:00", "kind": "search", "agency": "be-fp", "country": "BE",
         "subject": "pieter@be-fp", "purpose": "investigation", "case_reference": "BX/12",
         "shown": [{"agency": "fr-pj", "case": "fr-pj:2026-004711", "reference": None, "form": "full",
                    "rule": "released"}],
         "rule": "role"},
    ],
    "next": None,
}  # fmt: skip
TRAIL: dict[str, Any] = {
    "entries": 4711, "findings": [], "checked": "2026-11-24T12:00:00+00:00", "running": False,
}  # fmt: skip


FilterOf = Annotated[service.ActFilter, query_of(service.ActFilter)]


@router.get(
    "/audit", summary="Activity", response_class=Response, responses=describe_responses(service.ActsAnswer, ACTS)
)
async def acts(
    session: SessionOf,
    wanted: FilterOf,
    limit: Annotated[int, Query(ge=1, le=service.MOST)] = 50,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARS)] = None,
) -> Response:
    """Acts of your agency's people, and others' in which its records were shown, the latest first; for auditors."""
    return json_response(await service.list_acts(session, wanted, limit, cursor))


@router.get("/audit/file", summary="Activity as a file", response_class=Response, responses=describe_problems())
async def file(session: SessionOf, wanted: FilterOf, form: TableFormat = "ndjson") -> Response:
    """All of those acts."""
    return await start_file(session, service.export_acts(session, wanted, form), service.MEDIA_TYPES[form])


@router.get(
    "/audit/trail",
    summary="State of the audit trail",
    response_class=Response,
    responses=describe_responses(service.TrailAnswer, TRAIL),
)
async def trail(session: SessionOf) -> Response:
    """Every entry of all agencies held against the hashes of the ones before; a check older than a minute is redone."""
    return json_response(await service.verify_trail(session))
