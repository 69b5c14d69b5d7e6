"""A link is a claim about two exact fingerprints (invariant I1 of ARCHITECTURE.md)."""

from __future__ import annotations

import hashlib
from enum import StrEnum

import msgspec

from pipeline.matching.fingerprint import Contact, Handling


class State(StrEnum):
    """`live`: the pair is linked. `retracted`: it is not. `released`: another partition now owns the pair."""

    LIVE = "live"
    RETRACTED = "retracted"
    RELEASED = "released"


class Side(msgspec.Struct, frozen=True, omit_defaults=True):
    """One case of a claim as the emitting partition knew it; handling and contact are there for hits only."""

    case: str
    version: int
    hash: str = ""
    agency: str = ""
    country: str = ""
    handling: Handling = Handling()
    contact: Contact = Contact()


class Claim(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `links.<generation>`, key = `<link id>|<emitting partition>`; a.case < b.case.

    A retraction or release holds no content: no score, no evidence, no handling or contact.
    """

    link: str
    state: State
    partition: int
    generation: str
    a: Side
    b: Side
    score: int = 0
    probability: float = 0.0
    band: str = ""
    evidence: msgspec.Raw = msgspec.Raw(b"null")


def link_id(case_a: str, case_b: str) -> str:
    """The id of the link between two cases, the same in either order: 128 bits of BLAKE2b over both keys, as hex."""
    first, second = sorted((case_a, case_b))
    return hashlib.blake2b(f"{first}|{second}".encode(), digest_size=16).hexdigest()
