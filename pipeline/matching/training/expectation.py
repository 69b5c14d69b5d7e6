"""Expectation maximisation for m with u and h held fixed (Winkler 1988; Splink's scheme), over matrices of levels.

A matrix has one row a pair and one column a comparison; an entry is the level, -1 where nothing can be compared. There
are three classes of pairs: of one thing, of companions, of strangers. With two, relatives who share a door and a family
name pass for one person, whose names then seem to conflict often.

`expect_pairs` tells how many pairs are of one thing, how many of companions, and how many of people who bear one name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.model_file import COMPANION_PRIORS

Levels = NDArray[np.int16]
Shares = list[NDArray[np.float64]]
"""For each column, the share of pairs in each level."""

TOLERANCE = 1e-7
"""Relative gain of the log-likelihood below which a run has converged."""

MAX_ROUNDS = 200
"""Rounds of EM at most; `batch train` says of a rule that did not converge within them."""

SMALLEST = 1e-12
"""The least share of a level in a likelihood ratio, so that a level which no pair has keeps the logarithm finite."""

MOST_IN_CONFLICT = 0.005
"""The most that a pair whose names conflict counts as of one thing, however much else agrees: what relatives share says
nothing of how often one person's given names conflict. A bound on weights would come too late, since such pairs would
have raised the m of every other field."""

UNBOUNDED = 1.0
"""The same where there are no relatives."""


class CompanionShares(NamedTuple):
    """For each column the shares of pairs of a household or a group, and of those who bear one name."""

    shared: Shares
    named_after: Shares


class ClassSizes(NamedTuple):
    """How many pairs are of one thing, of a household or a group, and of those who bear one name."""

    matches: float
    companions: float
    namesakes: float


@dataclass(frozen=True, slots=True)
class RulePairs:
    """The levels of a rule's pairs, and which columns tell true pairs from strangers, and which from companions.

    `learnable` are the columns of which m is learnt; the others tell classes apart by the m that is known of them.
    Where a rule leaves one field, and only that told, any share of true pairs would fit with some m of it.
    `shares` are those of the classes among all pairs in question: what a pair's levels say of its class does not depend
    on how it was met.
    `conflicting`: the pairs whose names conflict, which count as of one thing by `most_in_conflict` at most.
    """

    levels: Levels
    from_strangers: list[int]
    from_companions: list[int]
    learnable: list[int]
    shares: ClassSizes
    conflicting: NDArray[np.bool_]
    most_in_conflict: float = MOST_IN_CONFLICT


@dataclass(slots=True)
class Fit:
    """One rule's estimate: the shares of true pairs and of companions among its own, m per column with its support."""

    share: float
    companions: float
    m: Shares
    support: list[float]
    log_likelihoods: list[float] = field(default_factory=list)

    @property
    def converged(self) -> bool:
        """Whether it ended before the limit of rounds."""
        return len(self.log_likelihoods) < MAX_ROUNDS


def likelihood_ratios(levels: Levels, m: Shares, u: Shares, columns: list[int]) -> NDArray[np.float64]:
    """Natural-log likelihood ratio of each pair over the given columns."""
    total = np.zeros(len(levels))
    for column in columns:
        log_ratio = np.append(np.log(np.maximum(m[column], SMALLEST) / np.maximum(u[column], SMALLEST)), 0.0)
        total += log_ratio[levels[:, column]]
    return total


def estimate_shares(pairs: RulePairs, m: Shares, u: Shares, h: CompanionShares, weight: float) -> Fit:
    """EM over one rule's pairs: m of its columns starting from, and shrunk towards, the given m by `weight` pairs."""
    fit = Fit(0.0, 0.0, [share.copy() for share in m], [0.0] * len(m))
    for _ in range(MAX_ROUNDS):
        match, companion, likelihood = weigh_classes(pairs, fit, u, h)
        fit.log_likelihoods.append(likelihood)
        fit.share, fit.companions = float(match.mean()), float(companion.mean())
        for column in pairs.learnable:
            counts = level_counts(pairs.levels[:, column], match, len(m[column]))
            fit.support[column], fit.m[column] = float(counts.sum()), shrink_shares(counts, m[column], weight)
        if len(fit.log_likelihoods) > 2:
            before, last = fit.log_likelihoods[-2:]
            if abs(last - before) <= TOLERANCE * max(1.0, abs(before)):
                break
    return fit


def weigh_classes(
    pairs: RulePairs, fit: Fit, u: Shares, h: CompanionShares
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """How likely each pair is of one thing, and of companions; and the log-likelihood of all, up to a constant."""
    same = likelihood_ratios(pairs.levels, fit.m, u, pairs.from_strangers)
    shared = same - likelihood_ratios(pairs.levels, fit.m, h.shared, pairs.from_companions)
    named_after = same - likelihood_ratios(pairs.levels, fit.m, h.named_after, pairs.from_companions)
    sizes = pairs.shares
    companion = np.logaddexp(shared + np.log(sizes.companions), named_after + np.log(sizes.namesakes))
    same += np.log(sizes.matches)
    total = np.logaddexp(np.logaddexp(same, companion), np.log(1 - sum(sizes)))
    match: NDArray[np.float64] = np.exp(same - total)
    match[pairs.conflicting] = np.minimum(match[pairs.conflicting], pairs.most_in_conflict)
    return match, np.exp(companion - total), float(total.sum())


def level_counts(column: NDArray[np.int16], weights: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Weighted number of pairs in each level; absent ones are left out."""
    present = column >= 0
    return np.bincount(column[present], weights=weights[present], minlength=size).astype(np.float64)


def shrink_shares(counts: NDArray[np.float64], reference: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Shares of the counts with `weight` pairs spread as in the reference (a Dirichlet prior)."""
    found: NDArray[np.float64] = (counts + weight * reference) / (counts.sum() + weight)
    return found


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
    (relatives.reach_companions).
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
