"""How many pairs are of one thing, and how many of companions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.training.columns import TrainingColumn
from pipeline.matching.training.expectation import Levels, Shares, likelihood_ratios

SHARE_ROUNDS = 100
"""Rounds of EM at most. It ends when both numbers together move by less than a thousandth of the true pairs; if it does
not, those of the last round are taken."""


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
