"""/v1/notices by polling and as server-sent events, and /v1/agencies/me/accesses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from pipeline.access.tokens import TokenError
from pipeline.api.cursors import CURSOR_CHARS
from pipeline.api.problems import ProblemError
from pipeline.api.routes.answers import describe_responses, json_response
from pipeline.api.routes.asking import SessionOf
from pipeline.api.services import notices as service
from pipeline.api.services.accesses import AccessesAnswer, list_accesses
from pipeline.api.session import Session
from pipeline.api.streaming import start_stream

router = APIRouter(prefix="/v1", tags=["notices"])

POLL_S: Final = 1.0
"""A notice is in the index about a second after its cause."""

BEAT_POLLS: Final = 15
"""Polls between two comments that keep proxies from closing a quiet stream."""

LONGEST_POLLS: Final = 600
"""A stream ends after ten minutes: the client comes back with its last event id, and its token is checked again."""

NoticeCursorQuery = Annotated[str | None, Query(max_length=CURSOR_CHARS)]
NoticeLimitQuery = Annotated[int, Query(ge=1, le=service.MOST)]

NOTICE: dict[str, Any] = {
    "id": "77aa" * 8, "kind": "disclosure_request", "time": "2026-11-24T12:00:00+00:00", "case": "fr-pj:2026-004711",
    "reference": None, "disclosure": "9a7e" * 10, "subscription": None, "label": None, "question": None,
    "filters": None, "agency": "be-fp", "purpose": "investigation", "band": None, "cursor": "Q0FGRQ",
}  # fmt: skip
NOTICES: dict[str, Any] = {"as_of": "2026-11-24T12:00:00+00:00", "notices": [NOTICE], "next": "Q0FGRQ"}
ACCESSES: dict[str, Any] = {
    "as_of": "2026-11-24T12:00:00+00:00",
    "accesses": [
        {"kind": "read", "time": "2026-11-24T12:00:00+00:00", "agency": "be-fp", "country": "BE", "subject": None,
         "purpose": "investigation", "case_reference": None,
         "shown": [{"case": "fr-pj:2026-004711", "form": "hit", "rule": "hit_only"}]},
    ],
    "next": None,
}  # fmt: skip


@router.get(
    "/notices",
    summary="Notices to my agency",
    response_class=Response,
    responses=describe_responses(service.NoticesAnswer, NOTICES),
)
async def notices(session: SessionOf, limit: NoticeLimitQuery = 50, cursor: NoticeCursorQuery = None) -> Response:
    """In the order in which they came; ask again with `next`, and each comes once.

    One whose case is not in the search index yet comes once it is, behind others that came later. Where very many come
    at once, a page may be shorter than `limit` while more follow. After a restore of the installation from a backup all
    come again, with the same ids.
    """
    return json_response(await service.list_notices(session, limit, cursor))


@router.get(
    "/notices/stream",
    summary="Live notices",
    response_class=StreamingResponse,
    responses={200: {"description": "Server-sent events.", "content": {"text/event-stream": {}}}},
)
async def stream(
    request: Request,
    session: SessionOf,
    cursor: NoticeCursorQuery = None,
    last_event_id: Annotated[str | None, Header(max_length=CURSOR_CHARS)] = None,
) -> Response:
    """Each notice an event whose id is its cursor; the stream ends after ten minutes and is taken up by that id.

    One whose case is not in the search index yet comes once it is, behind others that came later.
    """
    session.require_reader()

    async def check() -> None:
        await session.runtime.requester(request.state.token)

    return start_stream(session, stream_events(session, last_event_id or cursor, check))


Check = Callable[[], Awaitable[None]]
"""Raises TokenError once the session has ended."""


async def stream_events(
    session: Session, cursor: str | None, check: Check, polls: int = LONGEST_POLLS
) -> AsyncGenerator[bytes, None]:
    """The events of a stream; one that can't go on, as its session has ended, ends, and the client comes back."""
    for poll in range(polls):
        now = Session(session.runtime, session.requester, session.grounds, session.language, session.request_id)
        try:
            await check()
            answer = await service.list_new_notices(now, cursor)
        except (ProblemError, TokenError):
            return
        cursor = answer.next
        for row in answer.notices:
            yield b"event: notice\nid: %s\ndata: %s\n\n" % (row["cursor"].encode(), orjson.dumps(row))
        if not answer.notices and poll % BEAT_POLLS == 0:
            yield b": still here\n\n"
        await asyncio.sleep(POLL_S)


@router.get(
    "/agencies/me/accesses",
    summary="Who saw my records",
    response_class=Response,
    responses=describe_responses(AccessesAnswer, ACCESSES),
)
async def accesses(session: SessionOf, limit: NoticeLimitQuery = 50, cursor: NoticeCursorQuery = None) -> Response:
    """The latest first; of other agencies' people the agency alone."""
    return json_response(await list_accesses(session, limit, cursor))
