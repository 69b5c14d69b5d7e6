"""Notices as they come, for open pages: the API's server-sent events under the browser's own session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response, StreamingResponse

from pipeline.api.routes.notices import events
from pipeline.api.services.notices import heard
from pipeline.web import layout
from pipeline.web.session import visit
from pipeline.web.site import Site

Cursor = Annotated[str, Query(max_length=2000)]
LastId = Annotated[str, Header(alias="last-event-id", max_length=2000)]


def router(site: Site) -> APIRouter:
    """The route that open pages listen to; it is no part of the API's description."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(layout.LIVE_PATH)
    async def live(request: Request, after: Cursor = "", last_event_id: LastId = "") -> Response:
        visitor = await visit(request, site.runtime)
        if not visitor.signed_in or not layout.reads(visitor.roles):
            return Response(status_code=HTTPStatus.NO_CONTENT)  # which tells the browser not to come back
        session = visitor.session()
        cursor = await heard(session, last_event_id or after)
        return StreamingResponse(_begun(cursor, events(session, cursor, visitor.check)), media_type="text/event-stream")

    return routes


async def _begun(cursor: str | None, following: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Say first from where on is told, so that a later page goes on from there."""
    yield b"event: begun\nid: %s\ndata: \n\n" % (cursor or "").encode()
    async for event in following:
        yield event
