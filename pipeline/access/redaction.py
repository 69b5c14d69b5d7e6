"""What a view leaves of a case or link: the only shapes in which they leave the system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from pipeline.access.release import CaseMeta, LinkSight, LinkView, View

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
