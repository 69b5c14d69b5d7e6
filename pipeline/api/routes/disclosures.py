"""/v1/disclosures: ask an owner for a hit-only case, answer, revoke."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query, Response
from msgspec import Meta

from pipeline.access.disclosure_threads import Urgency
from pipeline.access.disclosures import DisclosureAsk
from pipeline.access.text_limits import LABEL, REASON
from pipeline.api.cursors import CURSOR_CHARS
from pipeline.api.problems import ConflictError, NotFoundError
from pipeline.api.request_structs import body_of
from pipeline.api.routes.answers import describe_responses, json_response
from pipeline.api.routes.asking import SessionOf
from pipeline.api.services import disclosures as service
from pipeline.api.services.request_evidence import RequestEvidenceAnswer, read_request_evidence

router = APIRouter(prefix="/v1", tags=["disclosure"])

DisclosureReference = Annotated[str, Meta(min_length=1, max_length=64, examples=["9a7e" * 10])]
DisclosureReason = Annotated[str, Meta(max_length=REASON.most, examples=["The same passport in our case."])]
DisclosureIdPath = Annotated[str, Path(max_length=64, description="Id of the disclosure.", examples=["9a7e" * 10])]
Time = Annotated[datetime, Meta(tz=True, examples=["2026-12-01T12:00:00Z"])]


class DisclosureRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of the owner of a hit."""

    reference: DisclosureReference
    reason: DisclosureReason
    urgency: Urgency = Urgency.ROUTINE
    deadline: Time
    label: Annotated[
        str,
        Meta(
            max_length=LABEL.most,
            description="What your agency calls the record, such as the search that found it. The owner is not told.",
            examples=["Ivan Petrov 1980-05-01"],
        ),
    ] = ""


class GrantTerms(msgspec.Struct, frozen=True):
    """Until when, and why."""

    until: Time
    reason: DisclosureReason = ""


class RefusalReason(msgspec.Struct, frozen=True):
    """Why a request is refused, or a grant taken back."""

    reason: DisclosureReason = ""


DisclosureBody = Annotated[DisclosureRequest, body_of(DisclosureRequest)]
GrantBody = Annotated[GrantTerms, body_of(GrantTerms)]
RefusalBody = Annotated[RefusalReason, body_of(RefusalReason)]

ROW: dict[str, Any] = {
    "id": "9a7e" * 10, "mine": True, "case": None, "agency": "fr-pj", "contact": {"unit": "BRB"}, "break_glass": False,
    "state": "requested", "overdue": False, "deadline": "2026-12-01T12:00:00+00:00", "until": None,
    "oversight": None, "subject": None, "label": "Ivan Petrov 1980-05-01",
    "steps": [
        {"move": "request", "agency": "be-fp", "subject": "bert", "time": "2026-11-24T12:00:00+00:00",
         "purpose": "investigation", "case_reference": "2026/1", "urgency": "urgent",
         "deadline": "2026-12-01T12:00:00+00:00", "until": None, "reason": "The same passport in our case.",
         "hours": None, "verdict": None},
    ],
}  # fmt: skip
ONE = {"as_of": "2026-11-24T12:00:00+00:00", "disclosure": ROW}
EVIDENCE = {
    "as_of": "2026-11-24T12:00:00+00:00",
    "record": {"case": "fr-pj:2026-004711", "title": "Vol à main armée",
               "entities": [{"entity": "p1", "type": "person", "name": "Ivan Petrov"}]},
    "links": [{"case": "be-fp:17", "agency": "be-fp", "country": "BE", "title": "Diefstal", "caveat": None,
               "entity": "p2", "type": "person", "name": "Иван Петров", "born": "1980-05-01", "link_id": "5c1f" * 8,
               "band": "certain", "basis": "same", "agrees": ["passport", "name"], "summary": "Same passport."}],
    "more": False,
}  # fmt: skip
SEVERAL = {"as_of": "2026-11-24T12:00:00+00:00", "disclosures": [ROW], "next": None}

DECIDED = describe_responses(service.DisclosureAnswer, ONE, NotFoundError, ConflictError)


@router.post("/disclosures", summary="Request access", response_class=Response, responses=DECIDED)
async def ask(session: SessionOf, body: DisclosureBody) -> Response:
    """Ask the owner of a hit for its content, by the reference that the hit bears."""
    wanted = DisclosureAsk(body.reason, body.urgency, body.deadline)
    return json_response(await service.request_disclosure(session, body.reference, wanted, body.label))


@router.get(
    "/disclosures",
    summary="Disclosures of my agency",
    response_class=Response,
    responses=describe_responses(service.DisclosuresAnswer, SEVERAL),
)
async def disclosures(
    session: SessionOf,
    mine: Annotated[bool, Query(description="Those my agency asked for; otherwise those it was asked for.")] = True,
    limit: Annotated[int, Query(ge=1, le=service.MOST)] = 50,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARS)] = None,
) -> Response:
    """The latest step first, with states, timers and what is overdue."""
    return json_response(await service.list_disclosures(session, mine, limit, cursor))


@router.get(
    "/disclosures/{name}",
    summary="One disclosure",
    response_class=Response,
    responses=describe_responses(service.DisclosureAnswer, ONE, NotFoundError),
)
async def disclosure(session: SessionOf, name: DisclosureIdPath) -> Response:
    """A disclosure that my agency asked for, or was asked for."""
    return json_response(await service.read_disclosure(session, name))


@router.get(
    "/disclosures/{name}/evidence",
    summary="Record and evidence of a request",
    response_class=Response,
    responses=describe_responses(RequestEvidenceAnswer, EVIDENCE, NotFoundError),
)
async def evidence(session: SessionOf, name: DisclosureIdPath) -> Response:
    """For the owner: the record that is asked for, and its links to the asking agency's cases that you may read."""
    return json_response(await read_request_evidence(session, name))


@router.post("/disclosures/{name}/grant", summary="Grant", response_class=Response, responses=DECIDED)
async def grant(session: SessionOf, name: DisclosureIdPath, body: GrantBody) -> Response:
    """Open the case to the asking agency until a time, at most a year away; a grant may be given another end."""
    return json_response(await service.grant_disclosure(session, name, body.until, body.reason))


@router.post("/disclosures/{name}/refuse", summary="Refuse", response_class=Response, responses=DECIDED)
async def refuse(session: SessionOf, name: DisclosureIdPath, body: RefusalBody) -> Response:
    """Say no; the other agency may ask again."""
    return json_response(await service.refuse_disclosure(session, name, body.reason))


@router.post("/disclosures/{name}/revoke", summary="Revoke", response_class=Response, responses=DECIDED)
async def revoke(session: SessionOf, name: DisclosureIdPath, body: RefusalBody) -> Response:
    """Take a grant back, or end a break-glass: answered only once nobody reads under it."""
    return json_response(await service.revoke_disclosure(session, name, body.reason))
