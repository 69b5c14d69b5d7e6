"""What a view leaves of a case or link: the only shapes in which they leave the system.

OpaqueCodec makes names that tell nothing: agencies' references to hit-only cases and links, ids of lists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from pipeline.access.release import CaseMeta, LinkSight, LinkView, View
from pipeline.correlation.key_ring import KeyRing, KeyUse, digest_of, make_reference
from pipeline.matching.bands import Band, Basis
from pipeline.matching.handling import Contact
from pipeline.records.messages import Position, Provenance

MakeReference = Callable[[str], str]
"""The opaque name of a case or link for the requester's agency."""


class LinkEnds(msgspec.Struct, frozen=True):
    """Both sides of a link as their case documents say."""

    a: CaseMeta
    b: CaseMeta


class HitRow(msgspec.Struct, frozen=True):
    """That a case is there: whose it is and whom to ask. `reference` stands for it, for the reader's agency alone."""

    view: str
    reference: str
    agency: str
    contact: Contact


class LinkRow(msgspec.Struct, frozen=True):
    """A link as it may be shown; `score` in hundredths of a bit, `evidence` the whole explanation as JSON.

    Of one with a hit-only side the content is null, so that both kinds have the same fields. That a number is shared
    (`basis`) would tell that the other record's names or dates are others.
    """

    link_id: str
    case_a: str
    case_b: str | None
    version_a: int | None
    version_b: int | None
    probability: float | None
    score: int | None
    band: Band
    basis: Basis | None
    evidence: Any
    hit: HitRow | None = None


class ProvenanceRow(msgspec.Struct, frozen=True):
    """Where a record came from; `position`, `ingested_at` and `arrived_ms` are for its owner alone, else null.

    `arrived_ms` is left out where it is not known.
    """

    position: Position | None
    ingested_at: str | None
    content_hash: str
    schema_version: str
    generation: str
    arrived_ms: int | UnsetType | None = UNSET


def provenance_for(owner: bool, provenance: Provenance | None) -> ProvenanceRow | None:
    """Where a record came from, as its owner or as another agency may know it; the fields are the same.

    Offsets and times count the hidden records between two, so nobody else is told them. The signature is no part of
    it here: it stands beside the data that it is for.
    """
    if provenance is None:
        return None
    arrived_ms = provenance.arrived_ms or UNSET
    return ProvenanceRow(
        position=provenance.position if owner else None,
        ingested_at=provenance.ingested_at if owner else None,
        content_hash=provenance.content_hash,
        schema_version=provenance.schema_version,
        generation=provenance.generation,
        arrived_ms=arrived_ms if owner or arrived_ms is UNSET else None,
    )


def hit_for(meta: CaseMeta, reference: MakeReference) -> HitRow:
    """What a hit says of a case: an opaque reference and no key, and nothing that the record says."""
    return HitRow(View.HIT.value, reference(meta.case), meta.agency, meta.contact)


def link_for(sight: LinkSight, ends: LinkEnds, row: LinkRow, reference: MakeReference) -> LinkRow | None:
    """A link as it may be shown; None where it may not.

    With a hit-only side: band, that side's agency and contact, references for link and case; all content null. The
    visible case is then always case_a: which of two keys is the lower would tell of the hidden one.
    """
    if sight.view is LinkView.NOTHING:
        return None
    if sight.view is LinkView.FULL:
        return row
    hidden, visible = (ends.a, ends.b) if sight.view is LinkView.HIT_A else (ends.b, ends.a)
    return LinkRow(
        link_id=reference(row.link_id),
        case_a=visible.case,
        case_b=None,
        version_a=None,
        version_b=None,
        probability=None,
        score=None,
        band=sight.band,
        basis=None,
        evidence=None,
        hit=hit_for(hidden, reference),
    )


class OpaqueCodec:
    """Makes and resolves names of what their holder may not read; one key ring for a whole installation."""

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring

    def make_reference(self, agency: str, name: str) -> str:
        """The opaque name of a case or link for one agency, under the current secret."""
        return make_reference(self.ring, self.ring.current, agency, name)

    def digest_of(self, agency: str, given: str) -> str | None:
        """What Reader.digested finds the case by that `agency` names by a reference; None for what is none."""
        return digest_of(self.ring, agency, given)

    def list_id(self, identity: bytes) -> str:
        """The id of an uploaded list, the same for the same `identity`: 32 hexadecimal digits."""
        key = self.ring.derive_key(KeyUse.LIST_IDS, self.ring.first)
        return hashlib.blake2b(identity, key=key, digest_size=16).hexdigest()

    @property
    def evidence_key(self) -> bytes:
        """The key of the digests of a link's evidence that reviews keep: the first one for good, so none seems new."""
        return self.ring.derive_key(KeyUse.EVIDENCE, self.ring.first)
