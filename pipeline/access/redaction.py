"""What a view leaves of a case or link: the only shapes in which they leave the system.

OpaqueCodec makes names that tell nothing: agencies' references to hit-only cases and links, ids of lists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

import msgspec

from pipeline.access.release import CaseMeta, LinkSight, LinkView, View
from pipeline.correlation.key_ring import KeyRing, KeyUse, digest_of, make_reference

MakeReference = Callable[[str], str]
"""The opaque name of a case or link for the requester's agency."""

Row = dict[str, Any]


class LinkEnds(msgspec.Struct, frozen=True):
    """Both sides of a link as their case documents say."""

    a: CaseMeta
    b: CaseMeta


LINK_CONTENT = ("version_a", "version_b", "probability", "score", "basis", "evidence")
"""What a link with a hit-only side says nothing of: null, so that both kinds have the same fields. That a number is
shared would tell that the other record's names or dates are others."""


def case_for(view: View, meta: CaseMeta, content: Row, reference: MakeReference) -> Row | None:
    """A case as it may be shown: `content` with the owner's caveat, a hit, or None.

    A hit has an opaque reference and no key, and nothing that the record says.
    """
    if view is View.NOTHING:
        return None
    if view is View.HIT:
        return hit_for(meta, reference)
    return {**content, "view": View.FULL.value, "caveat": meta.handling.caveat or None}


COUNTING: Final = ("position", "ingested_at", "arrived_ms")
"""Of a record's provenance what only its owner is told: offsets and times count the hidden records between two."""


def provenance_for(owner: bool, provenance: Row | None) -> Row | None:
    """Where a record came from, as its owner or as another agency may know it; the fields are the same.

    The signature is no part of it here: it stands beside the data that it is for.
    """
    if provenance is None:
        return None
    provenance = {name: value for name, value in provenance.items() if name != "signature"}
    return provenance if owner else provenance | {name: None for name in COUNTING if name in provenance}


def hit_for(meta: CaseMeta, reference: MakeReference) -> Row:
    """That a case is there: whose it is and whom to ask."""
    contact = msgspec.to_builtins(meta.contact)
    return {"view": View.HIT.value, "reference": reference(meta.case), "agency": meta.agency, "contact": contact}


def link_for(sight: LinkSight, ends: LinkEnds, row: Row, reference: MakeReference) -> Row | None:
    """A link as it may be shown; `row` has link_id, case_a, case_b, band and LINK_CONTENT.

    With a hit-only side: band, that side's agency and contact, references for link and case; all content null. The
    visible case is then always case_a: which of two keys is the lower would tell of the hidden one.
    """
    view = sight.view
    if view is LinkView.NOTHING:
        return None
    if view is LinkView.FULL:
        return {**row, "hit": None}
    hidden, visible = (ends.a, ends.b) if view is LinkView.HIT_A else (ends.b, ends.a)
    return {
        "link_id": reference(row["link_id"]),
        "case_a": visible.case,
        "case_b": None,
        **dict.fromkeys(LINK_CONTENT),
        "band": sight.band,
        "hit": hit_for(hidden, reference),
    }


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
