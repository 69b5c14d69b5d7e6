"""The FastAPI application: routers, problems, request ids, health and documentation; tests choose its runtime."""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.api.admission import API, JSON_BYTES, RequestAdmission, StalledBodyError, make_size_problem
from pipeline.api.headers import NONCE
from pipeline.api.list_worker import run_list_worker
from pipeline.api.metrics import RequestMetrics
from pipeline.api.problems import (
    NotFoundError,
    ProblemError,
    RequestTooLargeError,
    StalledRequestError,
    UnavailableError,
    UnprocessableError,
    UnsupportedMediaTypeError,
    negotiate_language,
)
from pipeline.api.refusals import answer_refusal, problem_response
from pipeline.api.routes import ROUTERS
from pipeline.api.routes.endpoints import OpenApiObject, describe_items, runtime_of, schema_components
from pipeline.api.routes.table import ENDPOINTS
from pipeline.api.runtime import Runtime
from pipeline.errors import LiaisonError
from pipeline.locale import N_
from pipeline.loop_turns import switch_threads_soon

log = logging.getLogger(__name__)

REQUEST_ID: Final = "X-Request-ID"
WITHOUT: Final = "Liaison-Without"
"""The agencies of which records may be missing though pushed by `as_of`."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

INDEX_SILENT: Final = "the search index gives no answer: %s"
"""What the log says; the same for every request, so that it is told once a minute (pipeline/logs.py)."""
TRY_AGAIN: Final = N_("the search index is not responding; try again")
"""What a caller is told."""
_JSON_TYPE = re.compile(r"|application/(.+\+)?json")

OTHER_METHODS: Final = 405
NO_JSON: Final = 400
"""FastAPI's answer to a body that is no JSON at all; ours is that to one that makes no sense."""

DOCUMENTATION: Final = "/docs"
DOCUMENTATION_ASSETS: Final = "/static-offline-docs"
"""Where fastapi-offline serves Swagger UI's files."""

Opening = Callable[[], AbstractAsyncContextManager[Runtime]]


