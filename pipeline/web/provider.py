"""Signing in at an agency's identity provider: OpenID Connect's authorisation code flow with PKCE (RFC 7636).

The ID token is the session's token: its audience is the client, so LIAISON_TOKEN_AUDIENCE must be the client's id. What
has to be remembered on the way lies in a cookie of the browser that left, which binds the answer to it.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote, urlencode, urlsplit

import httpx
import msgspec
from fastapi import Request
from joserfc.jws import extract_compact
from starlette.responses import RedirectResponse, Response

from pipeline.access.requester import Grounds
from pipeline.access.token_keys import DISCOVERY, FETCH_TIMEOUT_S
from pipeline.access.tokens import TokenError
from pipeline.settings import Settings
from pipeline.web.site import Site

CHOICE: Final = "provider"
"""The value of the form's choice that leads to the provider."""

COOKIE: Final = "liaison_provider"
WAY_S: Final = 600
"""Seconds that somebody may take to sign in."""

BYTES: Final = 32


class Journey(msgspec.Struct, frozen=True):
    """What must still be known when the browser comes back."""

    state: str
    nonce: str
    verifier: str
    grounds: Grounds
    after: str


class Arrival(NamedTuple):
    """A signed-in user: the ID token, whose signature is still to be checked, and what was stated before leaving."""

    token: str
    grounds: Grounds
    after: str


def offered(settings: Settings) -> bool:
    """Whether there is a provider to sign in at."""
    return bool(settings.oidc_client_id)


def form_targets(settings: Settings) -> tuple[str, ...]:
    """Where the sign-in form may lead: browsers apply a page's form-action to redirects too.

    The authorisation endpoint may be on any host, over TLS; one on loopback has the issuer's origin.
    """
    if not offered(settings):
        return ()
    issuer = urlsplit(settings.token_issuer)
    return (f"{issuer.scheme}://{issuer.netloc}", "https:")


async def departure(site: Site, request: Request, grounds: Grounds, after: str) -> Response:
    """Send the browser to the provider. Raises TokenError when that does not answer."""
    settings = site.runtime.settings
    state, nonce, verifier = (secrets.token_urlsafe(BYTES) for _ in range(3))
    journey = Journey(state, nonce, verifier, grounds, after)
    asked = {
        "response_type": "code",
        "client_id": settings.oidc_client_id,
        "redirect_uri": _back(request),
        "scope": "openid",
        "state": journey.state,
        "nonce": journey.nonce,
        "code_challenge": challenge(journey.verifier),
        "code_challenge_method": "S256",
    }
    endpoint = (await _discovered(settings))["authorization_endpoint"]
    response = RedirectResponse(f"{endpoint}?{urlencode(asked)}", 303)
    kept = quote(msgspec.json.encode(journey).decode())
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, kept, max_age=WAY_S, httponly=True, samesite="lax", secure=secure)
    return response


async def arrival(site: Site, request: Request, code: str, state: str) -> Arrival:
    """Turn the provider's answer into an ID token. Raises TokenError for one that this browser did not ask for."""
    try:
        journey = msgspec.json.decode(unquote(request.cookies.get(COOKIE, "")), type=Journey)
    except msgspec.DecodeError as error:
        raise TokenError("nobody here is on the way to the provider") from error
    if not code or not secrets.compare_digest(state.encode(), journey.state.encode()):
        raise TokenError("the provider's answer belongs to another journey")
    token = await _exchanged(site.runtime.settings, code, journey.verifier, _back(request))
    if _nonce(token) != journey.nonce:
        raise TokenError("the provider's token belongs to another journey")
    return Arrival(token, journey.grounds, journey.after)


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


async def _exchanged(settings: Settings, code: str, verifier: str, back: str) -> str:
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "client_id": settings.oidc_client_id,
        "client_secret": settings.oidc_client_secret.get_secret_value(),
        "code_verifier": verifier,
    }
    endpoint = (await _discovered(settings))["token_endpoint"]
    token = (await _json("POST", endpoint, data=sent)).get("id_token")
    if not isinstance(token, str):
        raise TokenError("the provider gave no ID token")
    return token


def _nonce(token: str) -> object:
    try:
        return msgspec.json.decode(extract_compact(token.encode()).payload)["nonce"]
    except (ValueError, KeyError, TypeError) as error:
        raise TokenError("the provider's token cannot be read") from error


async def _discovered(settings: Settings) -> dict[str, Any]:
    return await _json("GET", settings.token_issuer.rstrip("/") + DISCOVERY)


async def _json(method: str, url: str, **content: Any) -> dict[str, Any]:
    try:
        async with httpx.AsyncClient(timeout=FETCH_TIMEOUT_S) as client:
            answer = (await client.request(method, url, **content)).raise_for_status()
        found: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise TokenError("the identity provider does not answer") from error
    return found


def _back(request: Request) -> str:
    return str(request.url_for("back"))
