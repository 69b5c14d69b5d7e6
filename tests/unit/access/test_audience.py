from __future__ import annotations

from itertools import product

import pytest

from pipeline.access.audience import Viewer, link_audience, requester_words
from pipeline.correlation.claims import ClaimSide
from pipeline.matching.exact_match import ExactMatch
from pipeline.matching.fingerprint import Handling

CODES = ("H0", "H1", "H2", "H3")
RELEASES = ((), ("*",), ("DE",), ("FR",), ("BE", "DE"), ("FR", "DE"))
REQUESTERS = (
    ("be-fp", "BE"),
    ("be-other", "BE"),
    ("fr-pj", "FR"),
    ("fr-other", "FR"),
    ("de-bka", "DE"),
    ("nl-np", "NL"),
)


PURPOSES = (("investigation",), ("investigation", "prosecution"))


def sees(side: ClaimSide, agency: str, country: str, purpose: str, granted: bool = False) -> str:
    """The table of docs/disclosure.md for one side."""
    if agency == side.agency:
        return "full"
    if purpose not in side.handling.purposes:
        return ""
    if side.handling.code == "H3" or not {"*", country} & set(side.handling.releasable_to):
        return ""
    return "hit" if side.handling.code == "H2" and not granted else "full"


EXACT = tuple(product((ExactMatch.NONE, ExactMatch.NAME), repeat=2))

GRANTED = {False: ("",), True: ("", "a", "b", "ab")}
"""Sides that a requester may have been granted."""


def granted_to(a: ClaimSide, b: ClaimSide, granted: str, agency: str, country: str, purpose: str) -> tuple[str, str]:
    return (
        sees(a, agency, country, purpose, "a" in granted),
        sees(b, agency, country, purpose, "b" in granted),
    )


def is_shown(a: str, b: str, exact_a: ExactMatch, exact_b: ExactMatch) -> bool:
    """One side in full, and the other in full or met exactly by it."""
    if (a, b) == ("full", "full"):
        return True
    return ((a, b) == ("full", "hit") and bool(exact_a)) or ((a, b) == ("hit", "full") and bool(exact_b))


@pytest.mark.parametrize("codes", tuple(product(CODES, CODES)))
def test_the_audience_is_those_who_see_one_side_fully_and_the_other_at_least_as_a_hit(codes: tuple[str, str]) -> None:
    """A side that is a hit is met by exact parts of the other, or the link shows only to whom is granted it."""
    for release_a, release_b, purposes, exact in product(RELEASES, RELEASES, PURPOSES, EXACT):
        a = ClaimSide("be-fp:1", 1, agency="be-fp", country="BE", handling=Handling(codes[0], release_a, PURPOSES[1]))
        b = ClaimSide("fr-pj:1", 1, agency="fr-pj", country="FR", handling=Handling(codes[1], release_b, purposes))
        words = set(link_audience(a, b, *exact))
        for (agency, country), purpose, granted in product(REQUESTERS, PURPOSES[1], (False, True)):
            ways = {granted_to(a, b, granted, agency, country, purpose) for granted in GRANTED[granted]}
            shown = any(is_shown(*views, *exact) for views in ways)
            admitted = bool(words & set(requester_words(Viewer(agency, country, purpose), granted=granted)))
            assert admitted == shown, (codes, release_a, release_b, exact, agency, purpose, granted)


@pytest.mark.parametrize("codes", tuple(product(CODES, CODES)))
def test_what_is_no_link_is_for_those_who_see_a_hit_only_side_as_a_hit(codes: tuple[str, str]) -> None:
    """Nobody else is meant but who reads the hit-only side, too; they are told nothing when it is read."""
    for release_a, release_b, purposes, exact in product(RELEASES, RELEASES, PURPOSES, EXACT):
        a = ClaimSide("be-fp:1", 1, agency="be-fp", country="BE", handling=Handling(codes[0], release_a, PURPOSES[1]))
        b = ClaimSide("fr-pj:1", 1, agency="fr-pj", country="FR", handling=Handling(codes[1], release_b, purposes))
        words = set(link_audience(a, b, *exact, linked=False))
        for (agency, country), purpose in product(REQUESTERS, PURPOSES[1]):
            views = granted_to(a, b, "", agency, country, purpose)
            admitted = bool(words & set(requester_words(Viewer(agency, country, purpose))))
            assert admitted >= (views != ("full", "full") and is_shown(*views, *exact)), (codes, exact, views)
            assert admitted <= is_shown(*views, *exact), (codes, release_a, release_b, exact, agency, purpose)
