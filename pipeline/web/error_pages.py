"""What is answered where no page is, or where a page failed: problem details to the API's clients, a page to people."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import Request
from nicegui import Client, app, ui
from starlette.responses import Response

from pipeline.api.application import INDEX_SILENT, TRY_AGAIN
from pipeline.api.problems import NotFoundError, ProblemError, UnavailableError
from pipeline.api.refusals import problem_response
from pipeline.errors import LiaisonError
from pipeline.locale import N_
from pipeline.web import layout
from pipeline.web.components import states
from pipeline.web.components.markup import box, link, text
from pipeline.web.session import Visit, get_visit
from pipeline.web.site import Site

API = "/v1/"
ASTRAY = N_("Page not found")

log = logging.getLogger(__name__)


def serve_error_pages(site: Site) -> None:
    """Answer what nothing else answers, in the place of NiceGUI's own pages."""

    @app.exception_handler(HTTPStatus.NOT_FOUND)
    async def nowhere(request: Request, _: Exception) -> Response:
        return await render_problem(site, request, NotFoundError())

    @app.exception_handler(LiaisonError)
    async def away(request: Request, error: Exception) -> Response:
        """As the API's own handler: an engine that is away is no fault of ours, and makes no traceback."""
        log.warning(INDEX_SILENT, error)
        return await render_problem(site, request, UnavailableError(TRY_AGAIN))

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        log.error("%s failed", request.url.path, exc_info=error)
        return await render_problem(site, request, ProblemError())


async def render_problem(site: Site, request: Request, problem: ProblemError, back: str = "") -> Response:
    """A problem as the caller can read it; `back` is where its page leads."""
    if request.url.path.startswith(API):
        return problem_response(request, problem)
    visitor = await get_visit(request, site)
    with Client(ui.page(""), request=request) as client:
        with layout.draw_frame(visitor, ASTRAY, "").content:
            _draw_problem(visitor, problem, back)
        response = client.build_response(request, problem.status)
    response.headers.update(problem.headers)
    return response


def _draw_problem(visitor: Visit, problem: ProblemError, back: str) -> None:
    words = visitor.words
    if isinstance(problem, NotFoundError):
        text("h1", words(ASTRAY))
        text("p", words("Check the address, or go to the start page."))
    else:
        text("h1", "Liaison")
        states.draw_failure(words, problem)
    if back:
        with box("p", "row"):
            link(words("Back"), back, "button")
    with box("p", "row"):
        text("a", words("Start page"), "button", href="/")
