"""Security headers on every answer of the server, errors and static files included.

Pages get a Content-Security-Policy (CSP level 3) whose scripts carry a nonce of this one answer; everything else may
load nothing at all.
"""

from __future__ import annotations

import secrets
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
                _add_headers(MutableHeaders(scope=message), state, is_https=scope["scheme"] == "https")
            await send(message)

        await self.app(scope, receive, guarded)


def _add_headers(headers: MutableHeaders, state: dict[str, Any], *, is_https: bool) -> None:
    for name, value in FIXED.items():
        headers[name] = value
    headers["Content-Security-Policy"] = content_policy(headers.get("content-type", ""), state)
    if is_https:
        headers["Strict-Transport-Security"] = STRICT_TRANSPORT


def content_policy(media_type: str, state: dict[str, Any]) -> str:
    """The policy of an answer of this media type to a request of this state."""
    if not media_type.startswith("text/html"):
        return NO_CONTENT_POLICY
    targets = "".join(f" {target}" for target in state.get(FORM_TARGETS, ()))
    return PAGE_POLICY.format(nonce=state[NONCE], targets=targets)
