"""What a chart sends besides its page: itself to be kept, under its viewer's own session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from pipeline.access.folders import CHART_BYTES
from pipeline.api.problems import ProblemError, translate_error
from pipeline.api.services.folders import save_chart
from pipeline.api.session import Session
from pipeline.web.session import get_visit
from pipeline.web.sign_in import SEE_OTHER, is_own_form
from pipeline.web.site import Site

ROOM = 64 << 10
"""What a form may take besides the chart in it."""


def make_router(site: Site) -> APIRouter:
    """The routes of a chart's page."""
    routes = APIRouter(include_in_schema=False)

    @routes.post("/chart/save", max_body_size=CHART_BYTES + ROOM, form_limits={"max_part_size": CHART_BYTES + ROOM})
    async def save(
        request: Request, folder: Annotated[str, Form()], title: Annotated[str, Form()],
        content: Annotated[str, Form()], item: Annotated[str, Form()] = "", seen: Annotated[int, Form()] = 0,
    ) -> Response:  # fmt: skip
        async def answer(session: Session) -> Response:
            kept = await save_chart(session, folder, title, content, item or None, seen)
            return JSONResponse({"item": kept.item, "version": kept.version})

        return await _serve(site, request, answer)

    return routes


async def _serve(site: Site, request: Request, answer: Callable[[Session], Awaitable[Response]]) -> Response:
    """What `answer` gives for a signed-in visitor; what is wrong, in their words."""
    visitor = await get_visit(request, site.runtime)
    if not visitor.signed_in or not await is_own_form(request):
        return RedirectResponse("/sign-in", SEE_OTHER)
    try:
        return await answer(visitor.new_session())
    except ProblemError as problem:
        said = translate_error(problem, visitor.words.language)
        return JSONResponse({"detail": said}, status_code=problem.status)
