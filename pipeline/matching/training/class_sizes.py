"""How many pairs are of one thing, and how many of companions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.model_file import COMPANION_PRIORS
from pipeline.matching.training.columns import TrainingColumn
from pipeline.matching.training.expectation import Levels, Shares, likelihood_ratios

SHARE_ROUNDS = 100
"""Rounds of EM at most. It ends when both numbers together move by less than a thousandth of the true pairs; if it does
not, those of the last round are taken."""

FEWEST_NAMESAKES = 1000
"""Hundredths of a bit: at least one pair of people named after each other for 1,000 true pairs."""


def namesake_bits(household: float) -> int:
    """log2 of the true pairs over those who bear one name, in hundredths, where that over a household's is `household`.

    They are too few to be told; where a file has fewer households than the reference has, it has fewer of them by the
    same factor.
    """
    rarer = max(0.0, household - COMPANION_PRIORS["household"])
    return min(FEWEST_NAMESAKES, round(COMPANION_PRIORS["named_after"] + rarer))


def expect_pairs(
    levels: Levels,
    scales: NDArray[np.float64],
    columns: tuple[TrainingColumn, ...],
    m: Shares,
    u: Shares,
    possible: int,
) -> tuple[float, float]:
    """Expected true pairs and pairs of companions among all pairs that met: EM over three classes, only shares free.

    `scales` is how many pairs that met each stands for.
    """
    stranger_columns = [k for k, column in enumerate(columns) if column.tells_strangers]
    stranger = np.exp(-np.clip(likelihood_ratios(levels, m, u, stranger_columns), -300, 300))
    companion_columns = [k for k, column in enumerate(columns) if column.tells_companions]
    h = [column.h for column in columns]
    companion = np.exp(-np.clip(likelihood_ratios(levels, m, h, companion_columns), -300, 300))
    matches, companions = 0.25 * float(scales.sum()), 0.05 * float(scales.sum())
    for _ in range(SHARE_ROUNDS):
        weight_c, weight_s = companions * companion, max(possible - matches - companions, 1.0) * stranger
        total = matches + weight_c + weight_s
        following = float((scales * (matches / total)).sum()), float((scales * (weight_c / total)).sum())
        settled = abs(following[0] - matches) + abs(following[1] - companions) < 1e-3 * max(matches, 1.0)
        matches, companions = max(following[0], 1.0), max(following[1], 1e-3)
        if settled:
            break
    return matches, companions
