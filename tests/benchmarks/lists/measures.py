"""Precision, recall, F1, best F1, recall at precision .99 and how right each band is, with bootstrap intervals.

The counts are those of the scorer of `../shared`: links of one score come in together, F1 as emitted is over the links
that the tool itself would draw. The bootstrap draws entries of the first list, with all links and true pairs of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BANDS = ("certain", "probable", "possible")
STRICT = 0.99
DRAWS = 1000
LEVEL = (2.5, 97.5)
"""Percentiles of a 95% interval."""

BATCH = 100
"""Draws that are counted together, which bounds memory."""

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class JudgedLink:
    """A scored pair: both entries, whether the tool would draw the link, and whether it is true."""

    entry: str
    other: str
    score: float
    is_emitted: bool
    band: str | None
    is_true: bool


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95% interval; not a number where there is nothing to count."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return "" if np.isnan(self.value) else f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f})"


NOTHING = Estimate(float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True)
class AccuracyFigures:
    """What the table shows of one tool."""

    pairs: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    best_f1: Estimate
    best_score: float
    strict_recall: Estimate
    """Recall at precision .99."""

    bands: dict[str, tuple[Estimate, int, int]]
    """Precision over the draws that have links of the band, right links, links."""


def measure(links: Sequence[JudgedLink], true_pairs: Mapping[str, int], seed: int = 1) -> AccuracyFigures:
    """The figures of the links, where `true_pairs` counts the true pairs of each entry of the first list."""
    ranked = sorted(links, key=lambda link: -link.score)
    entries = sorted({*true_pairs, *(link.entry for link in ranked)})
    place = {entry: at for at, entry in enumerate(entries)}
    rows = np.array([place[link.entry] for link in ranked], dtype=np.int64)
    right = np.array([link.is_true for link in ranked], dtype=bool)
    totals = np.array([true_pairs.get(entry, 0) for entry in entries], dtype=np.float64)
    draws = draw_weights(len(entries), seed)
    thresholds = _Thresholds(rows, right, np.array([link.score for link in ranked]), totals)
    emitted = np.array([link.is_emitted for link in ranked], dtype=bool)
    every, true = _count(draws, rows, right, emitted)
    total = draws @ totals
    best, at, strict = thresholds.over(draws)
    bands = {}
    for band in BANDS:
        within = emitted & np.array([link.band == band for link in ranked], dtype=bool)
        bands[band] = _measure_band(*_count(draws, rows, right, within))
    return AccuracyFigures(
        pairs=int(totals.sum()),
        precision=_estimate(_share(true, every)),
        recall=_estimate(_share(true, total)),
        f1=_estimate(_share(2 * true, every + total)),
        best_f1=_estimate(best),
        best_score=at,
        strict_recall=_estimate(strict),
        bands=bands,
    )


def _measure_band(every: Counts, true: Counts) -> tuple[Estimate, int, int]:
    """A band's precision, over the draws in which it has links, with its right links and links."""
    drawn = every > 0
    precision = _estimate(true[drawn] / every[drawn]) if drawn[0] else NOTHING
    return precision, int(true[0]), int(every[0])


def draw_weights(entries: int, seed: int) -> Counts:
    """How often each draw has each entry: `(1 + DRAWS, entries)`, the first row being the data themselves."""
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(entries, np.full(entries, 1 / max(entries, 1)), size=DRAWS)
    return np.vstack([np.ones(entries), drawn]).astype(np.float64)


def _count(
    draws: Counts, rows: NDArray[np.int64], right: NDArray[np.bool_], some: NDArray[np.bool_]
) -> tuple[Counts, Counts]:
    """Links of each draw among some, and the true ones."""
    entries = draws.shape[1]
    every = np.bincount(rows[some], minlength=entries).astype(np.float64)
    true = np.bincount(rows[some & right], minlength=entries).astype(np.float64)
    return draws @ every, draws @ true


@dataclass(frozen=True)
class _Thresholds:
    """Links in falling order of score, and what each threshold would give."""

    rows: NDArray[np.int64]
    right: NDArray[np.bool_]
    scores: Counts
    totals: Counts

    def over(self, draws: Counts) -> tuple[Counts, float, Counts]:
        """`(best F1 of each draw, its score in the data, recall at precision .99 of each draw)`."""
        if not len(self.rows):
            return np.zeros(len(draws)), float("nan"), np.zeros(len(draws))
        ends = np.append(np.flatnonzero(np.diff(self.scores)), len(self.scores) - 1)
        best, strict, at = [], [], 0
        for start in range(0, len(draws), BATCH):
            weights = draws[start : start + BATCH]
            drawn = weights[:, self.rows]
            every = np.cumsum(drawn, axis=1)[:, ends]
            true = np.cumsum(drawn * self.right, axis=1)[:, ends]
            total = (weights @ self.totals)[:, None]
            f1 = _share(2 * true, every + total)
            at = int(np.argmax(f1[0])) if start == 0 else at
            best.append(f1.max(axis=1))
            strict.append(np.where(true >= STRICT * every - 1e-9, _share(true, total), 0).max(axis=1))
        return np.concatenate(best), float(self.scores[ends[at]]), np.concatenate(strict)


def _share(part: Counts, whole: Counts) -> Counts:
    """Quotients; 0 where the whole is 0."""
    return np.divide(part, whole, out=np.zeros(np.broadcast_shapes(part.shape, whole.shape)), where=whole > 0)


def _estimate(values: Counts) -> Estimate:
    low, high = np.percentile(values[1:], LEVEL)
    return Estimate(float(values[0]), float(low), float(high))
