"""Notices as they come, for open pages: the API's server-sent events under the browser's own session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response, StreamingResponse

from pipeline.api.routes.notices import stream_events
from pipeline.api.services.notices import find_start_cursor
from pipeline.web import layout
from pipeline.web.session import get_visit
from pipeline.web.site import Site

LiveCursorQuery = Annotated[str, Query(max_length=2000)]
LastId = Annotated[str, Header(alias="last-event-id", max_length=2000)]


def make_router(site: Site) -> APIRouter:
    """The route that open pages listen to; it is no part of the API's description."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(layout.LIVE_PATH)
    async def live(request: Request, after: LiveCursorQuery = "", last_event_id: LastId = "") -> Response:
        visitor = await get_visit(request, site.runtime)
        if not visitor.signed_in or not layout.may_read_cases(visitor.roles):
            return Response(status_code=HTTPStatus.NO_CONTENT)  # which tells the browser not to come back
        session = visitor.new_session()
        cursor = await find_start_cursor(session, last_event_id or after)
        return StreamingResponse(
            _prepend_cursor(cursor, stream_events(session, cursor, visitor.check_session)),
            media_type="text/event-stream",
        )

    return routes


async def _prepend_cursor(cursor: str | None, following: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Say first from where on is told, so that a later page goes on from there."""
    yield b"event: begun\nid: %s\ndata: \n\n" % (cursor or "").encode()
    async for event in following:
        yield event
