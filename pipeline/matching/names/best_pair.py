"""Finds the pair of names of two entities with the most bits; pairs that cannot have more are not aligned."""

from __future__ import annotations

from itertools import product

from pipeline.matching.names.comparison import NameComparison
from pipeline.matching.names.name_pairs import MetNames, Names, pairs_of


def best_pair(a: Names, b: Names) -> tuple[NameComparison, int, int]:
    """The comparison with the most bits, and the indices of its names; of equals the first. Each side has a name."""
    return max(_compare_likely(pairs_of(a, b)), key=lambda one: (one[0].bits, -one[1], -one[2]))


def _compare_likely(pairs: MetNames) -> list[tuple[NameComparison, int, int]]:
    """The pairs that may have the most bits. Pairs without a word that agrees have negative bits."""
    if pairs.few:
        return _compare_all(pairs)
    best, found = 0, []
    for bound in pairs.bounds:
        if bound.bits < best:
            break
        compared = pairs.compare(bound.a, bound.b, joined=bound.joined)
        best = max(best, compared.bits)
        found.append((compared, bound.a, bound.b))
    return found if best > 0 else _compare_all(pairs)


def _compare_all(pairs: MetNames) -> list[tuple[NameComparison, int, int]]:
    places = product(range(len(pairs.a)), range(len(pairs.b)))
    return [(pairs.compare(i, j), i, j) for i, j in places]
