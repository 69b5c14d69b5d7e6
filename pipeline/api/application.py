"""The FastAPI application: routers, problems, request ids. Tests choose the runtime's parts."""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from pipeline.api.languages import preferred
from pipeline.api.list_worker import work
from pipeline.api.problems import NotFound, Problem, Unavailable, Unprocessable
from pipeline.api.routes import ROUTERS
from pipeline.api.routes.answers import PROBLEM_TYPE, components
from pipeline.api.runtime import Runtime
from pipeline.errors import LiaisonError

log = logging.getLogger(__name__)

REQUEST_ID: Final = "X-Request-ID"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

NO_JSON: Final = 400
"""FastAPI's answer to a body that is no JSON at all; ours is that to one that makes no sense."""

Opening = Callable[[], AbstractAsyncContextManager[Runtime]]


def create_app(opening: Opening) -> FastAPI:
    """The application; `opening` makes the runtime when the server starts and closes it when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opening() as runtime:
            app.state.runtime = runtime
            working = asyncio.create_task(work(runtime))
            try:
                yield
            finally:
                working.cancel()
                await asyncio.wait([working])

    app = FastAPIOffline(
        title="Liaison",
        summary="Case correlation across agencies and borders",
        version=version("liaison-pipeline"),
        lifespan=lifespan,
        docs_url="/docs",
        redoc_url=None,
    )
    app.middleware("http")(_with_request_id)
    for router in ROUTERS:
        app.include_router(router)
    _answer_problems(app)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


async def _with_request_id(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
    """Take over the caller's request id where it is a plain one, and his language; no cache may keep an answer."""
    given = request.headers.get(REQUEST_ID, "")
    request.state.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    request.state.language = preferred(request.headers.get("Accept-Language", ""))
    response = await call(request)
    response.headers[REQUEST_ID] = request.state.request_id
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _answer_problems(app: FastAPI) -> None:
    """Each kind of failure as problem details."""

    @app.exception_handler(Problem)
    async def told(request: Request, problem: Problem) -> Response:
        return problem_response(request, problem)

    @app.exception_handler(LiaisonError)
    async def engine_away(request: Request, error: LiaisonError) -> Response:
        log.warning("%s: %s", request.state.request_id, error)
        return problem_response(request, Unavailable("the index does not answer; try again"))

    @app.exception_handler(RequestValidationError)
    async def misshapen(request: Request, error: RequestValidationError) -> Response:
        return problem_response(request, _unprocessable(error))

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        return problem_response(request, _named(error))


def problem_response(request: Request, problem: Problem) -> Response:
    """A problem as its response."""
    language: str = request.state.language
    body = orjson.dumps(problem.body(request.state.request_id, language))
    headers = {**problem.headers, "Content-Language": language}
    return Response(body, problem.status, headers, media_type=PROBLEM_TYPE)


def _unprocessable(error: RequestValidationError) -> Problem:
    """Which fields are wrong and how; never the values."""
    faults = [(".".join(map(str, fault["loc"])), str(fault["type"])) for fault in error.errors()]
    told = "; ".join(f"{place}: {kind.replace('_', ' ')}" for place, kind in faults)
    detail = LiaisonError("not as it should be: {faults}", faults=told)
    return Unprocessable(detail, *(place for place, _ in faults))


def _named(error: HTTPException) -> Problem:
    if error.status_code == NotFound.status:
        return NotFound()
    if error.status_code == NO_JSON:
        return Unprocessable("the body is no JSON", "body")
    problem = Problem(headers=error.headers)
    problem.status, problem.title = error.status_code, str(error.detail)  # type: ignore[misc]
    return problem


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document, with the schemas of what services return."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        document.setdefault("components", {}).setdefault("schemas", {}).update(components())
        app.openapi_schema = document
    return app.openapi_schema
