"""A link is a claim about two exact fingerprints (invariant I1 of ARCHITECTURE.md).

It holds for as long as both cases have these fingerprints (`is_visible`).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from enum import StrEnum

import msgspec

from pipeline.matching.bands import Band, Basis, ExactMatch
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.handling import Contact, Handling


class ClaimState(StrEnum):
    """What a claim says of a pair.

    `live`: the pair is linked, or one side meets a hit-only other one exactly. `retracted`: neither holds.
    """

    LIVE = "live"
    RETRACTED = "retracted"


class ClaimSide(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One case of a claim, as its judge knew it. Only hits need `handling` and `contact`.

    From the day `retain_until` (YYYY-MM-DD, "" for none) on, searches leave the link out.
    """

    case: str
    version: int
    expired: bool = False
    hash: str = ""
    agency: str = ""
    country: str = ""
    handling: Handling = Handling()
    contact: Contact = Contact()
    retain_until: str = ""

    @property
    def order(self) -> int:
        """The external version of this side's case document."""
        return external_version(self.version, self.expired)


def make_bare_side(fingerprint: Fingerprint) -> ClaimSide:
    """The side of a claim without content, as a retraction is."""
    return ClaimSide(
        fingerprint.case,
        fingerprint.version,
        fingerprint.expired,
        agency=fingerprint.agency,
        country=fingerprint.country,
    )


def make_side(fingerprint: Fingerprint) -> ClaimSide:
    """The whole side of a claim about a fingerprint."""
    return ClaimSide(
        fingerprint.case,
        fingerprint.version,
        fingerprint.expired,
        fingerprint.hash,
        fingerprint.agency,
        fingerprint.country,
        fingerprint.handling,
        fingerprint.contact,
        fingerprint.retain_until,
    )


class Claim(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Value of topic `links.<generation>`, key = `<link id>|<judging partition>`; a.case < b.case.

    A retraction has no content: its sides hold only case, version, agency and country.

    `basis` says what the score, probability and band are about (Basis); a claim that does not state it means `same`.

    A claim without a band is no link. It is told as a hit alone, to who sees one side in full and the other, which is
    hit-only, as a hit: what contradicts must not undo a hit that equal parts give. It says nothing of how the sides are
    judged.

    `exact_a` is by what side a, taken as a question, meets a hit-only side b. It is NONE if b is not hit-only or must
    not be revealed. `exact_b` is the same with the sides exchanged. Claims have them as `equal_a` and `equal_b`: what
    older claims have as `exact_a` and `exact_b` is a band, and says nothing here.
    """

    link: str
    state: ClaimState
    partition: int
    generation: str
    a: ClaimSide
    b: ClaimSide
    score: int = 0
    probability: float = 0.0
    band: Band = Band.NONE
    evidence: msgspec.Raw = msgspec.Raw(b"null")
    exact_a: ExactMatch = msgspec.field(default=ExactMatch.NONE, name="equal_a")
    exact_b: ExactMatch = msgspec.field(default=ExactMatch.NONE, name="equal_b")
    basis: Basis = Basis.SAME

    @property
    def external_version(self) -> int:
        """The external version of the link document: the sum of both cases' versions, which grows with either."""
        return self.a.order + self.b.order


def external_version(version: int, expired: bool = False) -> int:
    """The external version of a case document in Elasticsearch.

    The mark of an expired version comes after that version and before the next one.
    """
    return 2 * version + expired


def link_id(case_a: str, case_b: str) -> str:
    """The id of the link between two cases, the same in either order: 128 bits of BLAKE2b over both keys, as hex."""
    first, second = sorted((case_a, case_b))
    return hashlib.blake2b(f"{first}|{second}".encode(), digest_size=16).hexdigest()


def without_evidence(claim: Claim) -> Claim:
    """The claim without its evidence, which is most of its size and is not told to agencies."""
    return msgspec.structs.replace(claim, evidence=msgspec.Raw(b"null"))


class CaseState(msgspec.Struct, frozen=True):
    """What a case's document says now. `withdrawn` is also True for an expired case."""

    hash: str
    withdrawn: bool = False
    retain_until: str = ""


def is_visible(claim: Claim, a: CaseState | None, b: CaseState | None, now: datetime) -> bool:
    """Whether a link document still holds for the documents of its two cases at the aware time `now`.

    A case is None if there is no document of it.
    """
    return claim.state is ClaimState.LIVE and _is_current(a, claim.a.hash, now) and _is_current(b, claim.b.hash, now)


def is_expired(retain_until: str, now: datetime) -> bool:
    """Whether a case's retention (YYYY-MM-DD, "" for none) has ended. It ends when that day begins in UTC."""
    return bool(retain_until) and now.astimezone(UTC).date() >= date.fromisoformat(retain_until)


def _is_current(case: CaseState | None, claimed: str, now: datetime) -> bool:
    return case is not None and case.hash == claimed and not case.withdrawn and not is_expired(case.retain_until, now)
