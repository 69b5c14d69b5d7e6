"""The reference model: every level of every comparison at the probabilities that stand beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

from pipeline.matching.alternatives import COMPANION_KINDS
from pipeline.matching.comparisons.catalogue import CATALOGUE
from pipeline.matching.comparisons.comparison import Comparison, log2_cb
from pipeline.matching.model_file import ModelFile, WeightedComparison, WeightedLevel
from pipeline.matching.monotone import project_companions
from pipeline.records.entity_types import ENTITY_TYPES

SHIPPED = "2026.11-2"
"""Version of the model that ships; named anew with each change of a reference probability."""


def reference_model(version: str = "reference") -> ModelFile:
    """The model before any training: every level has its reference probabilities (comparisons/)."""
    return ModelFile(version, {comparison.name: reference_comparison(comparison) for comparison in CATALOGUE})


def reference_comparison(comparison: Comparison) -> WeightedComparison:
    """A comparison's weights by the reference probabilities of its levels."""
    levels = comparison.levels
    m = [level.m for level in levels]
    companions = weigh_companions(comparison, [level.weight for level in levels], m, m)
    return WeightedComparison(
        tuple(WeightedLevel(level.name, level.weight, found) for level, found in zip(levels, companions, strict=True))
    )


def weigh_companions(
    comparison: Comparison,
    bits: Sequence[int],
    m: Sequence[float],
    weights: Sequence[float],
    learnt: Mapping[str, Sequence[float]] = MappingProxyType({}),
) -> list[dict[str, int]]:
    """Each level's weights against companions: for each kind that the compared entities can have, log2(m/h).

    `bits` are the levels' weights against strangers, `m` their shares of true pairs, and `weights` the numbers of pairs
    behind these shares. h is taken from `learnt` where it has the kind, else from the reference. The weights are
    projected so that they fall as `bits` do (monotone.project_companions). Returns hundredths of a bit by kind.
    """
    found: list[dict[str, int]] = [{} for _ in bits]
    for at, kind in enumerate(COMPANION_KINDS):
        if kind in kinds_of(comparison):
            h = learnt.get(kind) or [level.h[at] for level in comparison.levels]
            raw = [log2_cb(share, other) for share, other in zip(m, h, strict=True)]
            for level, value in zip(found, project_companions(raw, bits, weights), strict=True):
                level[kind] = value
    return found


@cache
def kinds_of(comparison: Comparison) -> frozenset[str]:
    """The kinds of companions that entities compared by this comparison can have."""
    return frozenset(kind for row in ENTITY_TYPES if comparison.name in row.comparisons for kind in row.companions)
