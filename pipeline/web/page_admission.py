"""Who is let in to pages: requests are counted by person, and forms read once their sender may send them.

A visitor who is not signed in is counted by address.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.api.admission import API, is_bare_refusal, limit_mb, limit_rate
from pipeline.api.problems import RequestTooLargeError, TooManyRequestsError, translate_error
from pipeline.errors import LiaisonError
from pipeline.locale import N_
from pipeline.web import csrf
from pipeline.web import error_pages as astray
from pipeline.web.page_sockets import PageSockets
from pipeline.web.session import get_visit
from pipeline.web.sign_in import HOME, OPEN_FORMS, SEE_OTHER, redirect_to_form
from pipeline.web.site import Site

SOCKET: Final = "/_nicegui_ws/"
OTHERS: Final = (
    API, "/assets/", "/_nicegui/", "/static-offline-docs/", "/docs", "/openapi.json", "/healthz", "/readyz",
    "/favicon.ico",
)  # fmt: skip
"""What is no page: the API counts its own requests, the rest is the same for everybody and kept by browsers."""


class PageAdmission:
    """An ASGI layer inside the API's, for pages, their forms and their websockets."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app, self._site = app, site
        self._sockets = PageSockets(app, site)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket."""
        if scope["type"] not in ("http", "websocket") or scope["path"].startswith(OTHERS):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket" or scope["path"].startswith(SOCKET):
            await self._sockets(scope, receive, send)
        else:
            await self._serve_page(scope, receive, send)

    async def _serve_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        csrf.ensure_secret(request)
        if refusal := await self._find_refusal(request):
            await refusal(scope, receive, send)
            return

        async def with_secret(message: Message) -> None:
            if message["type"] == "http.response.start":
                bare = Response()
                csrf.set_secret_cookie(request, bare)
                cookies = [(name, value) for name, value in bare.raw_headers if name == b"set-cookie"]
                message = {**message, "headers": [*message.get("headers", ()), *cookies]}
            await send(message)

        await self._app(scope, receive, _LargeFormPages(self._site, request, with_secret))

    async def _find_refusal(self, request: Request) -> Response | None:
        """The answer to a request that is not served; None for one that is."""
        visitor = await get_visit(request, self._site)
        if request.method == "POST":
            if not csrf.is_same_origin(request.headers):
                return redirect_to_form(HOME, "origin")
            if not visitor.signed_in and request.url.path not in OPEN_FORMS:
                return RedirectResponse("/sign-in", SEE_OTHER)
        address = request.client.host if request.client else ""
        try:
            if visitor.requester is not None:
                await limit_rate(self._site.runtime, visitor.requester)
            elif wait_s := await self._site.runtime.rates.count_request("", f"address {address}"):
                raise TooManyRequestsError("too many requests; try again later", wait_s)
        except TooManyRequestsError as problem:
            return await astray.render_problem(self._site, request, problem)
        return None


class _LargeFormPages:
    """Sends an answer on; FastAPI's own one to a form that is too large becomes a page, or JSON to a page's script."""

    def __init__(self, site: Site, request: Request, send: Send) -> None:
        self._site, self._request, self._send = site, request, send
        self._replaced = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and is_bare_refusal(message):
            self._replaced = True
            said = LiaisonError(N_("the file or form has more than {most} MB; split it"), most=limit_mb(self._request))
            page = await self._answer(RequestTooLargeError(said))
            await page(self._request.scope, self._request.receive, self._send)
        elif not self._replaced:
            await self._send(message)

    async def _answer(self, problem: RequestTooLargeError) -> Response:
        if self._request.headers.get("Accept", "").startswith("application/json"):
            language = (await get_visit(self._request, self._site)).words.language
            return JSONResponse({"detail": translate_error(problem, language)}, problem.status)
        return await astray.render_problem(self._site, self._request, problem)
