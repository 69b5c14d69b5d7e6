"""The project stage's decision for one claim: what to write to the index, and which agencies to tell.

Claims about one link come from several partitions. Those of one partition are in order, but partitions may overtake
each other, so a claim is ignored if either of its versions is lower than the highest seen. A release is never written:
the new owner's claim follows it, and until then the document names a fingerprint that the case no longer has, so the
link is not visible.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from pipeline.correlation.claims import Claim, ClaimState
from pipeline.correlation.hits import CounterpartView, Hit, counterpart_view, make_hit
from pipeline.correlation.key_ring import KeyRing


class RememberedLink(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the project stage remembers of one link: both sides' external versions and what each agency was told."""

    a: int
    b: int
    told_a: CounterpartView | None = None
    told_b: CounterpartView | None = None


NOTHING = RememberedLink(0, 0)
"""The state of a link without any claim so far."""


class LinkWrite(msgspec.Struct, frozen=True):
    """A document for the links index under its external version; a retraction is a tombstone.

    Two writes about the same two versions are equal, so a late write by a fenced worker does no harm.
    """

    link: str
    external_version: int
    claim: Claim


class ProjectionStep(NamedTuple):
    """The results of one claim: the state to remember, the document to write, the hits to send."""

    seen: RememberedLink
    write: LinkWrite | None
    hits: tuple[Hit, ...]


def advance_link(seen: RememberedLink | None, claim: Claim, ring: KeyRing, turn: int = 0) -> ProjectionStep:
    """Apply one claim to the state of its link.

    `ring` has the keys of the opaque references in hits; `turn` counts the switches of generation (generation_diff).
    """
    before = seen or NOTHING
    after = see_claim(before, claim)
    if after is None:
        return ProjectionStep(before, None, ())
    write = None if claim.state is ClaimState.RELEASED else LinkWrite(claim.link, claim.external_version, claim)
    return ProjectionStep(after, write, change_hits(claim, before, after, ring, turn))


def see_claim(before: RememberedLink, claim: Claim) -> RememberedLink | None:
    """The state of a link after a claim; None if the claim is lower than an earlier one."""
    if claim.a.order < before.a or claim.b.order < before.b:
        return None
    told_a, told_b = before.told_a, before.told_b
    if not _is_uncertain(claim):
        told_a, told_b = counterpart_view(claim, claim.a, claim.b), counterpart_view(claim, claim.b, claim.a)
    return RememberedLink(claim.a.order, claim.b.order, told_a, told_b)


def change_hits(
    claim: Claim, before: RememberedLink, after: RememberedLink, ring: KeyRing, turn: int
) -> tuple[Hit, ...]:
    """The hits for the two agencies of a claim, whose views change from `before` to `after`."""
    hits = (
        make_hit(claim, claim.a, claim.b, before.told_a, after.told_a, ring, turn),
        make_hit(claim, claim.b, claim.a, before.told_b, after.told_b, ring, turn),
    )
    return tuple(hit for hit in hits if hit)


def _is_uncertain(claim: Claim) -> bool:
    """Whether it is a release by a partition that has lost one side's record: the next version will decide."""
    return claim.state is ClaimState.RELEASED and not (claim.a.hash and claim.b.hash)
