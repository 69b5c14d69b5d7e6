"""How often members of a household, or companies of a group, have one number or date: lent, or the wrong one's.

Told by pairs of companions that did not meet by their numbers and whose names conflict, judged by all other fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.alternatives import COMPANION_KINDS, LEAST_SHARE
from pipeline.matching.comparisons.comparison import Comparison
from pipeline.matching.training.columns import TrainingColumn
from pipeline.matching.training.expectation import (
    CompanionShares,
    Fit,
    RulePairs,
    Shares,
    level_counts,
    weigh_classes,
)
from pipeline.matching.training.pairs import BlockingRule

LENT = ("identifier", "birth_date")
"""Comparisons of which h is learnt. That of others stays at the reference: by them a household is known for one."""

MIN_COMPANIONS = 100.0
"""Expected pairs of companions with numbers of one kind from which h is learnt."""

H_WEIGHT = 100.0
"""Pairs' worth of the reference h in each estimate: a file of a few hundred pairs shows a lent number or none."""


def lendable(columns: Sequence[TrainingColumn]) -> list[int]:
    """The columns of which h is learnt, of a type that has a household or a group."""
    return [k for k, column in enumerate(columns) if column.comparison.name in LENT and column.companions]


def tells_lent(column: TrainingColumn, rule: BlockingRule) -> bool:
    """Whether companions that met by the rule tell how often they have one value of the column.

    Of dates only those who share a door or a phone: of people who met by their names, those of one date may be one.
    """
    fields = rule.fields | ({"birth_date"} if "name" in rule.fields else set())
    return column.comparison.name not in fields


def count_lent(
    pairs: RulePairs, fresh: NDArray[np.bool_], column: int, fit: Fit, u: Shares, h: CompanionShares
) -> NDArray[np.float64]:
    """The expected companions in each level of a column, among a rule's `fresh` pairs whose names conflict.

    The column itself says nothing of who they are.
    """
    blind = replace(
        pairs,
        from_strangers=[k for k in pairs.from_strangers if k != column],
        from_companions=[k for k in pairs.from_companions if k != column],
    )
    _, companion, _ = weigh_classes(blind, fit, u, h)
    return level_counts(pairs.levels[:, column], companion * (pairs.conflicting & fresh), len(u[column]))


def learn_companion_shares(
    comparison: Comparison, kind: str, counts: NDArray[np.float64] | None
) -> Mapping[str, tuple[float, ...]]:
    """For the kind of companions that data tell of, the share of their pairs in each level; empty where they do not."""
    if counts is None or counts.sum() < MIN_COMPANIONS:
        return {}
    at, total = COMPANION_KINDS.index(kind), float(counts.sum()) + H_WEIGHT
    pairs = zip(counts.tolist(), comparison.levels, strict=True)
    return {kind: tuple(max(LEAST_SHARE, (count + H_WEIGHT * level.h[at]) / total) for count, level in pairs)}
