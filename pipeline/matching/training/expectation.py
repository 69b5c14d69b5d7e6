"""Expectation maximisation for m with u held fixed (Winkler 1988; Splink's scheme), over matrices of levels.

A matrix has one row a pair and one column a comparison; an entry is the level, -1 where nothing can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.int16]
Shares = list[NDArray[np.float64]]
"""For each column, the share of pairs in each level."""

TOLERANCE = 1e-7
"""Relative gain of the log-likelihood below which a run has converged."""

MAX_ROUNDS = 200
SMALLEST = 1e-12


@dataclass(slots=True)
class Fit:
    """One rule's estimate: expected number of true pairs, m per column with the true pairs it rests on, convergence."""

    share: float
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


def estimate_shares(levels: Levels, m: Shares, u: Shares, columns: list[int], counted: list[int], weight: float) -> Fit:
    """EM over one rule's pairs: m of `columns` starting from, and shrunk towards, the given m by `weight` pairs.

    The columns `counted` have their m counted from the result but take no part in it.
    """
    fit = Fit(0.1, [share.copy() for share in m], [0.0] * len(m))
    for _ in range(MAX_ROUNDS):
        odds = likelihood_ratios(levels, fit.m, u, columns) + np.log(fit.share / (1 - fit.share))
        match = 1 / (1 + np.exp(-np.clip(odds, -700, 700)))
        fit.log_likelihoods.append(_log_likelihood(levels, fit, u, columns))
        fit.share = float(np.clip(match.mean(), 1e-6, 1 - 1e-6))
        for column in columns:
            counts = level_counts(levels[:, column], match, len(m[column]))
            fit.support[column] = float(counts.sum())
            fit.m[column] = shrink_shares(counts, m[column], weight)
        if len(fit.log_likelihoods) > 2 and _has_settled(fit.log_likelihoods):
            break
    for column in counted:
        counts = level_counts(levels[:, column], match, len(m[column]))
        fit.support[column], fit.m[column] = float(counts.sum()), shrink_shares(counts, m[column], weight)
    return fit


def _has_settled(values: list[float]) -> bool:
    return abs(values[-1] - values[-2]) <= TOLERANCE * max(1.0, abs(values[-2]))


def _log_likelihood(levels: Levels, fit: Fit, u: Shares, columns: list[int]) -> float:
    """Up to a constant (the likelihood of all pairs under u): sum of log(1 + share * (m/u - 1))."""
    ratio = likelihood_ratios(levels, fit.m, u, columns)
    return float(np.logaddexp(np.log(fit.share) + ratio, np.log(1 - fit.share)).sum())


def level_counts(column: NDArray[np.int16], weights: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Weighted number of pairs in each level; absent ones are left out."""
    present = column >= 0
    return np.bincount(column[present], weights=weights[present], minlength=size).astype(np.float64)


def shrink_shares(counts: NDArray[np.float64], reference: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Shares of the counts with `weight` pairs spread as in the reference (a Dirichlet prior)."""
    found: NDArray[np.float64] = (counts + weight * reference) / (counts.sum() + weight)
    return found
