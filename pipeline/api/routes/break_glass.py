"""/v1/break-glass: a supervisor opens a hit without asking its owner, with a second supervisor or a review after it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Response
from msgspec import Meta

from pipeline.access.break_glass import LONGEST_HOURS, GlassReason
from pipeline.access.disclosure_threads import GlassVerdict
from pipeline.access.text_limits import COMMENT, REASON
from pipeline.api.cursors import CURSOR_CHARS
from pipeline.api.problems import ConflictError, NotFoundError
from pipeline.api.request_structs import body_of
from pipeline.api.routes.answers import describe_responses, json_response
from pipeline.api.routes.asking import SessionOf
from pipeline.api.routes.disclosures import DisclosureIdPath, DisclosureReference
from pipeline.api.services import break_glass as service
from pipeline.api.services import disclosures as threads

router = APIRouter(prefix="/v1", tags=["disclosure"])


class BreakGlassRequest(msgspec.Struct, frozen=True):
    """Which hit is to be opened, for how long and why; `urgent`: at once, to be reviewed by its owner."""

    reference: DisclosureReference
    reason: Annotated[str, Meta(min_length=1, max_length=REASON.most, examples=["A life is in danger."])]
    hours: Annotated[int, Meta(ge=1, le=LONGEST_HOURS)] = LONGEST_HOURS
    urgent: bool = False


class OpeningReview(msgspec.Struct, frozen=True):
    """What the owner's supervisor finds, and why."""

    verdict: GlassVerdict
    comment: Annotated[str, Meta(min_length=1, max_length=COMMENT.most, examples=["The child was found by it."])]


BreakGlassBody = Annotated[BreakGlassRequest, body_of(BreakGlassRequest, strict=False)]
OpeningReviewBody = Annotated[OpeningReview, body_of(OpeningReview)]

ROW: dict[str, Any] = {
    "id": "9a7e" * 10, "mine": True, "case": None, "agency": "fr-pj", "contact": {"unit": "BRB"}, "break_glass": True,
    "state": "awaiting_confirmation", "overdue": False, "deadline": "2026-11-24T14:00:00+00:00", "until": None,
    "oversight": "awaiting_confirmation", "subject": "bert",
    "steps": [
        {"move": "break_glass_request", "agency": "be-fp", "subject": "bert", "time": "2026-11-24T12:00:00+00:00",
         "purpose": "investigation", "case_reference": "2026/1", "urgency": None,
         "deadline": "2026-11-24T14:00:00+00:00", "until": None, "reason": "A life is in danger.",
         "hours": 8, "verdict": None},
    ],
}  # fmt: skip
ONE = {"as_of": "2026-11-24T12:00:00+00:00", "disclosure": ROW}
SEVERAL = {"as_of": "2026-11-24T12:00:00+00:00", "disclosures": [ROW], "next": None}

DECIDED = describe_responses(threads.DisclosureAnswer, ONE, NotFoundError, ConflictError)


@router.post("/break-glass", summary="Request emergency access", response_class=Response, responses=DECIDED)
async def break_glass(session: SessionOf, body: BreakGlassBody) -> Response:
    """A supervisor's request to open a hit for some hours, which a second supervisor confirms within two.

    `urgent` opens at once; the owner is told, and its supervisor reviews it.
    """
    wanted = GlassReason(body.reason, body.hours)
    act = service.open_alone if body.urgent else service.request_opening
    return json_response(await act(session, body.reference, wanted))


@router.get(
    "/break-glass",
    summary="Emergency access of my agency",
    response_class=Response,
    responses=describe_responses(threads.DisclosuresAnswer, SEVERAL),
)
async def break_glasses(
    session: SessionOf,
    mine: Annotated[bool, Query(description="By supervisors of my agency; otherwise on its records.")] = True,
    awaiting: Annotated[bool, Query(description="What I may confirm, or my agency is to review.")] = False,
    limit: Annotated[int, Query(ge=1, le=threads.MOST)] = 50,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARS)] = None,
) -> Response:
    """The latest step first, with who has looked at it: `oversight`."""
    return json_response(await service.list_break_glass(session, mine, awaiting, limit, cursor))


@router.post("/break-glass/{name}/confirm", summary="Confirm", response_class=Response, responses=DECIDED)
async def confirm(session: SessionOf, name: DisclosureIdPath) -> Response:
    """Open what another supervisor of my agency requested, to that one alone; its owner is told at once."""
    return json_response(await service.confirm_opening(session, name))


@router.post("/break-glass/{name}/withdraw", summary="Withdraw", response_class=Response, responses=DECIDED)
async def withdraw(session: SessionOf, name: DisclosureIdPath) -> Response:
    """Take an own request back before it is confirmed."""
    return json_response(await service.withdraw_request(session, name))


@router.post("/break-glass/{name}/review", summary="Review", response_class=Response, responses=DECIDED)
async def review(session: SessionOf, name: DisclosureIdPath, body: OpeningReviewBody) -> Response:
    """The owner's verdict on what was opened by one alone; what is not justified is closed before this is answered."""
    return json_response(await service.review_opening(session, name, body.verdict, body.comment))
