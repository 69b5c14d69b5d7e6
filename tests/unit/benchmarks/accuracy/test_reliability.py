from __future__ import annotations

import pytest

from benchmarks.accuracy.reliability import Reliability, count_links, draw, weigh_links
from benchmarks.lists.measures import JudgedLink
from benchmarks.lists.sets import LinkSet, MeasuredGroup

GROUP = MeasuredGroup(("a", "b"), "person", "reference")


def list_of(entries: int) -> LinkSet:
    """Two lists of so many people, of whom the first are the same."""
    events = [
        {"data": {"agency": agency, "case_id": f"{at}", "country": "FR", "entities": [{"type": "person"}]}}
        for agency in ("a", "b")
        for at in range(entries)
    ]
    return LinkSet("made", ("a", "b"), events, {("a:0", "b:0"): ("person", "reference")}, [])


@pytest.fixture
def found() -> Reliability:
    links = [
        JudgedLink("a:0", "b:0", 10.0, is_emitted=True, band="certain", is_true=True),
        JudgedLink("a:1", "b:1", 4.0, is_emitted=True, band="probable", is_true=False),
    ]
    return weigh_links(list_of(8), GROUP, links)


def test_the_share_of_true_pairs_is_of_all_pairs_of_the_two_lists(found: Reliability) -> None:
    assert found.base_rate_bits == -6.0


def test_at_a_tenth_true_links_weigh_a_tenth_and_their_odds_are_a_tenth(found: Reliability) -> None:
    true, false = found.at_a_tenth
    assert (true[2], false[2]) == (0.1, 1.0)
    for (said, *_), (fewer, *_) in zip(found.links, found.at_a_tenth, strict=True):
        assert fewer / (1 - fewer) == pytest.approx(said / (1 - said) / 10, rel=0.02)


def test_links_are_counted_by_weight(found: Reliability) -> None:
    assert str(count_links(found.links)) == "said 0.970 found 0.500 (2)"
    assert count_links(found.at_a_tenth).right == 0.1
    assert str(count_links([])) == "none"


def test_the_drawing_has_a_point_where_there_are_enough_links(found: Reliability) -> None:
    assert draw([found]).count("<circle") == 0
    assert draw([found] * 20).count("<circle") == 3
