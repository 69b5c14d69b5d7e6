from __future__ import annotations

import numpy as np
import pytest

from pipeline.matching.training.learning import PairSample
from pipeline.matching.training.meeting import share_met
from pipeline.matching.training.pairs import RULES

NO_LEVELS = np.zeros((0, 0), np.int16)


def sample(rule: int, rows: list[int], scale: float = 1.0) -> PairSample:
    return PairSample(RULES[rule], np.array(rows, np.intp), NO_LEVELS, scale)


def test_how_rules_overlap_tells_how_many_pairs_met_by_none() -> None:
    """Of 100 true pairs one rule finds 60, another 50, independently: 20 are found by neither."""
    by_dates, by_names = list(range(60)), list(range(30)) + list(range(60, 80))
    rows = np.arange(80)
    assert share_met([sample(0, by_dates), sample(1, by_names)], rows, np.ones(80)) == pytest.approx(0.8)


def test_a_rule_that_drew_a_half_is_made_up_for() -> None:
    by_dates, by_names = list(range(60)), list(range(15)) + list(range(60, 70))
    rows = np.arange(70)
    found = share_met([sample(0, by_dates), sample(1, by_names, 2.0)], rows, np.ones(70))
    assert found == pytest.approx(0.8)


def test_one_rule_tells_nothing_of_who_did_not_meet() -> None:
    assert share_met([sample(0, [0, 1, 2])], np.arange(3), np.ones(3)) == 1.0
