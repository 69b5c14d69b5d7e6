"""Who may see a link at all, from both sides' handling: the words that narrow a query before the policy decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pipeline.correlation.claims import Side
from pipeline.records.handling import EVERY_COUNTRY, FULL_CODES, HIT_ONLY, is_released

SHOWN_CODES = FULL_CODES | {HIT_ONLY}

BOTH_HITS = "hits"
"""Before the words of a link whose sides are both hit-only: shown to him alone who has been granted one of them."""


class Viewer(NamedTuple):
    """For whom and what a query is narrowed."""

    agency: str
    country: str
    purpose: str


def audience(a: Side, b: Side) -> tuple[str, ...]:
    """<country or *>|<purpose> for which both sides are shown; agency:<owner>|<purpose> where the other side is to him.

    Roles, retention and grants are left to the policy.
    """
    kind = "" if FULL_CODES & {a.handling.code, b.handling.code} else f"{BOTH_HITS}|"
    purposes = set(a.handling.purposes) & set(b.handling.purposes)
    words = {f"{kind}{country}|{purpose}" for country in _countries(a, b) for purpose in purposes}
    return tuple(sorted({*words, *_owners(a, b), *_owners(b, a)}))


def requester_words(viewer: Viewer, *, granted: bool = False) -> tuple[str, ...]:
    """The words of an `audience` that let this requester through; `granted` also where he has a grant for one side."""
    places = (f"{EVERY_COUNTRY}|{viewer.purpose}", f"{viewer.country}|{viewer.purpose}")
    more = tuple(f"{BOTH_HITS}|{place}" for place in places) if granted else ()
    return (*places, f"agency:{viewer.agency}|{viewer.purpose}", *more)


def _owners(owner: Side, other: Side) -> Iterator[str]:
    if other.handling.code in SHOWN_CODES and is_released(other.handling.releasable_to, owner.country):
        yield from (f"agency:{owner.agency}|{purpose}" for purpose in other.handling.purposes)


def _countries(a: Side, b: Side) -> frozenset[str]:
    first, second = _releasable(a), _releasable(b)
    if EVERY_COUNTRY in first:
        return second
    return first if EVERY_COUNTRY in second else first & second


def _releasable(side: Side) -> frozenset[str]:
    if side.handling.code not in SHOWN_CODES:
        return frozenset()
    countries = frozenset(side.handling.releasable_to)
    return frozenset({EVERY_COUNTRY}) if EVERY_COUNTRY in countries else countries
