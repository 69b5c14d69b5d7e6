"""Counts every request by its route, and how long its answer took."""

from __future__ import annotations

import time
from http import HTTPMethod
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.api.metrics import ANSWER_TIME, REQUESTS

UNMATCHED: Final = "unmatched"
OTHER_METHOD: Final = "other"

_METHODS: Final = frozenset(HTTPMethod)


class RequestMetrics:
    """The outermost middleware: it sees each answer as it leaves, and what failed without one.

    A stream counts as it begins: the notices of an open page last for hours.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        answered = False

        async def counted(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                _count_request(scope, message["status"], time.perf_counter() - begun)
            await send(message)

        try:
            await self._app(scope, receive, counted)
        except Exception:
            if not answered:  # Starlette's own answer to it, 500, is made outside of this
                _count_request(scope, 500, time.perf_counter() - begun)
            raise


def _count_request(scope: Scope, status: int, seconds: float) -> None:
    route = request_route(scope)
    REQUESTS.labels(request_method(scope), route, status).inc()
    ANSWER_TIME.labels(route).observe(seconds)


def request_method(scope: Scope) -> str:
    """The request's method; one that HTTP does not know is `other`."""
    return scope["method"] if scope["method"] in _METHODS else OTHER_METHOD


def request_route(scope: Scope) -> str:
    """The template of the route that took the request: of a mounted folder its own path, never a file's in it.

    The pages are mounted on no path at all, so what none of them answers ends there.
    """
    template = getattr(scope.get("route"), "path_format", "")
    folder = scope.get("root_path", "").removeprefix(scope.get("app_root_path", ""))
    if template:
        return str(template)
    return f"{folder}/{{path}}" if folder else UNMATCHED
