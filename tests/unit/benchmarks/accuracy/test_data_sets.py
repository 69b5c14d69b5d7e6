"""Recall at precision .99 of scored pairs."""

from __future__ import annotations

from benchmarks.accuracy.data_sets import Pair, recall_when_strict

TRUE: set[Pair] = {(0, at) for at in range(1, 201)}


def test_one_false_pair_in_a_hundred_is_borne() -> None:
    scores: dict[Pair, float] = {(0, at): 300.0 - at for at in range(1, 151)}
    assert recall_when_strict(scores | {(1, 2): 250.5}, TRUE) == 150 / 200
    assert recall_when_strict(scores | {(1, 2): 250.5, (1, 3): 240.5}, TRUE) == 49 / 200


def test_pairs_of_one_score_come_in_together() -> None:
    assert recall_when_strict({(0, 1): 1.0, (0, 2): 1.0, (1, 2): 1.0}, TRUE) == 0
    assert recall_when_strict({(0, 1): 2.0, (0, 2): 1.0, (1, 2): 1.0}, TRUE) == 1 / 200


def test_no_pairs() -> None:
    assert recall_when_strict({}, TRUE) == 0
