"""Signing in at an agency's identity provider: OpenID Connect's authorisation code flow with PKCE, by Authlib.

The ID token is the session's token: its audience is the client, so LIAISON_TOKEN_AUDIENCE must be the client's id. What
has to be remembered on the way lies in a cookie of the browser that left, which binds the answer to it.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Final, NamedTuple
from urllib.parse import quote, unquote, urlsplit

import httpx
import msgspec
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from fastapi import Request
from joserfc.errors import JoseError
from requests import RequestException
from starlette.responses import RedirectResponse, Response

from pipeline.access.requester import Grounds
from pipeline.access.token_keys import DISCOVERY, FETCH_TIMEOUT_S, is_protected
from pipeline.access.tokens import TokenError
from pipeline.api.runtime import Runtime
from pipeline.settings import Settings
from pipeline.web.csrf import set_cookie
from pipeline.web.site import Site

CHOICE: Final = "provider"
"""The value of the form's choice that leads to the provider."""

COOKIE: Final = "liaison_provider"
WAY_S: Final = 600
"""Seconds that somebody may take to sign in."""

LETTERS: Final = 48
"""Of state, nonce and verifier: 285 bits of chance each (RFC 7636 asks for 43 letters at least)."""

SECRET_METHODS: Final = ("client_secret_basic", "client_secret_post")
"""How a client may show its secret; a provider that names none takes the first (OpenID Connect Discovery 1.0, 3)."""


class SignInJourney(msgspec.Struct, frozen=True):
    """What must still be known when the browser comes back."""

    state: str
    nonce: str
    verifier: str
    grounds: Grounds
    after: str


class ProviderMetadata(msgspec.Struct, frozen=True):
    """What is read of the issuer's discovery document (OpenID Connect Discovery 1.0, 3)."""

    authorization_endpoint: str
    token_endpoint: str
    issuer: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] | None = None


class TokenAnswer(msgspec.Struct, frozen=True):
    """What is read of the token endpoint's answer (OpenID Connect Core 1.0, 3.1.3.3)."""

    id_token: str
    access_token: str | None = None


class SignInArrival(NamedTuple):
    """A signed-in user: the ID token, whose signature is still to be checked, and what was stated before leaving."""

    token: str
    grounds: Grounds
    after: str


def has_provider(settings: Settings) -> bool:
    """Whether there is a provider to sign in at."""
    return bool(settings.oidc_client_id)


def form_targets(settings: Settings) -> tuple[str, ...]:
    """Where the sign-in form may lead: browsers apply a page's form-action to redirects too.

    The authorisation endpoint may be on any host, over TLS; one on loopback has the issuer's origin.
    """
    if not has_provider(settings):
        return ()
    issuer = urlsplit(settings.token_issuer)
    return (f"{issuer.scheme}://{issuer.netloc}", "https:")


async def redirect_to_provider(site: Site, request: Request, grounds: Grounds, after: str) -> Response:
    """Send the browser to the provider. Raises TokenError when that does not answer."""
    settings = site.runtime.settings
    metadata = await _fetch_discovery(settings)
    state, nonce, verifier = (generate_token(LETTERS) for _ in range(3))
    journey = SignInJourney(state, nonce, verifier, grounds, after)
    with _make_client(settings, metadata, request) as client:
        target, _ = client.create_authorization_url(
            metadata.authorization_endpoint,
            state=journey.state,
            nonce=journey.nonce,
            code_verifier=journey.verifier,
        )
    response = RedirectResponse(target, 303)
    set_cookie(response, request, COOKIE, quote(msgspec.json.encode(journey).decode()), WAY_S)
    return response


