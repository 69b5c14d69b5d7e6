from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.demo.list_truth import ListLink, TrueListPair, read_list_truth, score_lists
from pipeline.errors import LiaisonError
from pipeline.matching.bands import Band

TYPES = {
    "un:1": "person",
    "un:2": "person",
    "un:3": "organisation",
    "uk:1": "person",
    "uk:2": "person",
    "us:1": "person",
}
TRUTH = (
    TrueListPair(("uk:1", "un:1"), "reference"),
    TrueListPair(("un:1", "us:1"), "number"),
    TrueListPair(("uk:9", "un:2"), "reference"),
)


def link(a: str, b: str, band: Band = Band.CERTAIN) -> ListLink:
    return ListLink((a, b), band)


def test_a_settled_entrys_other_links_into_the_list_are_false_and_unsettled_ones_unjudged() -> None:
    links = [link("uk:1", "un:1"), link("uk:2", "un:1", Band.POSSIBLE), link("uk:2", "un:2"), link("uk:1", "un:3")]
    (told,) = [score for score in score_lists(links, TRUTH, TYPES) if score.lists == ("uk", "un")]
    assert (told.type, told.by) == ("person", "reference")
    assert (told.agreed.true, told.agreed.found, told.agreed.both) == (1, 2, 1)
    assert told.bands == {Band.CERTAIN: (1, 1), Band.POSSIBLE: (0, 1)}
    assert told.links == 3


def test_pairs_known_by_a_number_settle_nothing() -> None:
    scores = score_lists([link("un:1", "us:1"), link("un:2", "us:1")], TRUTH, TYPES)
    by_number = next(score for score in scores if score.by == "number")
    assert (by_number.agreed.true, by_number.agreed.found, by_number.agreed.both) == (1, 1, 1)
    assert by_number.links == 2


def test_without_truth_links_are_counted() -> None:
    (score,) = score_lists([link("uk:1", "un:1"), link("uk:2", "un:2")], (), TYPES)
    assert (score.lists, score.by, score.agreed.true, score.links) == (("uk", "un"), "", 0, 2)
    assert score_lists([], (), TYPES) == []


def test_truth_is_read_in_any_order_of_its_pairs(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text("case_a,case_b,type,by\nun:1,uk:1,person,reference\nun:1,us:1,person,number\n")
    assert read_list_truth(path) == TRUTH[:2]
    path.write_text("case_a,case_b\nun:1,uk:1\n")
    assert read_list_truth(path) == TRUTH[:1]
    path.write_text("a,b\n")
    with pytest.raises(LiaisonError, match="needs the columns case_a and case_b"):
        read_list_truth(path)
