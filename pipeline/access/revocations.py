"""The deny-list of sessions: tokens that hold by their signature and have been ended before their time.

One entry ends one token, as at sign-out, or all tokens that a person was issued until a moment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec
from joserfc.jwt import Claims

from pipeline.access.requester import Requester


class TokenBearer(NamedTuple):
    """Whom a token names, and what it is known by on the deny-list; `issued_at` in seconds since 1970."""

    requester: Requester
    token_id: str
    issued_at: float


class Revocation(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `revocations`: one token by its id, or a person's tokens that were issued until a moment.

    After `until` every token that it means has expired by itself.
    """

    by: str
    time: datetime
    until: datetime
    token: str = ""
    agency: str = ""
    subject: str = ""

    @property
    def key(self) -> str:
        """The message's key."""
        return self.token or f"{self.agency}|{self.subject}"


def token_id(token: str) -> str:
    """What a token is known by: the SHA-256 of what its signature covers.

    The signature itself is left out, as one for the same content may be written in several ways.
    """
    return hashlib.sha256(token.rpartition(".")[0].encode(errors="surrogatepass")).hexdigest()


class DenyList:
    """All revocations that are still of use, by token and by person."""

    def __init__(self) -> None:
        self._tokens: dict[str, datetime] = {}
        self._people: dict[tuple[str, str], Revocation] = {}

    def add_revocations(self, revocations: Iterable[Revocation], now: datetime) -> None:
        """Take in revocations; forget those whose tokens have expired."""
        for revocation in revocations:
            if revocation.token:
                self._tokens[revocation.token] = revocation.until
                continue
            held = self._people.get((revocation.agency, revocation.subject))
            if held is None or held.time < revocation.time:
                self._people[revocation.agency, revocation.subject] = revocation
        self._tokens = {name: until for name, until in self._tokens.items() if until > now}
        self._people = {name: revocation for name, revocation in self._people.items() if revocation.until > now}

    def covers(self, bearer: TokenBearer) -> bool:
        """Whether the token was ended."""
        if bearer.token_id in self._tokens:
            return True
        person = self._people.get((bearer.requester.agency, bearer.requester.subject))
        return person is not None and bearer.issued_at <= person.time.timestamp()


def issued_at(claims: Claims) -> float:
    """When verified claims say that the token was issued, in seconds since 1970."""
    return float(claims["iat"])
