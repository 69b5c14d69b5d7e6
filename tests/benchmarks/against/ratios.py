"""Ratios of two commits' costs, measured by turns, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median, quantiles
from typing import Final, Literal, NamedTuple

ALLOWED: Final = 0.10
"""A change for the worse by more is said in the commit's text. By less, turns of one commit differ, too."""

Verdict = Literal["worse", "perhaps worse", "better", ""]


class Comparison(NamedTuple):
    """What one figure of the current code costs, as a multiple of what it costs at the baseline.

    `baseline` and `current` are medians in the figure's unit; `ratio` is the median of the turns' ratios, `low` and
    `high` are their quartiles, `least` and `most` the extremes.
    """

    baseline: float
    current: float
    ratio: float
    low: float
    high: float
    least: float
    most: float

    @property
    def verdict(self) -> Verdict:
        """Worse or better if three quarters of the turns are so by more than ALLOWED, perhaps worse if half are."""
        if self.low > 1 + ALLOWED:
            return "worse"
        if self.ratio > 1 + ALLOWED:
            return "perhaps worse"
        return "better" if self.high < 1 / (1 + ALLOWED) else ""


def compare_turns(baseline: Sequence[float], current: Sequence[float]) -> Comparison:
    """Compare costs, one a turn of each commit, in the order of turns. Raises ValueError if there are none.

    The two of a turn ran side by side in slices of time, or one after the other, so a drift of the host is the same in
    both, or nearly, and leaves their ratio.
    """
    ratios = sorted(ours / theirs for theirs, ours in zip(baseline, current, strict=True))
    if not ratios:
        raise ValueError("no turn to compare")
    low, middle, high = quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
    return Comparison(median(baseline), median(current), middle, low, high, ratios[0], ratios[-1])
