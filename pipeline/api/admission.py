"""Who is let in: a request of the API is served once its token holds and its bearer's rate allows it.

This comes before routing, so nothing of the body of anybody else is read. A body has a largest size, and a longest time
in which its next part must come.
"""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import Request
from fastapi.security.utils import get_authorization_scheme_param
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.access.requester import Requester
from pipeline.access.tokens import KeysAwayError, TokenError
from pipeline.api.problems import (
    ProblemError,
    RequestTooLargeError,
    TooManyRequestsError,
    UnauthenticatedError,
    UnavailableError,
    UnsupportedMediaTypeError,
)
from pipeline.api.refusals import answer_refusal, problem_response
from pipeline.api.routes import ROUTERS
from pipeline.api.runtime import Runtime
from pipeline.errors import LiaisonError
from pipeline.locale import N_

JSON_BYTES: Final = 1 << 20
"""Largest body where a route does not set a limit of its own (`max_body_size`)."""

TURNS: Final = 4
"""Of the loop, until what has come is read and whoever waits for it knows."""


class StalledBodyError(HTTPException):
    """No further part of the body came in time. An HTTPException, as FastAPI hides all others that come of reading."""

    def __init__(self) -> None:
        super().__init__(408, "Request Timeout", {"Connection": "close"})


def without_stalls(receive: Receive, part_s: float) -> Receive:
    """The same body; `receive` raises StalledBodyError where a part takes longer than `part_s`.

    After the body it waits for the client to go, for as long as the answer lasts.
    """
    whole = False

    async def receive_part() -> Message:
        nonlocal whole
        if whole:
            return await receive()
        message = await _receive_within(receive, part_s)
        whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    return receive_part


async def _receive_within(receive: Receive, part_s: float) -> Message:
    """The next part; that which came while this process itself could not run is not late."""
    try:
        async with asyncio.timeout(part_s):
            return await receive()
    except TimeoutError as error:
        part = asyncio.ensure_future(receive())
        for _ in range(TURNS):
            await asyncio.sleep(0)
        if part.done():
            return await part
        part.cancel()
        raise StalledBodyError from error


CODED: Final = N_("a body with Content-Encoding is not read; send it as it is")
PLAIN: Final = ("", "identity")

API: Final = "/v1/"
"""What begins with this needs a token."""

CONTENT_TOO_LARGE: Final = 413


class RequestAdmission:
    """The ASGI layer around all that reads a body: authenticates, counts, and bounds how long a part may take."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        runtime: Runtime = request.app.state.runtime
        if scope["path"].startswith(API):
            try:
                request.state.requester, request.state.token = await _authenticate(request, runtime)
                if request.headers.get("Content-Encoding", "").strip().lower() not in PLAIN:
                    raise UnsupportedMediaTypeError(CODED, {"Accept-Encoding": "identity"})
            except ProblemError as problem:
                # The metrics are told which route was meant.
                routes = (route for router in ROUTERS for route in router.routes)
                scope["route"] = next((route for route in routes if route.matches(scope)[0] is Match.FULL), None)
                refusal = await answer_refusal(request, problem)
                await refusal(scope, receive, send)
                return
        bounded = without_stalls(receive, runtime.settings.body_timeout_s)
        await self._app(scope, bounded, _Refusals(request, send))


class _Refusals:
    """Sends an answer on; FastAPI's own one to a body that is too large becomes a problem like all others."""

    def __init__(self, request: Request, send: Send) -> None:
        self._request, self._send = request, send
        self._replaced = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and is_bare_refusal(message):
            self._replaced = True
            problem = problem_response(self._request, make_size_problem(self._request))
            await problem(self._request.scope, self._request.receive, self._send)
        elif not self._replaced:
            await self._send(message)


def make_size_problem(request: Request) -> ProblemError:
    """What is said of a body that is too large."""
    said = LiaisonError(N_("the request has more than {most} MB; send less at once"), most=limit_mb(request))
    return RequestTooLargeError(said)


def limit_mb(request: Request) -> int:
    """The largest body that is taken on the request's route, in full megabytes."""
    most: int = request.scope.get(MAX_BODY_SIZE_SCOPE_KEY, JSON_BYTES)
    return most // 1_000_000


def is_bare_refusal(message: Message) -> bool:
    """Whether this begins FastAPI's own answer to a body that is too large."""
    media_type = dict(message.get("headers", ())).get(b"content-type", b"")
    return message["status"] == CONTENT_TOO_LARGE and bytes(media_type).startswith(b"text/plain")


async def _authenticate(request: Request, runtime: Runtime) -> tuple[Requester, str]:
    """Who asks, and with which token.

    Raises UnauthenticatedError, UnavailableError while that can't be told, TooManyRequestsError.
    """
    scheme, token = get_authorization_scheme_param(request.headers.get("Authorization"))
    if scheme.lower() != "bearer" or not token:
        raise UnauthenticatedError("send a token: Authorization: Bearer ...")
    try:
        requester = await runtime.requester(token)
    except KeysAwayError as error:
        raise UnavailableError(error) from error
    except TokenError as error:
        raise UnauthenticatedError(error) from error
    await limit_rate(runtime, requester)
    return requester, token


async def limit_rate(runtime: Runtime, requester: Requester) -> None:
    """Count a request, or an action of a page, of this person.

    Raises TooManyRequestsError beyond LIAISON_REQUEST_RATE.
    """
    if wait_s := await runtime.rates.count_request(requester.agency, requester.subject):
        raise TooManyRequestsError("too many requests; try again later", wait_s)
