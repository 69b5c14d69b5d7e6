"""Notices as they come, for open pages: the API's server-sent events under the browser's own session."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from pipeline.api.problems import TooManyRequestsError
from pipeline.api.routes.notices import stream_events
from pipeline.api.services.notices import find_start_cursor
from pipeline.api.streaming import start_stream
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
        visitor = await get_visit(request, site)
        if not visitor.signed_in or not layout.may_read_cases(visitor.roles):
            return Response(status_code=HTTPStatus.NO_CONTENT)  # an open page asks again, ever more rarely
        session = visitor.new_session()
        cursor = await find_start_cursor(session, last_event_id or after)
        begun = b"event: begun\nid: %s\ndata: \n\n" % (cursor or "").encode()  # from where a later page goes on
        try:
            return start_stream(session, stream_events(session, cursor, visitor.check_session), begun)
        except TooManyRequestsError as problem:
            return Response(status_code=problem.status, headers=problem.headers)

    return routes
