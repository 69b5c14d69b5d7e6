"""/v1/links/{link}/reviews, /v1/reviews, /v1/reviews/{name}/undo, /v1/manual-links, /v1/inbox: judging links."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query, Response
from msgspec import Meta

from pipeline.access.text_limits import SUBJECT
from pipeline.api.cursors import CURSOR_CHARS
from pipeline.api.problems import ConflictError, NotFoundError
from pipeline.api.request_structs import body_of
from pipeline.api.routes.answers import describe_responses, json_response
from pipeline.api.routes.asking import SessionOf
from pipeline.api.routes.links import LinkIdPath
from pipeline.api.services import bulk_reviews as bulk
from pipeline.api.services import inbox as inboxes
from pipeline.api.services import reviews as service
from pipeline.matching.bands import Band

router = APIRouter(prefix="/v1", tags=["judgement"])

ReviewIdPath = Annotated[str, Path(max_length=64, description="Review id.", examples=["5d0a" * 8])]
CaseKeyText = Annotated[str, Meta(min_length=1, max_length=512, examples=["fr-pj:2026-004711"])]


MOST_HOURS = 24 * 366 * 100
"""A hundred years: an age that is larger is a mistake, and would leave the range of dates."""

BAND_PATTERN = f"^({'|'.join(Band)})$"

LISTED_PATTERN = f"^({'|'.join(inboxes.Listed)})$"


class ManualLink(msgspec.Struct, frozen=True):
    """Two cases that are the same, and why."""

    case_a: CaseKeyText
    case_b: CaseKeyText
    reason: service.ReviewReason


class LinkAssignee(msgspec.Struct, frozen=True):
    """Who is to judge the link: a subject, or nobody."""

    assignee: Annotated[str, Meta(max_length=SUBJECT.most, examples=["anna"])] = ""


VerdictBody = Annotated[service.LinkVerdict, body_of(service.LinkVerdict)]
BulkBody = Annotated[bulk.BulkVerdict, body_of(bulk.BulkVerdict)]
ManualLinkBody = Annotated[ManualLink, body_of(ManualLink)]
AssigneeBody = Annotated[LinkAssignee, body_of(LinkAssignee)]

REVIEW: dict[str, Any] = {
    "id": "5d0a" * 8, "verdict": "same", "colour": "white", "reason": "Same passport and birth date.",
    "action": False, "manual": False, "agency": "fr-pj", "reviewer": "anna", "time": "2026-11-24T12:00:00+00:00",
    "version_a": 3, "version_b": 1, "generation": "0123456789ab", "undone": False, "undone_by": None,
}  # fmt: skip
JUDGED = {
    "as_of": "2026-11-24T12:00:00+00:00",
    "judged": {
        "link": "0c1f" * 8, "colour": "white", "disputed": False, "own": "5d0a" * 8, "assignee": "anna",
        "new_evidence": [], "gone_evidence": 0, "reviews": [REVIEW],
    },
    "notice": None,
}  # fmt: skip
INBOX: dict[str, Any] = {
    "as_of": "2026-11-24T12:00:00+00:00",
    "links": [
        {"link_id": "0c1f" * 8, "case_a": "be-fp:17", "case_b": "fr-pj:2026-004711", "agency_a": "be-fp",
         "agency_b": "fr-pj", "country_a": "BE", "country_b": "FR", "title_a": "Diefstal", "title_b": "Vol",
         "caveat_a": None, "caveat_b": None, "entity_a": "p1", "entity_b": "p1", "type_a": "person",
         "type_b": "person", "name_a": "Anastasia Ouarzazi", "name_b": "Anastasia Warzazi", "born_a": "1976-03-04",
         "born_b": "1976-03-04", "own": "fr-pj:2026-004711", "received": "2026-11-24T10:00:00+00:00",
         "agrees": ["passport", "name", "date of birth"], "band": "certain", "basis": "same", "probability": 0.999,
         "score": 2410, "assignee": None, "colour": "yellow", "disputed": False, "judged_different": False,
         "own_review": None, "own_verdict": None, "own_reviewer": None, "own_time": None,
         "reason_for": ["different"], "new_evidence": [], "gone_evidence": 0},
    ],
    "next": None,
}  # fmt: skip
MANUAL = {
    "as_of": "2026-11-24T12:00:00+00:00",
    "links": [{"link": "0c1f" * 8, "case_a": "be-fp:17", "case_b": "fr-pj:2026-004711"} | REVIEW | {"manual": True}],
}

BULK = {
    "as_of": "2026-11-24T12:00:00+00:00",
    "outcomes": [{"link": "0c1f" * 8, "judged": JUDGED["judged"],
                  "reason_for": ["same", "different", "related", "unsure"], "problem": None}],
}  # fmt: skip

ANSWERED = describe_responses(service.ReviewsAnswer, JUDGED, NotFoundError)
DECIDED = describe_responses(service.ReviewsAnswer, JUDGED, NotFoundError, ConflictError)


@router.get("/links/{link}/reviews", summary="Reviews of a link", response_class=Response, responses=ANSWERED)
async def reviews(session: SessionOf, link: LinkIdPath) -> Response:
    """For those who see both sides in full: colour, dispute, and every review with its reason."""
    return json_response(await service.read_reviews(session, link))


@router.post("/links/{link}/reviews", summary="Review a link", response_class=Response, responses=DECIDED)
async def review(session: SessionOf, link: LinkIdPath, body: VerdictBody) -> Response:
    """The latest review of an agency holds for it; another agency's contradiction is kept beside it.

    A decision of the agency that is not the one `seen` is left as it is, with 409.
    """
    return json_response(await service.review_link(session, link, body))


@router.post(
    "/reviews",
    summary="Review several links alike",
    response_class=Response,
    responses=describe_responses(bulk.BulkAnswer, BULK),
)
async def review_all(session: SessionOf, body: BulkBody) -> Response:
    """One verdict on each; what can't be judged says why. Possible links are judged one by one."""
    return json_response(await bulk.judge_links(session, body))


