"""Tokens against forged forms (CSRF): a form is ours if it holds a token of the browser's own secret and session.

The secret is a random cookie that scripts can't read. A token is its HMAC over the session's token, so that a cookie
planted from another host of the domain forges no form of somebody who is signed in; under TLS the name __Host- keeps
such cookies out altogether.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import FormData, Headers
from starlette.requests import Request
from starlette.responses import Response

FIELD: Final = "csrf"
COOKIE: Final = "liaison_csrf"
SECRET_BYTES: Final = 32
"""256 random bits, as many as HMAC-SHA-256 has."""
STATE: Final = "csrf_secret"


def cookie_name(request: Request) -> str:
    """The secret's cookie; over TLS a browser takes one of this name from this host alone."""
    return name_cookie(secure=request.url.scheme == "https")


def name_cookie(*, secure: bool) -> str:
    """The same by whether the browser comes by TLS."""
    return f"__Host-{COOKIE}" if secure else COOKIE


def ensure_secret(request: Request) -> str:
    """The browser's secret; a new one where it brings none, which `set_secret_cookie` then sets."""
    held = request.cookies.get(cookie_name(request), "")
    if not held:
        held = getattr(request.state, STATE, "") or secrets.token_urlsafe(SECRET_BYTES)
        setattr(request.state, STATE, held)
    return held


def set_secret_cookie(request: Request, response: Response) -> None:
    """Set the secret's cookie where the browser has none yet."""
    if held := getattr(request.state, STATE, ""):
        set_cookie(response, request, cookie_name(request), held)


def set_cookie(response: Response, request: Request, name: str, value: str, max_age: int | None = None) -> None:
    """Set a cookie that neither scripts read nor other sites send; without an age, in s, it ends with the browser."""
    secure = request.url.scheme == "https"
    response.set_cookie(name, value, max_age, httponly=True, samesite="lax", secure=secure)


def make_form_token(secret: str, session_token: str) -> str:
    """The token that forms of this browser and session hold."""
    return hmac.new(secret.encode(), session_token.encode(), hashlib.sha256).hexdigest()


def has_valid_token(request: Request, session_token: str, sent: str) -> bool:
    """Whether a form that was sent holds this browser's and session's token."""
    secret = request.cookies.get(cookie_name(request), "")
    return bool(secret) and secrets.compare_digest(make_form_token(secret, session_token).encode(), sent.encode())


def read_form_token(form: FormData) -> str:
    """The token in a form that was sent."""
    return str(form.get(FIELD, ""))


def is_same_origin(headers: Headers) -> bool:
    """Whether a page of this host sent the request; no origin comes from programs, which no browser drives.

    "null" is what sandboxed frames and redirects across sites send.
    """
    origin = headers.get("origin", "")
    return not origin or (origin != "null" and urlsplit(origin).netloc == headers.get("host", ""))
