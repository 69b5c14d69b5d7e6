"""The pair of names of two entities with the most bits, of which only those are aligned that may have more."""

from __future__ import annotations

from itertools import product

from pipeline.matching.names.comparison import NameComparison, compare
from pipeline.matching.names.name_sets import name_set
from pipeline.matching.names.pair_bounds import FEW, bound_pairs
from pipeline.matching.names.prints import NamePrint

Names = tuple[NamePrint, ...]


def best_pair(a: Names, b: Names) -> tuple[NameComparison, int, int]:
    """The names' comparison with the most bits, and the places of both; of equal ones the first. Each side has one."""
    return max(_compare_likely(a, b), key=lambda one: (one[0].bits, -one[1], -one[2]))


def _compare_likely(a: Names, b: Names) -> list[tuple[NameComparison, int, int]]:
    """The pairs that may have the most bits. Without words that agree, names have fewer than none."""
    if len(a) * len(b) <= FEW:
        return _compare_all(a, b)
    best, found = 0, []
    for bound in bound_pairs(name_set(a), name_set(b)):
        if bound.bits < best:
            break
        compared = compare(a[bound.a], b[bound.b], joined=bound.joined)
        best = max(best, compared.bits)
        found.append((compared, bound.a, bound.b))
    return found if best > 0 else _compare_all(a, b)


def _compare_all(a: Names, b: Names) -> list[tuple[NameComparison, int, int]]:
    return [(compare(x, y), i, j) for (i, x), (j, y) in product(enumerate(a), enumerate(b))]