async def complete_sign_in(site: Site, request: Request) -> SignInArrival:
    """Turn the provider's answer into an ID token. Raises TokenError for one that this browser did not ask for."""
    try:
        journey = msgspec.json.decode(unquote(request.cookies.get(COOKIE, "")), type=SignInJourney)
    except msgspec.DecodeError as error:
        raise TokenError("nobody here is on the way to the provider") from error
    answer = request.query_params
    if not answer.get("code") or not secrets.compare_digest(answer.get("state", "").encode(), journey.state.encode()):
        raise TokenError("the provider's answer belongs to another journey")
    settings = site.runtime.settings
    if answer.get("iss", settings.token_issuer) != settings.token_issuer:  # RFC 9207: two providers mixed up
        raise TokenError("the provider's answer belongs to another journey")
    metadata = await _fetch_discovery(settings)
    with _make_client(settings, metadata, request) as client:
        exchanged = await asyncio.to_thread(_exchange_code, client, metadata.token_endpoint, answer["code"], journey)
    return SignInArrival(await _verify_id_token(site.runtime, exchanged, journey), journey.grounds, journey.after)


def _make_client(settings: Settings, metadata: ProviderMetadata, request: Request) -> OAuth2Session:
    """Authlib's client for one journey; what it asks for follows no redirect and ends within FETCH_TIMEOUT_S."""
    secret = settings.oidc_client_secret.get_secret_value()
    offered = metadata.token_endpoint_auth_methods_supported or SECRET_METHODS[:1]
    method = next((method for method in SECRET_METHODS if method in offered), SECRET_METHODS[0]) if secret else "none"
    return OAuth2Session(
        settings.oidc_client_id,
        secret or None,
        token_endpoint_auth_method=method,
        scope="openid",
        redirect_uri=str(request.url_for("back")),
        code_challenge_method="S256",
        default_timeout=FETCH_TIMEOUT_S,
    )


def _exchange_code(client: OAuth2Session, endpoint: str, code: str, journey: SignInJourney) -> TokenAnswer:
    """The token endpoint's answer to a code. Raises TokenError."""
    try:
        answer = client.fetch_token(
            endpoint,
            grant_type="authorization_code",
            code=code,
            code_verifier=journey.verifier,
            allow_redirects=False,
        )
    except (OAuthError, RequestException, ValueError) as error:
        raise TokenError("the identity provider does not answer") from error
    try:
        return msgspec.convert(dict(answer), TokenAnswer)
    except msgspec.ValidationError as error:
        raise TokenError("the provider gave no ID token") from error


async def _verify_id_token(runtime: Runtime, exchanged: TokenAnswer, journey: SignInJourney) -> str:
    """The ID token, once it is proved to be for this client and journey (OpenID Connect Core 1.0, 3.1.3.7)."""
    held = await runtime.tokens.verify_content(exchanged.id_token)
    known = {
        "nonce": journey.nonce,
        "client_id": runtime.settings.oidc_client_id,
        "access_token": exchanged.access_token,
    }
    try:
        CodeIDToken(held.claims, held.header, params=known).validate(
            now=int(runtime.clock().timestamp()), leeway=int(runtime.settings.token_skew_s)
        )
    except (JoseError, ValueError, TypeError) as error:
        raise TokenError("the provider's token belongs to another journey") from error
    return exchanged.id_token


async def _fetch_discovery(settings: Settings) -> ProviderMetadata:
    """The issuer's own discovery document. Raises TokenError for another's, and for endpoints without protection."""
    try:
        async with httpx.AsyncClient(timeout=FETCH_TIMEOUT_S) as client:
            answer = await client.get(settings.token_issuer.rstrip("/") + DISCOVERY)
        found = msgspec.json.decode(answer.raise_for_status().content, type=ProviderMetadata)
    except (httpx.HTTPError, msgspec.DecodeError, ValueError) as error:
        raise TokenError("the identity provider does not answer") from error
    endpoints = found.authorization_endpoint, found.token_endpoint
    if found.issuer != settings.token_issuer or not all(map(is_protected, endpoints)):
        raise TokenError("the discovery document is another issuer's, or its endpoints are not https")
    return found
