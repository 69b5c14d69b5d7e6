"""Who may see a link at all, from both sides' handling: the words that narrow a query before the policy decides."""

from __future__ import annotations

from pipeline.correlation.claims import Side
from pipeline.records.handling import EVERY_COUNTRY, FULL_CODES, HIT_ONLY, is_released

SHOWN_CODES = FULL_CODES | {HIT_ONLY}


def audience(a: Side, b: Side) -> tuple[str, ...]:
    """Countries (or *) to which one side is open and the other at least a hit; owners who see the other side.

    An owner is written agency:<name>. Purposes, roles and grants are left to the policy.
    """
    words = _countries(a, b) if FULL_CODES & {a.handling.code, b.handling.code} else frozenset()
    owners = {f"agency:{owner.agency}" for owner, other in ((a, b), (b, a)) if _is_shown(other, owner.country)}
    return tuple(sorted(words | owners))


def requester_words(agency: str, country: str) -> tuple[str, ...]:
    """The words of an `audience` that let this requester through."""
    return (EVERY_COUNTRY, country, f"agency:{agency}")


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


def _is_shown(side: Side, country: str) -> bool:
    return side.handling.code in SHOWN_CODES and is_released(side.handling.releasable_to, country)
