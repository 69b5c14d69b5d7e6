from __future__ import annotations

import random
from itertools import pairwise

import pytest

from pipeline.matching.comparisons.comparison import apply_curve
from pipeline.matching.training.calibration import brier_score, fit_isotonic, fit_platt, learn_calibration


def labelled(count: int, slope: float, shift: int, seed: int = 5) -> list[tuple[int, bool]]:
    """Scores whose true log odds are slope * score + shift."""
    chance = random.Random(seed)
    scores = [chance.randint(-1500, 1500) for _ in range(count)]
    return [(score, chance.random() < 1 / (1 + 2 ** (-(slope * score + shift) / 100))) for score in scores]


def test_platt_recovers_slope_and_shift() -> None:
    knots = fit_platt(labelled(6000, 0.5, 200))
    assert apply_curve(0, knots) == pytest.approx(200, abs=40)
    assert apply_curve(1000, knots) - apply_curve(0, knots) == pytest.approx(500, abs=60)


def test_isotonic_rises_and_is_bounded() -> None:
    knots = fit_isotonic(labelled(5000, 1.0, 0))
    assert all(before[0] < after[0] and before[1] <= after[1] for before, after in pairwise(knots))
    assert abs(apply_curve(0, knots)) < 120


@pytest.mark.parametrize("count", [600, 8000])
def test_calibration_makes_probabilities_truer(count: int) -> None:
    found = learn_calibration(labelled(count, 0.4, 300))
    assert found is not None

    def probability(bits: int) -> float:
        return 1 / (1 + 2 ** (-bits / 100))

    fresh = labelled(4000, 0.4, 300, seed=9)
    before = brier_score([(probability(score), is_true) for score, is_true in fresh])
    after = brier_score([(probability(apply_curve(score, found.knots)), is_true) for score, is_true in fresh])
    assert after < before


def test_labels_that_separate_perfectly_do_not_run_away() -> None:
    knots = fit_platt([(-500, False)] * 30 + [(500, True)] * 30)
    assert all(abs(bits) < 40_000 for _, bits in knots)
    assert apply_curve(500, knots) > 0 > apply_curve(-500, knots)


def test_too_few_labels_calibrate_nothing() -> None:
    assert learn_calibration([(500, True)] * 100 + [(-500, False)] * 3) is None
