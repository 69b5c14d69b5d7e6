"""Whether there are relatives among the people of some records: told by birth dates of pairs whose names conflict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.training.columns import TrainingColumn, find_conflicts
from pipeline.matching.training.expectation import Levels

SHARED = ("address", "phone", "email", "identifier", "birth_place")
"""Comparisons of what a household shares, and of what one person's records share."""

STRONGEST = 3
"""Their first levels, which are agreements in all of them."""

DATES = ("birth_date", "birth_date_partial")
SAME_DATE = {"same", "day_month_swapped", "same_first_january", "one_digit", "same_year_month", "same_year"}

ENOUGH_PAIRS = 25
"""Pairs from which the share of equal dates is no accident."""

FEWEST_EQUAL = 0.6
"""Of pairs of one person garbled beyond likeness four in five have one birth date, of brothers and sisters one in 50:
above this share three in four and more are of one person."""


def are_without_relatives(samples: Iterable[Levels], columns: Sequence[TrainingColumn]) -> bool:
    """Whether pairs whose names conflict, but which share something else, mostly have one birth date.

    `samples` are matrices of pairs that did not meet by their birth dates.
    """
    equal = compared = 0
    for levels in samples:
        shared = find_conflicts(levels, columns) & _share_something(levels, columns)
        for k, column in enumerate(columns):
            if column.comparison.name in DATES:
                dates = levels[shared & (levels[:, k] >= 0), k]
                agreeing = [level for level, name in enumerate(column.names) if name in SAME_DATE]
                compared += len(dates)
                equal += int(np.isin(dates, agreeing).sum())
    return compared >= ENOUGH_PAIRS and equal >= FEWEST_EQUAL * compared


def _share_something(levels: Levels, columns: Sequence[TrainingColumn]) -> NDArray[np.bool_]:
    found = np.zeros(len(levels), np.bool_)
    for k, column in enumerate(columns):
        if column.comparison.name in SHARED:
            found |= (levels[:, k] >= 0) & (levels[:, k] < STRONGEST)
    return found
