"""Expectation maximisation for m with u and h held fixed (Winkler 1988; Splink's scheme), over matrices of levels.

A matrix has one row a pair and one column a comparison; an entry is the level, -1 where nothing can be compared. There
are three classes of pairs: of one thing, of companions, of strangers. With two, relatives who share a door and a family
name pass for one person, whose names then seem to conflict often.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
        if len(fit.log_likelihoods) > 2 and _has_settled(fit.log_likelihoods):
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


def _has_settled(values: list[float]) -> bool:
    return abs(values[-1] - values[-2]) <= TOLERANCE * max(1.0, abs(values[-2]))


def level_counts(column: NDArray[np.int16], weights: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Weighted number of pairs in each level; absent ones are left out."""
    present = column >= 0
    return np.bincount(column[present], weights=weights[present], minlength=size).astype(np.float64)


def shrink_shares(counts: NDArray[np.float64], reference: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Shares of the counts with `weight` pairs spread as in the reference (a Dirichlet prior)."""
    found: NDArray[np.float64] = (counts + weight * reference) / (counts.sum() + weight)
    return found
