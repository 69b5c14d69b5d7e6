"""Who may see a link at all, from both sides' handling: the words that narrow a query before the policy decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pipeline.correlation.claims import ClaimSide
from pipeline.matching.exact_match import ExactMatch
from pipeline.records.handling import EVERY_COUNTRY, FULL_CODES, HIT_ONLY, is_released

SHOWN_CODES = FULL_CODES | {HIT_ONLY}

GRANTED = "hits"
"""Before the words of a link that shows only to a requester who has been granted a hit-only side of it."""


class Viewer(NamedTuple):
    """For whom and what a query is narrowed."""

    agency: str
    country: str
    purpose: str


def link_audience(
    a: ClaimSide,
    b: ClaimSide,
    exact_a: ExactMatch = ExactMatch.NONE,
    exact_b: ExactMatch = ExactMatch.NONE,
    *,
    linked: bool = True,
) -> tuple[str, ...]:
    """<country or *>|<purpose> for which both sides are shown; agency:<owner>|<purpose> where the other is to them.

    `exact_a` and `exact_b` are the claim's: a hit-only side that the other does not meet exactly shows under a grant.
    Roles, retention and grants are left to the policy. Of a claim that is no link (not `linked`) the words are those of
    whoever sees a hit-only side as a hit; some of these may see it in full after all, which see_link leaves out.
    """
    if not linked:
        return tuple(sorted({*_hit_words(a, b, exact_a), *_hit_words(b, a, exact_b)}))
    kind = "" if _may_reveal(a, b, exact_a) or _may_reveal(b, a, exact_b) else f"{GRANTED}|"
    purposes = set(a.handling.purposes) & set(b.handling.purposes)
    words = {f"{kind}{country}|{purpose}" for country in _shared_countries(a, b) for purpose in purposes}
    return tuple(sorted({*words, *_owner_words(a, b, exact_a), *_owner_words(b, a, exact_b)}))


def _hit_words(full: ClaimSide, hit: ClaimSide, exact: ExactMatch) -> Iterator[str]:
    """Those who see one side in full, and the other, which it meets exactly, as a hit."""
    if exact and hit.handling.code == HIT_ONLY:
        yield from _owner_words(full, hit, exact)
        if full.handling.code in FULL_CODES:
            purposes = set(full.handling.purposes) & set(hit.handling.purposes)
            yield from (f"{country}|{purpose}" for country in _shared_countries(full, hit) for purpose in purposes)


def _may_reveal(full: ClaimSide, other: ClaimSide, exact: ExactMatch) -> bool:
    """Whether whoever reads one side in full without a grant may know of the other."""
    return full.handling.code in FULL_CODES and (other.handling.code != HIT_ONLY or bool(exact))


def requester_words(viewer: Viewer, *, granted: bool = False) -> tuple[str, ...]:
    """The words of an `audience` that let this requester through; `granted` also with a grant for one side."""
    places = (
        f"{EVERY_COUNTRY}|{viewer.purpose}",
        f"{viewer.country}|{viewer.purpose}",
        f"agency:{viewer.agency}|{viewer.purpose}",
    )
    return (*places, *(f"{GRANTED}|{place}" for place in places)) if granted else places


def _owner_words(owner: ClaimSide, other: ClaimSide, exact: ExactMatch) -> Iterator[str]:
    handling = other.handling
    if handling.code in SHOWN_CODES and is_released(handling.releasable_to, owner.country):
        kind = f"{GRANTED}|" if handling.code == HIT_ONLY and not exact else ""
        yield from (f"{kind}agency:{owner.agency}|{purpose}" for purpose in handling.purposes)


def _shared_countries(a: ClaimSide, b: ClaimSide) -> frozenset[str]:
    first, second = _released_countries(a), _released_countries(b)
    if EVERY_COUNTRY in first:
        return second
    return first if EVERY_COUNTRY in second else first & second


def _released_countries(side: ClaimSide) -> frozenset[str]:
    if side.handling.code not in SHOWN_CODES:
        return frozenset()
    countries = frozenset(side.handling.releasable_to)
    return frozenset({EVERY_COUNTRY}) if EVERY_COUNTRY in countries else countries
