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


NAMESAKES = 2 ** (-COMPANION_PRIORS["named_after"] / 100)
"""Pairs of which one is named after the other for each pair of one thing; records do not tell how many there are."""


class CompanionShares(NamedTuple):
    """For each column the shares of pairs of a household or a group, and of those who bear one name, held fixed."""

    shared: Shares
    named_after: Shares


@dataclass(frozen=True, slots=True)
class RulePairs:
    """The levels of a rule's pairs, and which columns tell true pairs from strangers, and which from companions.

    `conflicting`: the pairs whose names conflict, which count as of one thing by `most_in_conflict` at most.
    """

    levels: Levels
    from_strangers: list[int]
    from_companions: list[int]
    conflicting: NDArray[np.bool_]
    most_in_conflict: float = MOST_IN_CONFLICT


@dataclass(slots=True)
class Fit:
    """One rule's estimate: expected shares of true pairs and of companions, m per column with the pairs it rests on."""

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
    fit = Fit(0.1, 0.1, [share.copy() for share in m], [0.0] * len(m))
    columns = sorted({*pairs.from_strangers, *pairs.from_companions})
    for _ in range(MAX_ROUNDS):
        match, companion, likelihood = weigh_classes(pairs, fit, u, h)
        fit.log_likelihoods.append(likelihood)
        fit.share = float(np.clip(match.mean(), 1e-6, 1 - 2e-6))
        fit.companions = float(np.clip(companion.mean(), 1e-6, 1 - 1e-6 - fit.share))
        for column in columns:
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
    companion = same - likelihood_ratios(pairs.levels, fit.m, h.shared, pairs.from_companions) + np.log(fit.companions)
    if pairs.most_in_conflict < UNBOUNDED:
        named_after = same - likelihood_ratios(pairs.levels, fit.m, h.named_after, pairs.from_companions)
        companion = np.logaddexp(companion, named_after + np.log(fit.share * NAMESAKES))
    same += np.log(fit.share)
    total = np.logaddexp(np.logaddexp(same, companion), np.log(max(1 - fit.share - fit.companions, 1e-9)))
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
