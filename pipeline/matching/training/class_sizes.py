"""How many pairs are of one thing, how many of companions, and how many of people who bear one name."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.model_file import COMPANION_PRIORS
from pipeline.matching.training.expectation import ClassSizes, CompanionShares, Levels, Shares, likelihood_ratios

SHARE_ROUNDS = 100
"""Rounds of EM at most. It ends when all numbers together move by less than a thousandth of the true pairs; if it does
not, those of the last round are taken."""

NAMESAKES = 2 ** (-COMPANION_PRIORS["named_after"] / 100)
"""Pairs of people who bear one name for each true pair, in the reference, and at most: where a list has few birth dates
and many common names, strangers of one name would pass for a father and a son."""

NAMESAKES_WEIGHT = 100.0
"""True pairs' worth of the reference share of namesakes in each estimate: three pairs, which a file of thousands
outweighs and one of a hundred does not."""


class MetPairs(NamedTuple):
    """All pairs that met by any rule, each once.

    `scales` is how many pairs of the file each stands for, `reached` how many pairs of companions if it is one of them
    (meeting.reach_companions).
    """

    levels: Levels
    scales: NDArray[np.float64]
    reached: NDArray[np.float64]


class ColumnKinds(NamedTuple):
    """Which columns tell true pairs from strangers, and which from companions; whether namesakes are counted."""

    from_strangers: list[int]
    from_companions: list[int]
    counts_namesakes: bool


def expect_pairs(
    met: MetPairs, kinds: ColumnKinds, m: Shares, u: Shares, h: CompanionShares, possible: int
) -> ClassSizes:
    """Expected true pairs that met, pairs of companions, and namesakes: EM over four classes, only shares free.

    Companions are at least those that met. What they stand for tells nothing where none met by a rule whose share of
    them is known: without the bound, strangers of one family or people, who meet by strong names, would have no class
    but that of one person.
    """
    rarer = _rarer_than_matches(met, kinds, m, u, h)
    pairs = float(met.scales.sum())
    sizes = ClassSizes(0.25 * pairs, 0.05 * pairs, 0.01 * pairs)
    for _ in range(SHARE_ROUNDS):
        match, companion, namesake = _weigh(rarer, sizes, possible)
        matches = max(float((met.scales * match).sum()), 1.0)
        reached, seen = (float((stand_for * companion).sum()) for stand_for in (met.reached, met.scales))
        companions = max(reached, seen, 1e-3)
        told = float((met.scales * namesake).sum()) + NAMESAKES_WEIGHT * NAMESAKES
        most = NAMESAKES * matches
        following = ClassSizes(matches, companions, min(told, most) if kinds.counts_namesakes else most)
        moved = sum(abs(new - old) for new, old in zip(following, sizes, strict=True))
        sizes = following
        if moved < 1e-3 * matches:
            break
    return sizes


def match_probability(
    met: MetPairs, kinds: ColumnKinds, m: Shares, u: Shares, h: CompanionShares, sizes: ClassSizes, possible: int
) -> NDArray[np.float64]:
    """How likely each pair is of one thing."""
    return _weigh(_rarer_than_matches(met, kinds, m, u, h), sizes, possible)[0]


_Ratios = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def _rarer_than_matches(met: MetPairs, kinds: ColumnKinds, m: Shares, u: Shares, h: CompanionShares) -> _Ratios:
    """How much likelier each pair's levels are among strangers, companions and namesakes than as one thing."""
    ratios = (
        likelihood_ratios(met.levels, m, u, kinds.from_strangers),
        likelihood_ratios(met.levels, m, h.shared, kinds.from_companions),
        likelihood_ratios(met.levels, m, h.named_after, kinds.from_companions),
    )
    stranger, companion, namesake = (np.exp(-np.clip(ratio, -300, 300)) for ratio in ratios)
    return stranger, companion, namesake


def _weigh(rarer: _Ratios, sizes: ClassSizes, possible: int) -> _Ratios:
    """How likely each pair is of one thing, of companions and of namesakes."""
    stranger, companion, namesake = rarer
    of_companions, of_namesakes = sizes.companions * companion, sizes.namesakes * namesake
    total = sizes.matches + of_companions + of_namesakes + max(possible - sum(sizes), 1.0) * stranger
    return sizes.matches / total, of_companions / total, of_namesakes / total
