from __future__ import annotations

import random
from itertools import pairwise

import pytest

from pipeline.matching.comparisons.levels import bend
from pipeline.matching.training.calibration import brier, calibrate, isotonic, platt


def labelled(count: int, slope: float, shift: int, seed: int = 5) -> list[tuple[int, bool]]:
    """Scores whose true log odds are slope * score + shift."""
    chance = random.Random(seed)
    scores = [chance.randint(-1500, 1500) for _ in range(count)]
    return [(score, chance.random() < 1 / (1 + 2 ** (-(slope * score + shift) / 100))) for score in scores]


def test_platt_recovers_slope_and_shift() -> None:
    knots = platt(labelled(6000, 0.5, 200))
    assert bend(0, knots) == pytest.approx(200, abs=40)
    assert bend(1000, knots) - bend(0, knots) == pytest.approx(500, abs=60)


def test_isotonic_rises_and_is_bounded() -> None:
    knots = isotonic(labelled(5000, 1.0, 0))
    assert all(before[0] < after[0] and before[1] <= after[1] for before, after in pairwise(knots))
    assert abs(bend(0, knots)) < 120


@pytest.mark.parametrize("count", [600, 8000])
def test_calibration_makes_probabilities_truer(count: int) -> None:
    found = calibrate(labelled(count, 0.4, 300))
    assert found is not None

    def probability(bits: int) -> float:
        return 1 / (1 + 2 ** (-bits / 100))

    fresh = labelled(4000, 0.4, 300, seed=9)
    before = brier([(probability(score), is_true) for score, is_true in fresh])
    after = brier([(probability(bend(score, found.knots)), is_true) for score, is_true in fresh])
    assert after < before


def test_labels_that_separate_perfectly_do_not_run_away() -> None:
    knots = platt([(-500, False)] * 30 + [(500, True)] * 30)
    assert all(abs(bits) < 40_000 for _, bits in knots)
    assert bend(500, knots) > 0 > bend(-500, knots)


def test_too_few_labels_calibrate_nothing() -> None:
    assert calibrate([(500, True)] * 100 + [(-500, False)] * 3) is None
