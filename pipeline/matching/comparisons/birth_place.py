"""Birth places, by their names; of several the best pair counts."""

from __future__ import annotations

from functools import lru_cache

from rapidfuzz import fuzz

from pipeline.locale import N_
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table
from pipeline.matching.comparisons.several import best_of_several
from pipeline.matching.fingerprint import EntityPrint

LEVELS = (
    Level("same", 0.60, 4.0e-3, 0.40),
    Level("near", 0.15, 3.0e-3, 0.10),
    Level("word_in_common", 0.10, 1.5e-2, 0.10),
    Level("different", 0.15, 0.98, 0.40),
)
SAME, NEAR, WORD, DIFFERENT = range(4)
SOURCE = (
    "m, u and h are judgement, not counts: places are spelt or rounded to a city otherwise in 4 of 10; strangers "
    "share one in 4 of 1,000, families in 4 of 10; a model's term frequencies replace u(same) for the place in "
    "hand"
)

NEAR_PLACE = 80
"""rapidfuzz ratio: one or two wrong letters in a place name."""


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Birth places: same (rarer ones say more), one or two letters off, a word in common, different.

    Of several places the best pair counts, less a fee for those that agree with none of the other side.
    """
    if not a.birth_place or not b.birth_place:
        return _compare_several(a, b, table) if a.birth_places or b.birth_places else None
    return _compare_places(a.birth_place, b.birth_place, table)


def _compare_places(p: str, q: str, table: Table, i: int = 0, j: int = 0) -> ComparisonResult:
    level = place_level(p, q)
    weight = table.adjust_weight(SAME, p) if level == SAME else table.weights[level]
    return table.result(level, weight, i, j)


def _compare_several(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    rows, columns = a.all_birth_places, b.all_birth_places
    if not rows or not columns:
        return None
    grid = [[_compare_places(p, q, table, i, j) for j, q in enumerate(columns)] for i, p in enumerate(rows)]
    return best_of_several(grid)


@lru_cache(maxsize=65536)
def place_level(p: str, q: str) -> int:
    """The level of two place names."""
    if p == q:
        return SAME
    if fuzz.ratio(p, q) >= NEAR_PLACE:
        return NEAR
    return WORD if set(p.replace(",", " ").split()) & set(q.replace(",", " ").split()) else DIFFERENT


BIRTH_PLACE = Comparison(
    "birth_place",
    "birth_place",
    N_("Place of birth"),
    N_("the place of birth"),
    LEVELS,
    SOURCE,
    compare,
    lambda entity, index: entity.all_birth_places[index],
    several="birth_places",
)
