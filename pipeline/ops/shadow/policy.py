"""What a second model would change: links that would appear, vanish, or move to another band. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from pipeline.correlation.claims import Claim
from pipeline.matching.bands import Band
from pipeline.matching.basis import Basis

NO_LINK = "none"
"""The band, in counts by bands, of a pair of cases without a link."""


class ModelLink(msgspec.Struct, frozen=True):
    """A link as one model judges it."""

    case_a: str
    case_b: str
    score: int
    probability: float
    band: Band
    basis: Basis = Basis.SAME


class LinkChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """What becomes of a link: `appears`, `vanishes`, or `moves` from one band to another."""

    change: str
    link_id: str
    case_a: str
    case_b: str
    before: ModelLink | None = None
    after: ModelLink | None = None


class ModelComparison(msgspec.Struct, frozen=True):
    """What the model of generation `active` and the model `shadow` make of the same cases.

    `bands` counts links by their bands before and after ("possible -> none"), NO_LINK where there is no link.
    """

    active: str
    shadow: str
    cases: int
    links_active: int
    links_shadow: int
    appear: int
    vanish: int
    move: int
    bands: dict[str, int]
    changes: tuple[LinkChange, ...]


def link_of(claim: Claim) -> ModelLink:
    """The link of a live claim, by what is compared of it."""
    return ModelLink(claim.a.case, claim.b.case, claim.score, claim.probability, claim.band, claim.basis)


def compare_links(
    active: str, before: Mapping[str, ModelLink], shadow: str, after: Mapping[str, ModelLink], cases: int
) -> ModelComparison:
    """The links, by id, of the model `active` (`before`) held against those of `shadow` (`after`).

    `cases` is of how many cases they are.
    """
    changes = tuple(_find_changes(before, after))
    counted = Counter(change.change for change in changes)
    pairs = ((_band_of(before.get(link)), _band_of(after.get(link))) for link in before.keys() | after.keys())
    bands = Counter(f"{first} -> {second}" for first, second in pairs)
    return ModelComparison(
        active, shadow, cases, len(before), len(after),
        counted["appears"], counted["vanishes"], counted["moves"], dict(sorted(bands.items())), changes,
    )  # fmt: skip


def _find_changes(before: Mapping[str, ModelLink], after: Mapping[str, ModelLink]) -> Iterator[LinkChange]:
    """The links whose band differs, in the order of their cases."""
    links = {**before, **after}
    for link_id, link in sorted(links.items(), key=lambda item: (item[1].case_a, item[1].case_b)):
        first, second = before.get(link_id), after.get(link_id)
        if _band_of(first) != _band_of(second):
            yield LinkChange(_name_change(first, second), link_id, link.case_a, link.case_b, first, second)


def _name_change(before: ModelLink | None, after: ModelLink | None) -> str:
    if before is None:
        return "appears"
    return "vanishes" if after is None else "moves"


def _band_of(link: ModelLink | None) -> str:
    """A shared number's band stands apart: it is that of another statement."""
    if link is None:
        return NO_LINK
    return link.band if link.basis is Basis.SAME else f"{link.basis} {link.band}"
