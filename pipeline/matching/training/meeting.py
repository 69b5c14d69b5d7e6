"""How many pairs that never met there are: of companions, and of one thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.training.columns import TrainingColumn
from pipeline.matching.training.companions import HOUSEHOLD
from pipeline.matching.training.expectation import Levels

if TYPE_CHECKING:
    from pipeline.matching.training.learning import PairSample

MEETING = {
    "birth date": ("birth_date", ("same", "same_first_january")),
    "postcode": ("address", ("same_door", "same_street", "same_unit_postcode", "same_postcode")),
    "phone": ("phone", ("same", "same_national", "same_tail")),
}
"""For rules by which all pairs meet that have certain levels of a comparison: which."""


def reach_companions(
    samples: Sequence[PairSample],
    strangers: Levels,
    columns: Sequence[TrainingColumn],
    scales: NDArray[np.float64],
) -> NDArray[np.float64]:
    """How many pairs of companions each pair that met stands for; `scales` where nothing tells.

    The pairs of a household that meet by a rule are a known share of all: those of the reference h that have the levels
    by which it lets meet, where both records have the field. Of brothers without a door or a phone one pair in a
    hundred meets, by a date that is held for the other's, and stands for all.
    """
    rows = np.unique(np.concatenate([sample.rows for sample in samples]))
    weights, reach = np.zeros(len(rows)), 0.0
    for sample in samples:
        name, levels = MEETING.get(sample.rule.name, ("", ()))
        for k, column in enumerate(columns):
            if column.comparison.name == name and column.companions == HOUSEHOLD:
                held = float((strangers[:, k] >= 0).mean())
                reach += held * sum(float(column.h[at]) for at, level in enumerate(column.names) if level in levels)
                weights[np.searchsorted(rows, sample.rows)] += sample.scale
    return weights / reach if reach > 0 else scales


def share_met(samples: Sequence[PairSample], rows: NDArray[np.intp], match: NDArray[np.float64]) -> float:
    """The share of true pairs that met by any rule, if rules are independent of each other (Petersen 1896).

    `rows` are those of all pairs that met, ascending, `match` how likely each is true. A rule lets meet as many of all
    true pairs as of those that met by others. Of a rule that drew fewer pairs a pair that it shares stands for more
    (pairs.blocked_pairs).
    """
    missed = 1.0
    for sample in samples:
        others = np.full(len(rows), np.inf)
        for other in samples:
            if other is not sample:
                at = np.searchsorted(rows, other.rows)
                others[at] = np.minimum(others[at], other.scale)
        by_others, by_both = np.isfinite(others), np.zeros(len(rows), np.bool_)
        by_both[np.searchsorted(rows, sample.rows)] = True
        by_both &= by_others
        all_of_others = float((match * np.where(by_others, others, 0.0))[by_others].sum())
        if all_of_others > 0:
            shared = float((match[by_both] * np.maximum(others[by_both], sample.scale)).sum())
            missed *= 1 - min(shared / all_of_others, 1.0)
    return 1 - missed if missed < 1 else 1.0
