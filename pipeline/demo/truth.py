"""What is true of the demo's cases, and how well links found agree with it and how soon cases are searchable."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations

import msgspec

TruePair = tuple[str, str]
"""Two case keys in ascending order."""


class TrueCase(msgspec.Struct, frozen=True):
    """A case as it stands in the end, and the labels of the real people and things in it."""

    case: str
    country: str
    shows: frozenset[str]


class Agreement(msgspec.Struct, frozen=True):
    """Pairwise agreement of the links found with the true pairs."""

    true: int
    found: int
    both: int

    @property
    def precision(self) -> float:
        """Share of the links found that are true; 1 where none was found."""
        return self.both / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the true pairs that were found; 1 where there is none."""
        return self.both / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.both / (self.true + self.found) if self.true + self.found else 1.0


def true_pairs(cases: Iterable[TrueCase]) -> set[TruePair]:
    """Every pair of cases of two countries that show the same real person or thing."""
    holders: defaultdict[str, list[TrueCase]] = defaultdict(list)
    for case in cases:
        for real in case.shows:
            holders[real].append(case)
    return {
        ordered_pair(first.case, second.case)
        for group in holders.values()
        for first, second in combinations(group, 2)
        if first.country != second.country
    }


def ordered_pair(first: str, second: str) -> TruePair:
    """The pair in ascending order."""
    return (first, second) if first < second else (second, first)


def count_agreement(true: set[TruePair], found: set[TruePair]) -> Agreement:
    """Count what both hold."""
    return Agreement(len(true), len(found), len(true & found))


class Latency(msgspec.Struct, frozen=True):
    """Seconds from sending to searchable: median, 95th percentile, and how many cases were measured."""

    p50: float
    p95: float
    cases: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Latency:
        """From what was measured; by nearest rank."""
        ordered = sorted(seconds)
        return cls(_rank(ordered, 0.50), _rank(ordered, 0.95), len(ordered))


def _rank(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
