"""Who may see a link at all, from both sides' handling: the words that narrow a query before reading decides."""

from __future__ import annotations

from pipeline.correlation.claims import Side

EVERYONE = "*"
FULL = frozenset({"H0", "H1"})
SILENT = "H3"


def audience(a: Side, b: Side) -> tuple[str, ...]:
    """Countries (or *) to which one side is open and the other at least a hit; owners who see the other side.

    An owner is written agency:<name>.
    """
    words = _countries(a, b) if FULL & {a.handling.code, b.handling.code} else frozenset()
    owners = {f"agency:{owner.agency}" for owner, other in ((a, b), (b, a)) if _shown(other, owner.country)}
    return tuple(sorted(words | owners))


def requester_words(agency: str, country: str) -> tuple[str, ...]:
    """The words of an `audience` that let this requester through."""
    return (EVERYONE, country, f"agency:{agency}")


def _countries(a: Side, b: Side) -> frozenset[str]:
    first, second = _releasable(a), _releasable(b)
    if EVERYONE in first:
        return second
    return first if EVERYONE in second else first & second


def _releasable(side: Side) -> frozenset[str]:
    countries = side.handling.releasable_to if side.handling.code != SILENT else ()
    return frozenset({EVERYONE}) if EVERYONE in countries else frozenset(countries)


def _shown(side: Side, country: str) -> bool:
    return bool(_releasable(side) & {EVERYONE, country})
