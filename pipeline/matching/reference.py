"""The reference model: every level of every comparison at the probabilities that stand beside it.

Weights against companions are made monotone, here and in training: the nearest monotone sequence, by pooling adjacent
violators (Barlow et al. 1972).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

import msgspec

from pipeline.matching.alternatives import COMPANION_KINDS
from pipeline.matching.comparisons.catalogue import CATALOGUE
from pipeline.matching.comparisons.comparison import Comparison, log2_cb
from pipeline.matching.model_file import FORMAT, ModelFile, Prior, WeightedComparison, WeightedLevel
from pipeline.records.entity_types import ENTITY_TYPES

SHIPPED = "2026.11-2"
"""The name of the model that ships; another one with each change of its weights (docs/how-to/change-a-weight.md)."""

SHIPPED_NAME = re.compile(r"[0-9]{4}\.[0-9]{2}-[0-9]+")
"""What every version calls its own."""


def reference_model(version: str = "reference") -> ModelFile:
    """The model before any training: every level has its reference probabilities (comparisons/)."""
    return ModelFile(version, {comparison.name: reference_comparison(comparison) for comparison in CATALOGUE})


def renew_shipped(file: ModelFile) -> ModelFile:
    """The model that ships, with what an operator set in `file`, if that shipped with another version; else `file`."""
    if file.version == SHIPPED or not SHIPPED_NAME.fullmatch(file.version) or _is_learnt(file):
        return file
    own = reference_model(SHIPPED)
    return msgspec.structs.replace(
        file, version=own.version, comparisons=own.comparisons, prior=own.prior, format=FORMAT
    )


def _is_learnt(file: ModelFile) -> bool:
    """Whether training gave it anything."""
    weights = file.comparisons.values()
    sources = {file.prior.source, *(level.source for one in weights for level in one.levels)}
    learnt = any(one.terms or one.curve for one in weights)
    return bool(learnt or file.own or file.calibrations or file.training or sources != {Prior().source})


def reference_comparison(comparison: Comparison) -> WeightedComparison:
    """A comparison's weights by the reference probabilities of its levels."""
    levels = tuple(comparison.levels)
    m = [level.m for level in levels]
    companions = weigh_companions(comparison, [level.weight for level in levels], m, m)
    return WeightedComparison(
        tuple(WeightedLevel(level.key, level.weight, found) for level, found in zip(levels, companions, strict=True))
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
    projected so that they fall as `bits` do (project_companions). Returns hundredths of a bit by kind.
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
    return frozenset(kind for row in ENTITY_TYPES if row.name in comparison.types for kind in row.companions)


def falling(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The weighted least-squares projection of `values` onto sequences that never rise."""
    blocks: list[list[float]] = []
    for value, weight in zip(values, weights, strict=True):
        blocks.append([value, max(weight, 1e-9), 1])
        while len(blocks) > 1 and blocks[-2][0] < blocks[-1][0]:
            last, before = blocks.pop(), blocks.pop()
            mass = before[1] + last[1]
            blocks.append([(before[0] * before[1] + last[0] * last[1]) / mass, mass, before[2] + last[2]])
    return [value for value, _, count in blocks for _ in range(int(count))]


def rising(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The weighted least-squares projection of `values` onto sequences that never fall."""
    return falling(values[::-1], weights[::-1])[::-1]


def project_companions(companions: Sequence[float], bits: Sequence[int], weights: Sequence[float]) -> list[int]:
    """The weights of levels against companions, changed as little as needed so that more agreement never weighs less.

    `bits` are the levels' weights against strangers, which fall; `weights` are the numbers of pairs behind the levels.
    Agreements (more than 0 bits) and contradictions are each replaced by the nearest falling sequence, and an agreement
    is at least 0, a contradiction at most 0.
    """
    agreeing = sum(weight > 0 for weight in bits)
    found = [max(0, round(value)) for value in falling(companions[:agreeing], weights[:agreeing])]
    return found + [min(0, round(value)) for value in falling(companions[agreeing:], weights[agreeing:])]
