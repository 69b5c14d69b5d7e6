"""Headers at the server's edge: those that guard every answer, and what a proxy says of the client.

Pages get a Content-Security-Policy (CSP level 3) whose scripts carry a nonce of this one answer; everything else may
load nothing at all. Forwarded headers are believed where LIAISON_TRUSTED_PROXIES names the proxy, and removed
everywhere else.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from pipeline.settings import Network

NONCE: Final = "csp_nonce"
"""Where a request's state keeps the nonce that the answer's own scripts bear."""

FORM_TARGETS: Final = "csp_form_targets"
"""Where a request's state names further targets of the page's forms, as the policy's form-action writes them."""

NONCE_BYTES: Final = 16
"""128 random bits, the least that CSP level 3 recommends."""

NO_CONTENT_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'{targets}"
)
"""NiceGUI compiles its templates and event handlers in the browser, hence 'unsafe-eval', and writes style elements and
attributes, hence 'unsafe-inline' for styles alone. No script that came in as markup runs."""

FIXED: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer browsers send our own forms with `Origin: null`
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

STRICT_TRANSPORT: Final = "max-age=31536000"
"""A year, for this host alone (RFC 6797); its subdomains may be somebody else's."""


class SecurityHeaders:
    """The outermost ASGI layer, so that the answers of error handlers bear the headers too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state[NONCE] = secrets.token_urlsafe(NONCE_BYTES)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(FIXED)
                policy = content_policy(headers.get("content-type", ""), state[NONCE], state.get(FORM_TARGETS, ()))
                headers["Content-Security-Policy"] = policy
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = STRICT_TRANSPORT
            await send(message)

        await self.app(scope, receive, guarded)


def content_policy(media_type: str, nonce: str, form_targets: Iterable[str]) -> str:
    """The policy of an answer of this media type."""
    if not media_type.startswith("text/html"):
        return NO_CONTENT_POLICY
    return PAGE_POLICY.format(nonce=nonce, targets="".join(f" {target}" for target in form_targets))


PREFIX: Final = b"x-forwarded-"
BELIEVED: Final = frozenset({b"x-forwarded-for", b"x-forwarded-proto"})
"""The others would move addresses of pages (X-Forwarded-Prefix, -Host); no trusted proxy needs them here."""

OTHER: Final = frozenset({b"forwarded", b"x-real-ip"})


class ForwardedHeaders:
    """Takes address and scheme of the client from a trusted proxy's headers; nobody else's reach the application."""

    def __init__(self, app: ASGIApp, proxies: Sequence[Network]) -> None:
        self.app = app
        self._proxies = tuple(proxies)
        self._behind_proxy = ProxyHeadersMiddleware(app, [str(network) for network in proxies])  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        trusted = self._is_trusted(scope.get("client"))
        believed = BELIEVED if trusted else frozenset()
        kept: Any = [
            (name, value)
            for name, value in scope["headers"]
            # what speaks of another client than the connection's, and is not believed
            if name not in OTHER and (not name.startswith(PREFIX) or name in believed)
        ]
        served = self._behind_proxy if trusted else self.app
        await served({**scope, "headers": kept}, receive, send)  # type: ignore[arg-type]

    def _is_trusted(self, client: tuple[str, int] | None) -> bool:
        try:
            address = ip_address(client[0] if client else "")
        except ValueError:
            return False
        return any(address in network for network in self._proxies)
