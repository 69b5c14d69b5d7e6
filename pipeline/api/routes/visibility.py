"""/v1/visibility: who could see one of our cases, and why."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from pipeline.access.case_visibility import MOST_WORDS, HandlingChangeError, handling_change
from pipeline.api.problems import NotFoundError, UnprocessableError
from pipeline.api.routes.answers import describe_responses, json_response
from pipeline.api.routes.asking import SessionOf
from pipeline.api.services import visibility as service

router = APIRouter(prefix="/v1", tags=["cases"])

VisibleCaseQuery = Annotated[str, Query(min_length=1, max_length=512, examples=["fr-pj:2026-004711"])]
HandlingWordsQuery = Annotated[
    list[Annotated[str, Field(max_length=32)]] | None,
    Query(max_length=MOST_WORDS, description="As if it were these; an empty one is none."),
]

EXAMPLE: dict[str, Any] = {
    "as_of": "2026-11-24T12:00:00+00:00",
    "case": "fr-pj:2026-004711",
    "handling": {"code": "H1", "releasable_to": ["BE"], "purposes": ["investigation"]},
    "changed_handling": {"code": "H2", "releasable_to": ["BE"], "purposes": ["investigation"]},
    "agencies": [
        {"agency": "be-fp", "country": "BE", "purpose": "investigation", "view": "full", "rule": "released",
         "changed_view": "hit", "changed_rule": "hit_only"},
    ],
    "people": [],
}  # fmt: skip


@router.get(
    "/visibility",
    summary="Who has access to our case",
    response_class=Response,
    responses=describe_responses(service.VisibilityAnswer, EXAMPLE, NotFoundError),
)
async def visibility(
    session: SessionOf,
    case: VisibleCaseQuery,
    handling: Annotated[str | None, Query(max_length=8, description="As if its code were this.")] = None,
    releasable_to: HandlingWordsQuery = None,
    purposes: HandlingWordsQuery = None,
) -> Response:
    """By agency and purpose, with the rule that decides; with other handling also what it would change.

    For people of the owner agency who read cases; to all others it is as if there were no such case.
    """
    try:
        change = handling_change(handling, releasable_to, purposes)
    except HandlingChangeError as error:
        raise UnprocessableError(error, error.field) from error
    return json_response(await service.read_visibility(session, case, change))
