"""What training expects of companions: the shares of their levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.training.columns import TrainingColumn
from pipeline.matching.training.expectation import CompanionShares, Shares
from pipeline.matching.training.lending import learn_companion_shares
from pipeline.matching.training.partners import PARTNERS

HOUSEHOLD = "household"

AT_HOME = ("address", "phone", "birth_place")
"""Comparisons of what a household shares as one person's records do: if these mostly have one door, so do brothers."""


def expect_companions(
    columns: Sequence[TrainingColumn], m: Shares, u: Shares, lent: Mapping[int, NDArray[np.float64]]
) -> CompanionShares:
    """The shares of companions' levels: the reference, but what is at home as in m, and what is lent as counted.

    Whether two people have partners is independent of their being companions.
    """
    shared, named_after = [], []
    for k, column in enumerate(columns):
        h, named = column.h, column.h_named_after
        if column.comparison is PARTNERS:
            h = named = u[k]
        elif column.companions == HOUSEHOLD and column.comparison.name in AT_HOME:
            h, named = (_normalise(m[k] * part / column.m) for part in (h, named))
        elif learnt := learn_companion_shares(column.comparison, column.companions, lent.get(k)):
            h = _normalise(np.array(learnt[column.companions]))
        shared.append(h)
        named_after.append(named)
    return CompanionShares(shared, named_after)


def _normalise(values: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = values / values.sum()
    return found
