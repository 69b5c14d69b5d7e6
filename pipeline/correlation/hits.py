"""Hits tell an agency about a link of its case. One is sent only when what the agency may see changes."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from pipeline.correlation.claims import Claim, ClaimSide, ClaimState
from pipeline.correlation.key_ring import KeyRing, KeyUse, keyed_id
from pipeline.correlation.references import make_reference
from pipeline.matching.bands import Band
from pipeline.matching.basis import Basis
from pipeline.matching.exact_match import HIT_BAND, ExactMatch
from pipeline.matching.fingerprint import Contact
from pipeline.records.handling import HIT_ONLY, SILENT, is_released

PURPOSE = "correlation"
"""The purpose that both sides' handling must allow before anyone is told of a link."""


class HitKind(StrEnum):
    """How the receiver's view of a link changed."""

    NEW = "new"
    CHANGED = "changed"
    RETRACTED = "retracted"


class CounterpartView(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one side's agency may see of the other side: its content (`full`), or only that there is a hit.

    A full view has the link's `basis`. A hit has none, since it would reveal what the other record says. A hit has in
    `asks` the hash of the agency's own record: other content asks another question (pipeline.access.hit_ledger), and in
    `exact` by what of it the other record is met, which the gate alone is told.
    """

    agency: str
    contact: Contact
    band: Band
    full: bool
    asks: str = ""
    basis: Basis = Basis.SAME
    exact: ExactMatch = ExactMatch.NONE


class Hit(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `hits.<receiver>`. A retraction does not tell whether the link ended or the handling tightened.

    `case` is the receiver's own case key. `reference` stands for the other side and differs for each receiver. `basis`
    is stated only if the receiver may read the other side in full.
    """

    id: str
    kind: HitKind
    receiver: str
    case: str
    reference: str
    agency: str
    contact: Contact = Contact()
    band: Band = Band.NONE
    basis: Basis = Basis.SAME


def counterpart_view(claim: Claim, receiver: ClaimSide, other: ClaimSide) -> CounterpartView | None:
    """What the receiver's agency may see of the other side under the handling of both; None if it must not know.

    An agency learns of a hit-only record only if its own case, taken as a question, meets it exactly, and then in the
    one band of all hits.
    """
    if claim.state is ClaimState.RETRACTED or not may_know(claim, receiver, other):
        return None
    if other.handling.code != HIT_ONLY:
        return CounterpartView(other.agency, other.contact, claim.band, True, basis=claim.basis) if claim.band else None
    exact = _asks_by(claim, receiver)
    return CounterpartView(other.agency, other.contact, HIT_BAND, False, receiver.hash, exact=exact)


def may_know(claim: Claim, receiver: ClaimSide, other: ClaimSide) -> bool:
    """Whether the receiver's agency may know that the other side is there, whether or not the claim is of a link."""
    handling = other.handling
    if not all(PURPOSE in side.handling.purposes for side in (receiver, other)) or handling.code == SILENT:
        return False
    return is_released(handling.releasable_to, receiver.country) and (
        handling.code != HIT_ONLY or bool(_asks_by(claim, receiver))
    )


def _asks_by(claim: Claim, receiver: ClaimSide) -> ExactMatch:
    return claim.exact_a if receiver.case == claim.a.case else claim.exact_b


def hit_kind_between(before: CounterpartView | None, after: CounterpartView | None) -> HitKind | None:
    """The kind of hit for a view that changes from `before` to `after`; None if there is nothing to tell."""
    if before == after:
        return None
    if before is None:
        return HitKind.NEW
    return HitKind.RETRACTED if after is None else HitKind.CHANGED


def make_hit(
    claim: Claim,
    receiver: ClaimSide,
    other: ClaimSide,
    before: CounterpartView | None,
    after: CounterpartView | None,
    ring: KeyRing,
    turn: int = 0,
) -> Hit | None:
    """The hit that tells `receiver` how its view changed with this claim; None if it did not change.

    `turn` counts the switches of generation, since each may tell of the same versions again. The id and the reference
    are made with the installation's first secret for good. So later hits about a link have the same reference, even
    after stores or the whole installation were rebuilt.
    """
    kind = hit_kind_between(before, after)
    if kind is None:
        return None
    return Hit(
        id=keyed_id(
            ring, KeyUse.HIT_IDS, receiver.agency, claim.link, str(claim.a.order), str(claim.b.order), str(turn)
        ),
        kind=kind,
        receiver=receiver.agency,
        case=receiver.case,
        reference=make_reference(ring, ring.first, receiver.agency, other.case),
        agency=other.agency,
        contact=after.contact if after else Contact(),
        band=after.band if after else Band.NONE,
        basis=after.basis if after else Basis.SAME,
    )
