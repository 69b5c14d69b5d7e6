"""A switch of generation: what agencies are told where the new generation's view of a link differs from the old one's.

Links are the same links in every generation, since their ids are made of case keys. Both generations' claims about a
link are brought together; what was told last is compared with what the new generation would have told.
"""

from __future__ import annotations

import msgspec

from pipeline.correlation.claims import Claim, without_evidence
from pipeline.correlation.hits import Hit
from pipeline.correlation.key_ring import KeyRing
from pipeline.correlation.projection import NOTHING, RememberedLink, change_hits, see_claim


class GenerationDiff(msgspec.Struct, frozen=True, omit_defaults=True):
    """One link at a switch: the last claim about it, what was told of it, and what the new generation sees."""

    claim: Claim
    published: RememberedLink = NOTHING
    seen: RememberedLink = NOTHING


def add_old(diff: GenerationDiff | None, claim: Claim) -> GenerationDiff:
    """Take in a claim of the old generation, which told of it."""
    before = diff or GenerationDiff(without_evidence(claim))
    return _with_changes(before, claim, published=see_claim(before.published, claim))


def add_new(diff: GenerationDiff | None, claim: Claim) -> GenerationDiff:
    """Take in a claim of the new generation, after all of the old one."""
    before = diff or GenerationDiff(without_evidence(claim))
    return _with_changes(before, claim, seen=see_claim(before.seen, claim))


def _with_changes(before: GenerationDiff, claim: Claim, **changed: RememberedLink | None) -> GenerationDiff:
    """Claims that are lower than one before change nothing."""
    [(name, value)] = changed.items()
    return before if value is None else msgspec.structs.replace(before, claim=without_evidence(claim), **{name: value})


def difference_hits(diff: GenerationDiff, ring: KeyRing, turn: int) -> tuple[Hit, ...]:
    """One hit for each side whose view differs; `turn` is that of the new generation."""
    return change_hits(diff.claim, diff.published, diff.seen, ring, turn)
