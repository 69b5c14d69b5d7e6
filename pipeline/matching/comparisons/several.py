"""Fields of which an entity may have several values: the best pair counts, and what agrees with nothing costs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipeline.matching.alternatives import STRANGERS, Bits
from pipeline.matching.comparisons.levels import ComparisonResult, stronger_of
from pipeline.matching.fingerprint import MAX_VALUES

CHOICE_FEES = tuple(round(100 * math.log2(count)) for count in range(1, MAX_VALUES + 2))
"""Hundredths of a bit by the values on a side that agree with nothing: among 1 + n values one agrees by chance 1 + n
times as often."""

Grid = Sequence[Sequence[ComparisonResult]]
"""Every value of one side with every value of the other."""


def best_of_several(grid: Grid) -> ComparisonResult:
    """The best of all pairs of values, against each alternative by itself.

    An agreement pays for the values of each side that agree with nothing on the other, down to no bits: so one more
    value that agrees never costs anything, and one that does not costs less than it could gain by chance.
    """
    fee = CHOICE_FEES[_count_alone(grid)] + CHOICE_FEES[_count_alone(tuple(zip(*grid, strict=True)))]
    shown: ComparisonResult | None = None
    for row in grid:
        for found in row:
            shown = stronger_of(found, shown)
    if shown is None:
        raise ValueError("a side has no value")
    best = (max(bits) for bits in zip(*(found.bits for row in grid for found in row), strict=True))
    return ComparisonResult(tuple(less_fee(bits, fee) for bits in best), shown.level, shown.a, shown.b)


def _count_alone(grid: Grid) -> int:
    """Rows in which nothing agrees."""
    return sum(all(found.bits[STRANGERS] <= 0 for found in row) for row in grid)


def less_fee(bits: int, fee: int) -> int:
    """An agreement less the fee, no less than nothing; a contradiction as it is."""
    return max(bits - fee, 0) if bits > 0 else bits


def less_fees(bits: Bits, fee: int) -> Bits:
    """The same against each alternative."""
    return tuple(less_fee(one, fee) for one in bits) if fee else bits
