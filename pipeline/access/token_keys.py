"""Where the keys come from that tokens are signed with: a JWKS file, a JWKS URL, an OIDC issuer, or this machine."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec
import orjson
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, KeySetSerialization

from pipeline.access.requester import Requester
from pipeline.access.text_limits import SUBJECT
from pipeline.access.tokens import FetchKeys, KeysAwayError, TokenRules, TokenVerifier
from pipeline.errors import LiaisonError
from pipeline.private_files import create_private, make_writable
from pipeline.settings import Settings
from pipeline.times import Clock

FETCH_TIMEOUT_S: Final = 5.0
"""For an answer of the identity provider: requests wait for its keys, and go on with those held if it is away."""

DISCOVERY: Final = "/.well-known/openid-configuration"
SCHEMES: Final = ("https://", "http://")
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
LOCAL_KEY: Final = Path("tokens") / "signing-key.json"
LOCAL_ALGORITHM: Final = "ES256"


def make_verifier(settings: Settings, clock: Clock) -> TokenVerifier:
    """The verifier that the settings describe; without keys or an issuer's URL this machine's own key is the only one.

    Raises LiaisonError for keys that would come unprotected over a network.
    """
    return TokenVerifier(_make_fetch(settings), token_rules(settings), clock)


def token_rules(settings: Settings) -> TokenRules:
    """What a token must say, from the settings."""
    skew, life = timedelta(seconds=settings.token_skew_s), timedelta(seconds=settings.token_max_life_s)
    return TokenRules(settings.token_issuer, settings.token_audience, skew, life)


def _make_fetch(settings: Settings) -> FetchKeys:
    discovery = f"{settings.token_issuer.rstrip('/')}{DISCOVERY}" if _has_issuer(settings) else ""
    source = settings.token_keys or discovery
    if not source:
        return lambda: _local_public_keys(settings)
    if not source.startswith(SCHEMES):
        return lambda: _read_key_file(Path(source))
    if not is_protected(source):
        raise LiaisonError("the identity provider's keys must come over https")
    return lambda: _fetch_key_set(source, settings.token_issuer)


def is_protected(url: str) -> bool:
    """Whether what comes from an address can't be changed on the way: over https, or from this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _has_issuer(settings: Settings) -> bool:
    return settings.token_issuer.startswith(SCHEMES)


async def _local_public_keys(settings: Settings) -> KeySetSerialization:
    return KeySet([local_key(settings)]).as_dict(private=False)


async def _read_key_file(path: Path) -> KeySetSerialization:
    try:
        held: KeySetSerialization = orjson.loads(path.expanduser().read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise KeysAwayError("LIAISON_TOKEN_KEYS does not hold a readable key set (JWKS)") from error
    return held


class _PublishedKeys(msgspec.Struct):
    """A key set, or, with `jwks_uri`, a discovery document that says where it is."""

    keys: list[Any] = []
    issuer: str = ""
    jwks_uri: str = ""


async def _fetch_key_set(url: str, issuer: str) -> KeySetSerialization:
    """The key set at `url`, or the one that an OIDC issuer's discovery document names.

    That document must be the issuer's own (OpenID Connect Discovery 1.0, 4.3).
    """
    async with httpx.AsyncClient(timeout=FETCH_TIMEOUT_S) as client:
        held = await _fetch_published(client, url)
        if held.jwks_uri:
            if held.issuer != issuer:
                raise KeysAwayError("the discovery document names another issuer than LIAISON_TOKEN_ISSUER")
            held = await _fetch_published(client, held.jwks_uri)
        return {"keys": held.keys}


async def _fetch_published(client: httpx.AsyncClient, url: str) -> _PublishedKeys:
    try:
        answer = (await client.get(url)).raise_for_status()
        return msgspec.json.decode(answer.content, type=_PublishedKeys)
    except msgspec.ValidationError as error:
        raise KeysAwayError("the identity provider does not publish a valid key set (JWKS)") from error
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.DecodeError) as error:
        raise KeysAwayError("the identity provider's key set is not responding; try again") from error


def issue_token(settings: Settings, requester: Requester, now: datetime, life: timedelta) -> str:
    """A development token, signed with this machine's own key.

    Raises LiaisonError where the settings name other keys or an issuer, whose this one is not, or a shorter life.
    """
    if life.total_seconds() > settings.token_max_life_s:
        longest = round(settings.token_max_life_s)
        raise LiaisonError("a token may be valid for at most {longest} s (LIAISON_TOKEN_MAX_LIFE_S)", longest=longest)
    if settings.token_keys or _has_issuer(settings):
        raise LiaisonError("tokens come from your identity provider here; get one there")
    if len(requester.subject) > SUBJECT.most:
        raise LiaisonError("a user may have at most {most} characters (--subject)", most=SUBJECT.most)
    key = local_key(settings)
    issued = int(now.timestamp())
    claims = {
        "iss": settings.token_issuer,
        "aud": settings.token_audience,
        "sub": requester.subject,
        "agency": requester.agency,
        "country": requester.country,
        "roles": sorted(requester.roles),
        "iat": issued,
        "exp": issued + int(life.total_seconds()),
    }
    return jwt.encode({"alg": LOCAL_ALGORITHM, "kid": key.kid}, claims, key, algorithms=[LOCAL_ALGORITHM])


def local_key(settings: Settings) -> ECKey:
    """This machine's signing key, made when first asked for; of two processes that make one, one wins for both."""
    path = settings.home.expanduser() / LOCAL_KEY
    if not os.access(path, os.R_OK):
        make_writable(settings.home)
        key = ECKey.generate_key("P-256", auto_kid=True)
        create_private(path, orjson.dumps(key.as_dict(private=True)))
    return ECKey.import_key(orjson.loads(path.read_bytes()))
