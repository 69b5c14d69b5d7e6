"""Tests of the batch run, over the case and the matcher of conftest."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.correlation.batch import LinkLine, find_links
from pipeline.correlation.claims import link_id
from pipeline.correlation.matcher import Matcher
from pipeline.matching.bands import Band
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import THRESHOLD

Case = Callable[..., Fingerprint]
Linked = Callable[..., list[LinkLine]]


@pytest.fixture
def linked(matcher: Callable[..., Matcher]) -> Linked:
    """links() with conftest's matcher."""

    def link(*fingerprints: Fingerprint, threshold: float = THRESHOLD, within: bool = False) -> list[LinkLine]:
        return find_links(fingerprints, matcher(threshold), within=within)

    return link


def test_the_last_versions_are_linked(linked: Linked, case: Case, withdrawn: Callable[[str, int], Fingerprint]) -> None:
    found = linked(
        case("b1", "red car"),
        case("a1", "red car roof"),
        case("c1", "red car"),
        case("a1", "blue boat", version=2),
        case("a1", "red car", version=1),
        case("d1", "red car"),
        withdrawn("d1", 2),
    )
    assert [(line.case_a, line.case_b, line.version_a, line.version_b) for line in found] == [("b:b1", "c:c1", 1, 1)]


def test_a_link_says_all_that_the_contract_lists(linked: Linked, case: Case) -> None:
    (found,) = linked(case("b1", "red car"), case("a1", "red car", version=3))
    assert (found.link_id, found.case_a, found.case_b) == (link_id("a:a1", "b:b1"), "a:a1", "b:b1")
    assert (found.version_a, found.version_b, found.score, found.band) == (3, 1, 200, Band.POSSIBLE)
    assert (found.probability, bytes(found.evidence)) == (0.6, b"[3,1]")


def test_links_are_ordered_whatever_the_order_of_arrival(linked: Linked, case: Case) -> None:
    cases = [case(name, "red car roof") for name in ("c1", "a1", "d1", "b1")]
    assert linked(*cases) == linked(*reversed(cases))
    assert [(line.case_a, line.case_b) for line in linked(*cases)] == sorted(
        (line.case_a, line.case_b) for line in linked(*cases)
    )


def test_the_threshold_goes_both_ways(linked: Linked, case: Case) -> None:
    cases = [case("a1", "red car"), case("b1", "red car"), case("c1", "red boat")]
    assert linked(*cases, threshold=0.9) == []
    assert len(linked(*cases, threshold=0.2)) == 3


def test_within_links_one_country(linked: Linked, case: Case) -> None:
    cases = [case("a1", "red car"), case("a2", "red car")]
    assert linked(*cases) == []
    assert len(linked(*cases, within=True)) == 1
