"""Who a bearer token names: a signed JWT (RFC 7519), held against a key set, issuer, audience and clock."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet, KeySetSerialization
from joserfc.jwt import Claims

from pipeline.access.requester import Requester, Role
from pipeline.access.revocations import DenyList, TokenBearer, issued_at, token_id
from pipeline.access.text_limits import SUBJECT
from pipeline.errors import LiaisonError
from pipeline.records.agencies import AgencyState, Registry
from pipeline.times import Clock

ALGORITHMS: Final = ("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "Ed25519")
"""Asymmetric ones alone: `none`, or a public key taken for a shared secret (HS256), can never pass (RFC 8725, 3.1)."""

LONGEST: Final = 8192
"""Characters of a token; an agency's identity provider needs about one thousand."""

REFETCH_AFTER: Final = timedelta(seconds=60)
"""Key sets are asked for again at an unknown key id, but no more often than this whatever tokens are shown."""

RETRY_AFTER: Final = timedelta(seconds=5)
"""While there is no key set at all, it is asked for no more often than this."""

KEPT: Final = timedelta(minutes=15)
"""Then a key set is asked for again: a key that its issuer has taken back ends within this while the issuer answers."""

MOST_HELD: Final = 20_000
"""Tokens whose signature need not be checked again: a working day's bearers, at about 1 KB each."""

FetchKeys = Callable[[], Awaitable[KeySetSerialization]]
"""Brings the published key set (RFC 7517) as JSON."""


class TokenError(LiaisonError):
    """The token names nobody: it is malformed, expired, of another audience, or signed by a key that is not known."""


class KeysAwayError(TokenError):
    """Nobody can be named now: the keys that tokens are signed with cannot be had. It says nothing of the token."""


class TokenRules(NamedTuple):
    """What a token must say besides its signature.

    `skew` is how far two clocks may be apart; no token may hold for longer than `longest_life` from its issue.
    """

    issuer: str
    audience: str
    skew: timedelta
    longest_life: timedelta = timedelta(hours=24)


class TokenVerifier:
    """Turns tokens into requesters; fetches the key set when first needed, now and then, and for an unknown key id.

    A signature that held is not checked again under the same key set, which takes longer than all else about a token;
    what the token says is held against the clock each time. Tokens are remembered by digest alone.
    """

    def __init__(self, fetch: FetchKeys, rules: TokenRules, clock: Clock) -> None:
        self._fetch, self._rules, self._clock = fetch, rules, clock
        self._keys: KeySet | None = None
        self._tried: datetime | None = None
        self._turn = asyncio.Lock()
        self._held: dict[bytes, Claims] = {}

    async def verify_requester(self, token: str) -> Requester:
        """Whom the token names. Raises TokenError, KeysAwayError."""
        return (await self.verify_bearer(token)).requester

    async def verify_bearer(self, token: str) -> TokenBearer:
        """Whom the token names, and what it is known by. Raises TokenError, KeysAwayError."""
        await self._ensure_keys()
        try:
            return self._read_bearer(token)
        except InvalidKeyIdError:
            await self._refresh_keys(REFETCH_AFTER)
        try:
            return self._read_bearer(token)
        except InvalidKeyIdError as error:
            raise TokenError("the token is signed by an unknown key") from error

    async def verify_content(self, token: str) -> jwt.Token:
        """A token's header and claims, once they hold. Raises TokenError, KeysAwayError."""
        await self.verify_bearer(token)
        if self._keys is None:
            raise KeysAwayError("the identity provider's keys are not available; try again")
        return jwt.decode(token, self._keys, algorithms=ALGORITHMS)

    def _read_bearer(self, token: str) -> TokenBearer:
        if self._keys is None:
            raise KeysAwayError("the identity provider's keys are not available; try again")
        claims = check_claims(self._verify_cached(token, self._keys), self._rules, self._clock())
        return TokenBearer(requester_of(claims), token_id(token), issued_at(claims))

    def _verify_cached(self, token: str, keys: KeySet) -> Claims:
        name = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        claims = self._held.get(name)
        if claims is None:
            claims = verify_signature(token, keys)
            if len(self._held) >= MOST_HELD:
                del self._held[next(iter(self._held))]
            self._held[name] = claims
        return claims

    async def _ensure_keys(self) -> None:
        """Fetch a key set where there is none; where it is old, go on with it while no new one can be had."""
        if self._keys is None:
            await self._refresh_keys(RETRY_AFTER)
        else:
            with suppress(KeysAwayError):
                await self._refresh_keys(KEPT)

    async def _refresh_keys(self, pause: timedelta) -> None:
        """Fetch the key set unless that was tried within `pause`; requests that come meanwhile wait for it."""
        async with self._turn:
            now = self._clock()
            if self._tried is not None and now - self._tried < pause:
                return
            self._tried = now
            try:
                self._keys = KeySet.import_key_set(await self._fetch())
            except (JoseError, ValueError, TypeError, KeyError) as error:
                raise KeysAwayError("the identity provider does not publish a valid key set (JWKS)") from error
            self._held.clear()