@router.post(
    "/reviews/{name}/undo",
    summary="Undo a review",
    response_class=Response,
    responses=describe_responses(service.ReviewsAnswer, JUDGED, NotFoundError, ConflictError),
)
async def undo(session: SessionOf, name: ReviewIdPath) -> Response:
    """Take a review back: by its reviewer or their supervisor."""
    return json_response(await service.retract_review(session, name))


@router.post("/manual-links", summary="Link two cases by hand", response_class=Response, responses=DECIDED)
async def link_by_hand(session: SessionOf, body: ManualLinkBody) -> Response:
    """A review `same` of two cases, whether or not a score links them."""
    return json_response(await service.link_manually(session, body.case_a, body.case_b, body.reason))


@router.get(
    "/manual-links",
    summary="Links made by hand",
    response_class=Response,
    responses=describe_responses(service.ManualLinksAnswer, MANUAL, NotFoundError),
)
async def manual_links(
    session: SessionOf, case: Annotated[str, Query(min_length=1, max_length=512, examples=["fr-pj:2026-004711"])]
) -> Response:
    """Of a case, those of which both sides are seen in full."""
    return json_response(await service.list_manual_links(session, case))


@router.get(
    "/inbox",
    summary="Links to review",
    response_class=Response,
    responses=describe_responses(inboxes.InboxAnswer, INBOX),
)
async def inbox(
    session: SessionOf,
    band: Annotated[str, Query(pattern=BAND_PATTERN, description="One band, or all.")] = "",
    assignee: Annotated[str | None, Query(max_length=SUBJECT.most, description="A subject's; empty: nobody's.")] = None,
    case: Annotated[str, Query(max_length=512, description="Of one case.")] = "",
    country: Annotated[str, Query(pattern="^([A-Z]{2})?$", description="Of the other side.")] = "",
    at_least_h: Annotated[int | None, Query(ge=0, le=MOST_HOURS, description="Hours since our record came.")] = None,
    at_most_h: Annotated[int | None, Query(ge=0, le=MOST_HOURS)] = None,
    listed: Annotated[
        str, Query(pattern=LISTED_PATTERN, description="What the agency is unsure of, or what one decided oneself.")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=inboxes.MOST)] = 50,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARS)] = None,
) -> Response:
    """The agency's links that it has not judged, or judged different on other evidence; strongest first.

    With `listed`, decided ones: `own_verdict`, `own_reviewer` and `own_time` say which decision holds.
    """
    decided = inboxes.Listed(listed)
    wanted = inboxes.InboxFilter(Band(band), assignee, case, country, at_least_h, at_most_h, decided)
    return json_response(await inboxes.list_inbox(session, wanted, limit, cursor))


@router.put("/inbox/{link}", summary="Assign a link", response_class=Response, responses=ANSWERED)
async def assign(session: SessionOf, link: LinkIdPath, body: AssigneeBody) -> Response:
    """Investigators take links themselves; supervisors assign them to anyone of their agency."""
    return json_response(await inboxes.assign_link(session, link, body.assignee))
