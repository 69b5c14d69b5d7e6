"""What a second model would change: links that would appear, vanish, or move to another band. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from pipeline.correlation.claims import Claim

NONE = "none"
"""The band of what is no link."""


class Link(msgspec.Struct, frozen=True):
    """A link as one model judges it."""

    case_a: str
    case_b: str
    score: int
    probability: float
    band: str


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """What becomes of a link: `appears`, `vanishes`, or `moves` from one band to another."""

    change: str
    link_id: str
    case_a: str
    case_b: str
    before: Link | None = None
    after: Link | None = None


class Comparison(msgspec.Struct, frozen=True):
    """`bands` counts links by their bands before and after, "none" where there is no link."""

    active: str
    shadow: str
    cases: int
    links_active: int
    links_shadow: int
    appear: int
    vanish: int
    move: int
    bands: dict[str, int]
    changes: tuple[Change, ...]


def link_of(claim: Claim) -> Link:
    """What of a live claim is compared."""
    return Link(claim.a.case, claim.b.case, claim.score, claim.probability, claim.band)


def compared(active: str, before: Mapping[str, Link], shadow: str, after: Mapping[str, Link], cases: int) -> Comparison:
    """The links of two generations held against each other, over so many cases."""
    changes = tuple(_changes(before, after))
    counted = Counter(one.change for one in changes)
    pairs = ((_band(before.get(link)), _band(after.get(link))) for link in before.keys() | after.keys())
    bands = Counter(f"{first} -> {second}" for first, second in pairs)
    return Comparison(
        active, shadow, cases, len(before), len(after),
        counted["appears"], counted["vanishes"], counted["moves"], dict(sorted(bands.items())), changes,
    )  # fmt: skip


def _changes(before: Mapping[str, Link], after: Mapping[str, Link]) -> Iterator[Change]:
    """By case, then what became of the link."""
    links = {**before, **after}
    for link, told in sorted(links.items(), key=lambda item: (item[1].case_a, item[1].case_b)):
        first, second = before.get(link), after.get(link)
        if _band(first) != _band(second):
            yield Change(_word(first, second), link, told.case_a, told.case_b, first, second)


def _word(before: Link | None, after: Link | None) -> str:
    if before is None:
        return "appears"
    return "vanishes" if after is None else "moves"


def _band(one: Link | None) -> str:
    return NONE if one is None else one.band
