"""What agencies are told at a switch of generation, where the new generation sees a link differently than the old one.

A link has the same id in every generation, since ids are made of case keys. The claims of both generations about a link
are brought together, and what agencies were told last is compared with what the new generation would have told them.
"""

from __future__ import annotations

import msgspec

from pipeline.correlation.claims import Claim, without_evidence
from pipeline.correlation.hits import Hit
from pipeline.correlation.key_ring import KeyRing
from pipeline.correlation.projection import NOTHING, RememberedLink, change_hits, see_claim


class GenerationDiff(msgspec.Struct, frozen=True, omit_defaults=True):
    """One link at a switch: the last claim about it, what agencies were told, and what the new generation sees."""

    claim: Claim
    published: RememberedLink = NOTHING
    seen: RememberedLink = NOTHING


def add_old(diff: GenerationDiff | None, claim: Claim) -> GenerationDiff:
    """Take in a claim of the old generation, of which agencies were told."""
    before = diff or GenerationDiff(without_evidence(claim))
    return _with_changes(before, claim, published=see_claim(before.published, claim))


def add_new(diff: GenerationDiff | None, claim: Claim) -> GenerationDiff:
    """Take in a claim of the new generation, after all claims of the old one."""
    before = diff or GenerationDiff(without_evidence(claim))
    return _with_changes(before, claim, seen=see_claim(before.seen, claim))


def _with_changes(before: GenerationDiff, claim: Claim, **changed: RememberedLink | None) -> GenerationDiff:
    """The diff after one more claim; a claim that is lower than an earlier one changes nothing."""
    [(name, value)] = changed.items()
    return before if value is None else msgspec.structs.replace(before, claim=without_evidence(claim), **{name: value})


def difference_hits(diff: GenerationDiff, ring: KeyRing, turn: int) -> tuple[Hit, ...]:
    """One hit for each side whose view differs; `turn` is that of the new generation."""
    return change_hits(diff.claim, diff.published, diff.seen, ring, turn)