def create_app(opening: Opening) -> FastAPI:
    """The application; `opening` makes the runtime when the server starts and closes it when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with switch_threads_soon():
            async with opening() as runtime:
                app.state.runtime = runtime
                working = asyncio.create_task(run_list_worker(runtime))
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
        docs_url=None,
        redoc_url=None,
    )
    # The last one is outermost: whoever is not let in is refused before the length of the body is looked at.
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=JSON_BYTES)
    for layer in (RequestAdmission, RequestIds, RequestMetrics):
        app.add_middleware(layer)
    _serve_documentation(app)
    _serve_health(app)
    for router in ROUTERS:
        app.include_router(router)
    app.router.routes.append(Route(f"{API}{{path:path}}", _UnknownOperation(), include_in_schema=False))
    _add_problem_handlers(app)
    app.openapi = lambda: _build_openapi(app)  # type: ignore[method-assign]
    return app


class _UnknownOperation:
    """What no operation of the API does, in place of whatever is mounted behind it: 404, or 405 with what is done.

    An ASGI application, so that it is asked whatever the method.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse one request."""
        routes = (route for router in ROUTERS for route in router.routes if isinstance(route, Route))
        found = [route for route in routes if route.matches(scope)[0] is Match.PARTIAL]
        if not found:
            raise HTTPException(NotFoundError.status)
        scope["route"] = found[0]  # the metrics are told which was meant
        allowed = sorted({method for route in found for method in route.methods or ()})
        raise HTTPException(OTHER_METHODS, headers={"Allow": ", ".join(allowed)})


class RequestIds:
    """Takes over the caller's request id where it is a plain one, and their language; no cache may keep an answer.

    Each answer to somebody admitted names the agencies that it is told without (WITHOUT): the same for all of them.

    Plain ASGI: Starlette's function middleware runs each request in a task of its own, which costs 0.3 ms.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        given = asked.get(REQUEST_ID, "")
        name = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        application = scope["app"]  # what is mounted within it takes its place in the scope
        state = scope.setdefault("state", {})
        state["request_id"], state["language"] = name, negotiate_language(asked.get("Accept-Language", ""))

        async def labelled(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = name
                headers.setdefault("Cache-Control", "no-store")
                if "requester" in state and (without := application.state.runtime.without()):
                    headers[WITHOUT] = ", ".join(without)
            await send(message)

        await self._app(scope, receive, labelled)


def _serve_documentation(app: FastAPI) -> None:
    """Add the API's documentation as a page, with scripts from this server alone."""

    @app.get(DOCUMENTATION, include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        page = get_swagger_ui_html(
            openapi_url=app.openapi_url or "",
            title=app.title,
            swagger_js_url=f"{DOCUMENTATION_ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{DOCUMENTATION_ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{DOCUMENTATION_ASSETS}/favicon.png",
        )
        nonce = getattr(request.state, NONCE, "")
        return HTMLResponse(bytes(page.body).replace(b"<script>", f'<script nonce="{nonce}">'.encode()))


def _serve_health(app: FastAPI) -> None:
    """Add what says whether the process lives, and whether it can answer."""

    @app.get("/healthz", summary="Liveness", tags=["health"], response_class=Response)
    async def healthz() -> Response:
        """Always 200 while the process answers at all."""
        return JSONResponse({"status": "alive"})

    @app.get("/readyz", summary="Readiness", tags=["health"], response_class=Response)
    async def readyz(request: Request) -> Response:
        """200 when the index answers and this server follows what others write, else 503 with the reason in words.

        `behind` where the index lacks what was pushed LIAISON_MAX_INDEX_LAG ago.

        `without` is how many agencies keep a transaction open: what they pushed behind it is not in, all else is.

        A backlog takes no server out of use: it can still write decisions and take in records, and other agencies'
        cases are as fresh as ever.
        """
        runtime = runtime_of(request)
        try:
            await runtime.unsealed.read_case("-")
        except LiaisonError:
            return JSONResponse({"status": "the index does not answer"}, 503)
        if stopped := runtime.followers.why_stopped():
            return JSONResponse({"status": stopped}, 503)
        as_of, allowed = runtime.as_of(), runtime.settings.max_index_lag
        late = bool(allowed) and (as_of is None or (runtime.clock() - as_of).total_seconds() > allowed)
        status, held = "behind" if late else "ready", len(runtime.without())
        return JSONResponse({"status": status, "as_of": as_of and as_of.isoformat(), "without": held})


def _add_problem_handlers(app: FastAPI) -> None:
    """Each kind of failure as problem details."""

    @app.exception_handler(ProblemError)
    async def answer_problem(request: Request, problem: ProblemError) -> Response:
        return await answer_refusal(request, problem)

    @app.exception_handler(LiaisonError)
    async def engine_away(request: Request, error: LiaisonError) -> Response:
        log.warning(INDEX_SILENT, error)
        return problem_response(request, UnavailableError(TRY_AGAIN))

    @app.exception_handler(RequestValidationError)
    async def misshapen(request: Request, error: RequestValidationError) -> Response:
        return await answer_refusal(request, _make_body_problem(request, error) or _make_validation_problem(error))

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        return await answer_refusal(request, _make_problem(request, error))


NOT_JSON: Final = N_("the body is read as JSON only; send it as application/json")


def _make_body_problem(request: Request, error: RequestValidationError) -> ProblemError | None:
    """The problem of a body that was not read, as it says to be something else than JSON; None of any other."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    unread = any(fault["loc"] == ("body",) and fault["type"] != "missing" for fault in error.errors())
    return UnsupportedMediaTypeError(NOT_JSON) if unread and not _JSON_TYPE.fullmatch(kind) else None


TOO_MANY: Final = N_("{place}: {count} were sent, but at most {most} are taken; leave some out")


def _make_validation_problem(error: RequestValidationError) -> ProblemError:
    """Which fields are wrong and how; never the values. Of a list that is too long alone what to do, too."""
    if len(found := error.errors()) == 1 and found[0]["type"] == "too_long":
        place, held = ".".join(map(str, found[0]["loc"])), found[0]["ctx"]
        said = LiaisonError(TOO_MANY, place=place, count=held["actual_length"], most=held["max_length"])
        return UnprocessableError(said, place)
    faults = [
        (".".join(map(str, fault["loc"])), str(fault["type"]), fault.get("ctx", {}).get("max_length"))
        for fault in found
    ]
    described = "; ".join(
        f"{place}: {kind.replace('_', ' ')}{f', at most {most}' if most else ''}" for place, kind, most in faults
    )
    detail = LiaisonError("invalid: {faults}", faults=described)
    return UnprocessableError(detail, *(place for place, _, _ in faults))


def _make_problem(request: Request, error: HTTPException) -> ProblemError:
    if isinstance(error, StalledBodyError):
        return StalledRequestError("the rest of the request did not arrive in time; send it again")
    if error.status_code == NotFoundError.status:
        return NotFoundError()
    if error.status_code == RequestTooLargeError.status:
        return make_size_problem(request)
    if error.status_code == NO_JSON:
        return UnprocessableError("the body is not valid JSON", "body")
    problem = ProblemError(headers=error.headers)
    problem.status, problem.title = error.status_code, str(error.detail)  # type: ignore[misc]
    return problem


def _build_openapi(app: FastAPI) -> OpenApiObject:
    """The OpenAPI 3.1 document, with the schemas of what services return."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(schema_components(ENDPOINTS, schemas))
        document["components"]["schemas"] = describe_items(schemas)
        for each in ENDPOINTS:
            each.add_example(document)
        app.openapi_schema = document
    return app.openapi_schema
