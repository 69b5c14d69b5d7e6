"""Who a bearer token names: a signed JWT (RFC 7519), held against a key set, issuer, audience and clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from pipeline.access.requester import Requester, Role
from pipeline.errors import LiaisonError

ALGORITHMS: Final = ("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "Ed25519")
"""Asymmetric ones alone: `none`, or a public key taken for a shared secret (HS256), can never pass (RFC 8725, 3.1)."""

LONGEST: Final = 8192
"""Characters of a token; an agency's identity provider needs about one thousand."""

REFETCH_AFTER: Final = timedelta(seconds=60)
"""Key sets are asked for again at an unknown key id, but no more often than this whatever tokens are shown."""

Fetch = Callable[[], Awaitable[dict[str, Any]]]
"""Brings the published key set (RFC 7517) as JSON."""

Clock = Callable[[], datetime]


class TokenError(LiaisonError):
    """The token names nobody: it is malformed, expired, of another audience, or signed by a key that is not known."""


class TokenRules(NamedTuple):
    """What a token must say besides its signature; `skew` is how far two clocks may be apart."""

    issuer: str
    audience: str
    skew: timedelta


class TokenVerifier:
    """Turns tokens into requesters; fetches the key set when first needed and when a key id is not in it."""

    def __init__(self, fetch: Fetch, rules: TokenRules, clock: Clock) -> None:
        self._fetch, self._rules, self._clock = fetch, rules, clock
        self._keys: KeySet | None = None
        self._fetched: datetime | None = None

    async def requester(self, token: str) -> Requester:
        """Whom the token names. Raises TokenError."""
        if self._keys is None:
            await self._refresh()
        try:
            return self._read(token)
        except InvalidKeyIdError:
            await self._refresh()
        try:
            return self._read(token)
        except InvalidKeyIdError as error:
            raise TokenError("the token is signed by an unknown key") from error

    def _read(self, token: str) -> Requester:
        if self._keys is None:
            raise TokenError("the keys that tokens are signed with cannot be had")
        return requester_of(verified(token, self._keys, self._rules, self._clock()))

    async def _refresh(self) -> None:
        now = self._clock()
        if self._fetched is not None and now - self._fetched < REFETCH_AFTER:
            return
        self._fetched = now
        self._keys = KeySet.import_key_set(await self._fetch())  # type: ignore[arg-type]


def verified(token: str, keys: KeySet, rules: TokenRules, now: datetime) -> dict[str, Any]:
    """The token's claims, once signature, issuer, audience and times hold at `now`.

    Raises TokenError, or InvalidKeyIdError for a key that is not in the set.
    """
    if len(token) > LONGEST:
        raise TokenError("the token is too long")
    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=int(rules.skew.total_seconds()),
        iss={"essential": True, "value": rules.issuer},
        aud={"essential": True, "value": rules.audience},
        exp={"essential": True},
        sub={"essential": True},
    )
    try:
        claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        registry.validate(claims)
    except InvalidKeyIdError:
        raise
    except (JoseError, ValueError, TypeError) as error:
        raise TokenError("the token does not hold: {cause}", cause=_cause(error)) from error
    return claims


def _cause(error: Exception) -> str:
    """The kind of fault; never the token's own words."""
    return error.error if isinstance(error, JoseError) and isinstance(error.error, str) else type(error).__name__


def requester_of(claims: dict[str, Any]) -> Requester:
    """The requester of verified claims `sub`, `agency`, `country` and `roles`. Raises TokenError."""
    subject, agency, country = (_text(claims, name) for name in ("sub", "agency", "country"))
    roles = _roles(claims.get("roles"))
    if not subject:
        raise TokenError("the token names no subject")
    if Role.OPERATOR not in roles and not (agency and country):
        raise TokenError("the token names no agency or country")
    return Requester(subject, agency, country, roles)


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str):
        raise TokenError("the token's {name} is no text", name=name)
    return value


def _roles(value: object) -> frozenset[Role]:
    """The roles that are known here; an identity provider may name others for other systems."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise TokenError("the token has no list of roles")
    known = {role.value: role for role in Role}
    return frozenset(known[one] for one in value if isinstance(one, str) and one in known)
