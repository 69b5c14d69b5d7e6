"""What one claim means for the index and for agencies: the project stage's decision, hits, and a switch's differences.

Claims about one link come from one judge, in the order of their versions. A claim is ignored all the same if either of
its versions is lower than the highest seen, so that what is shown never goes back.

Hits tell an agency about a link of its case. One is sent only when what the agency may see changes. What it may see is
decided above (pipeline.access.release), and given to `advance_link` as a function.

At a switch of generation agencies are told where the new generation sees a link differently than the old one. A link
has the same id in every generation, since ids are made of case keys. The claims of both generations about a link are
brought together, and what agencies were told last is compared with what the new generation would have told them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from pipeline.correlation.claims import Claim, ClaimSide, without_evidence
from pipeline.correlation.hits import Hit, HitKind
from pipeline.correlation.key_ring import KeyRing, KeyUse, keyed_id, make_reference
from pipeline.matching.bands import Band, Basis, ExactMatch
from pipeline.matching.handling import Contact


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


CounterpartRelease = Callable[[Claim, ClaimSide, ClaimSide], CounterpartView | None]
"""What a claim lets the agency of its first side see of the second; None if it must not know."""


class RememberedLink(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the project stage remembers of one link: both sides' external versions and what each agency was told."""

    order_a: int = msgspec.field(name="a")
    order_b: int = msgspec.field(name="b")
    told_a: CounterpartView | None = None
    told_b: CounterpartView | None = None


UNCLAIMED: Final = RememberedLink(0, 0)
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


def advance_link(
    seen: RememberedLink | None, claim: Claim, ring: KeyRing, release: CounterpartRelease, switch: int = 0
) -> ProjectionStep:
    """Apply one claim to the state of its link.

    `ring` has the keys of the opaque references in hits; `switch` counts the switches of generation.
    """
    before = seen or UNCLAIMED
    after = see_claim(before, claim, release)
    if after is None:
        return ProjectionStep(before, None, ())
    write = LinkWrite(claim.link, claim.external_version, claim)
    return ProjectionStep(after, write, change_hits(claim, before, after, ring, switch))


def see_claim(before: RememberedLink, claim: Claim, release: CounterpartRelease) -> RememberedLink | None:
    """The state of a link after a claim; None if the claim is lower than an earlier one."""
    if claim.a.order < before.order_a or claim.b.order < before.order_b:
        return None
    told_a, told_b = release(claim, claim.a, claim.b), release(claim, claim.b, claim.a)
    return RememberedLink(claim.a.order, claim.b.order, told_a, told_b)


def change_hits(
    claim: Claim, before: RememberedLink, after: RememberedLink, ring: KeyRing, switch: int, *, at_switch: bool = False
) -> tuple[Hit, ...]:
    """The hits for the two agencies of a claim, whose views change from `before` to `after`; see `make_hit`."""
    hits = (
        make_hit(claim, claim.a, claim.b, before.told_a, after.told_a, ring, switch, at_switch=at_switch),
        make_hit(claim, claim.b, claim.a, before.told_b, after.told_b, ring, switch, at_switch=at_switch),
    )
    return tuple(hit for hit in hits if hit)


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
    switch: int = 0,
    *,
    at_switch: bool = False,
) -> Hit | None:
    """The hit that tells `receiver` how its view changed with this claim; None if it did not change.

    `switch` counts the switches of generation, since each may tell of the same versions again. So may the switch itself
    (`at_switch`) and a claim behind it: one that the new generation had not made yet. The id and the reference are made
    with the installation's first secret for good. So later hits about a link have the same reference, even after stores
    or the whole installation were rebuilt.
    """
    kind = hit_kind_between(before, after)
    if kind is None:
        return None
    told_of = (receiver.agency, claim.link, str(claim.a.order), str(claim.b.order), str(switch))
    return Hit(
        id=keyed_id(ring, KeyUse.HIT_IDS, *told_of, *(["difference"] if at_switch else [])),
        kind=kind,
        receiver=receiver.agency,
        case=receiver.case,
        reference=make_reference(ring, ring.first, receiver.agency, other.case),
        agency=other.agency,
        contact=after.contact if after else Contact(),
        band=after.band if after else Band.NONE,
        basis=after.basis if after else Basis.SAME,
    )


class GenerationDiff(msgspec.Struct, frozen=True, omit_defaults=True):
    """One link at a switch: the last claim about it, what agencies were told, and what the new generation sees."""

    claim: Claim
    published: RememberedLink = UNCLAIMED
    seen: RememberedLink = UNCLAIMED


def add_old(diff: GenerationDiff | None, claim: Claim, release: CounterpartRelease) -> GenerationDiff:
    """Take in a claim of the old generation, of which agencies were told."""
    before = diff or GenerationDiff(without_evidence(claim))
    published = see_claim(before.published, claim, release)
    return before if published is None else replace(before, claim=without_evidence(claim), published=published)


def add_new(diff: GenerationDiff | None, claim: Claim, release: CounterpartRelease) -> GenerationDiff:
    """Take in a claim of the new generation, after all claims of the old one."""
    before = diff or GenerationDiff(without_evidence(claim))
    seen = see_claim(before.seen, claim, release)
    return before if seen is None else replace(before, claim=without_evidence(claim), seen=seen)


def difference_hits(diff: GenerationDiff, ring: KeyRing, switch: int) -> tuple[Hit, ...]:
    """One hit for each side whose view differs; `switch` is that of the new generation."""
    return change_hits(diff.claim, diff.published, diff.seen, ring, switch, at_switch=True)
