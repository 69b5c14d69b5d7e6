"""Hits: what an agency is told about a link of its case, sent only when what it may see changes."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from pipeline.correlation.claims import Claim, ClaimSide, ClaimState
from pipeline.correlation.key_ring import KeyRing, KeyUse, keyed_id
from pipeline.correlation.references import make_reference
from pipeline.matching.bands import Band
from pipeline.matching.basis import Basis
from pipeline.matching.fingerprint import Contact
from pipeline.records.handling import HIT_ONLY, SILENT, is_released

PURPOSE = "correlation"
"""The purpose that both sides' handling must allow before anyone is told of a link."""


class HitKind(StrEnum):
    """What happened to what the receiver may see."""

    NEW = "new"
    CHANGED = "changed"
    RETRACTED = "retracted"


class CounterpartView(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one side's agency may see of the other side: `full` content, or only that there is a hit.

    `basis` is the link's where it is seen in full; of a hit it would tell what the other record says. Of a hit `asks`
    is the hash of its own side: another content asks another question (pipeline.access.hit_ledger).
    """

    agency: str
    contact: Contact
    band: Band
    full: bool
    asks: str = ""
    basis: Basis = Basis.SAME


class Hit(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `hits.<receiver>`. A retraction is the same whether the link ended or the handling tightened.

    `case` is the receiver's own case key; `reference` stands for the other side, differently for each receiver. `basis`
    is told only where the receiver may read the other side in full; otherwise it is left out, whatever it is.
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
    """What the receiver's agency may see of the other side under both sides' handling; None: it must not know.

    A hit-only side is told of only where the receiver's case, as a question, meets it by exact parts, in that band.
    """
    if claim.state is ClaimState.RETRACTED or not all(PURPOSE in side.handling.purposes for side in (receiver, other)):
        return None
    handling = other.handling
    if handling.code == SILENT or not is_released(handling.releasable_to, receiver.country):
        return None
    full = handling.code != HIT_ONLY
    band = claim.band if full else _exact_band(claim, receiver)
    asks = "" if full else receiver.hash
    basis = claim.basis if full else Basis.SAME
    return CounterpartView(other.agency, other.contact, band, full, asks, basis) if band else None


def _exact_band(claim: Claim, receiver: ClaimSide) -> Band:
    return claim.exact_a if receiver.case == claim.a.case else claim.exact_b


def hit_kind_between(before: CounterpartView | None, after: CounterpartView | None) -> HitKind | None:
    """What to tell an agency whose view goes from one to the other; None: nothing."""
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
    """The hit that tells `receiver` how its view changed with this claim; None: nothing changed.

    `turn` counts the switches of generation: the same versions may be told of anew in each. Id and reference are under
    the installation's first secret for good, so that whatever is told of a link later bears the same reference, also
    where stores or the whole installation were built anew.
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
