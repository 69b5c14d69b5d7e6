from __future__ import annotations

from itertools import product

import pytest

from pipeline.access.audience import Viewer, audience, requester_words
from pipeline.correlation.claims import Side
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


def sees(side: Side, agency: str, country: str, purpose: str, granted: bool = False) -> str:
    """The table of disclosure.md for one side."""
    if agency == side.agency:
        return "full"
    if purpose not in side.handling.purposes:
        return ""
    if side.handling.code == "H3" or not {"*", country} & set(side.handling.releasable_to):
        return ""
    return "hit" if side.handling.code == "H2" and not granted else "full"


@pytest.mark.parametrize("codes", tuple(product(CODES, CODES)))
def test_the_audience_is_those_who_see_one_side_fully_and_the_other_at_least_as_a_hit(codes: tuple[str, str]) -> None:
    for release_a, release_b, purposes in product(RELEASES, RELEASES, PURPOSES):
        a = Side("be-fp:1", 1, agency="be-fp", country="BE", handling=Handling(codes[0], release_a, PURPOSES[1]))
        b = Side("fr-pj:1", 1, agency="fr-pj", country="FR", handling=Handling(codes[1], release_b, purposes))
        words = set(audience(a, b))
        for (agency, country), purpose, granted in product(REQUESTERS, PURPOSES[1], (False, True)):
            views = {sees(a, agency, country, purpose, granted), sees(b, agency, country, purpose)}
            admitted = bool(words & set(requester_words(Viewer(agency, country, purpose), granted=granted)))
            assert admitted == ("full" in views and "" not in views), (codes, release_a, release_b, agency, purpose)