def verify_signature(token: str, keys: KeySet) -> Claims:
    """The token's claims, once the signature holds.

    Raises TokenError, or InvalidKeyIdError for a key that is not in the set.
    """
    if len(token) > LONGEST:
        raise TokenError("the token is too long")
    try:
        return jwt.decode(token, keys, algorithms=ALGORITHMS).claims
    except InvalidKeyIdError:
        raise
    except (JoseError, ValueError, TypeError) as error:
        raise TokenError("invalid token: {cause}", cause=_fault_kind(error)) from error


def check_claims(claims: Claims, rules: TokenRules, now: datetime) -> Claims:
    """The same claims, once issuer, audience and times hold at `now`. Raises TokenError."""
    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=int(rules.skew.total_seconds()),
        iss={"essential": True, "value": rules.issuer},
        aud={"essential": True, "value": rules.audience},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
    )
    try:
        registry.validate(claims)
    except (JoseError, ValueError, TypeError) as error:
        issued = claims.get("iat")
        if isinstance(issued, int) and issued > (now + rules.skew).timestamp():
            raise TokenError(
                "the token was issued in the future: this server's clock or the identity provider's is wrong"
            ) from error
        raise TokenError("invalid token: {cause}", cause=_fault_kind(error)) from error
    if claims["exp"] - claims["iat"] > rules.longest_life.total_seconds():
        raise TokenError("the token is valid for longer than this installation allows")
    return claims


def _fault_kind(error: Exception) -> str:
    """The kind of fault; never the token's own words."""
    return error.error if isinstance(error, JoseError) and isinstance(error.error, str) else type(error).__name__


def requester_of(claims: Claims) -> Requester:
    """The requester of verified claims `sub`, `agency`, `country` and `roles`. Raises TokenError."""
    subject, agency, country = (_text_claim(claims, name) for name in ("sub", "agency", "country"))
    roles = _parse_roles(claims.get("roles"))
    if not subject:
        raise TokenError("the token names no user (sub)")
    if Role.OPERATOR not in roles and not (agency and country):
        raise TokenError("the token names no agency or country")
    return Requester(subject, agency, country, roles)


def _text_claim(claims: Claims, name: str) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str):
        raise TokenError("the token's {name} must be text", name=name)
    if len(value) > SUBJECT.most:
        raise TokenError("the token's {name} has more than {most} characters", name=name, most=SUBJECT.most)
    return value


def _parse_roles(value: object) -> frozenset[Role]:
    """The roles that are known here; an identity provider may name others for other systems."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise TokenError("the token has no list of roles")
    known = {role.value: role for role in Role}
    return frozenset(known[role] for role in value if isinstance(role, str) and role in known)


STAFF: Final = frozenset({Role.OPERATOR, Role.OPS})
"""Those who run the installation: they need no agency that takes part."""


def check_session(bearer: TokenBearer, registry: Registry, denied: DenyList) -> None:
    """Raises TokenError where the agency does not take part, or the session was ended."""
    check_agency(bearer.requester, registry)
    if denied.covers(bearer):
        raise TokenError("the session has ended; sign in again")


def check_agency(requester: Requester, registry: Registry) -> None:
    """Raises TokenError unless the agency takes part and is of the country that the token says.

    Policy opens records by country, so an issuer that names another one for an agency would open those of others.
    """
    agency = registry.get(requester.agency)
    if agency is None:
        if not requester.roles or requester.roles - STAFF:
            raise TokenError("the token's agency is not registered here")
        return
    if agency.state is AgencyState.REMOVED:
        raise TokenError("the token's agency has left this installation")
    if agency.country != requester.country:
        raise TokenError("the token names another country than its agency's")
