"""Birth places, by their names; of several the best pair counts."""

from __future__ import annotations

from functools import lru_cache

from pipeline.locale import N_
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table
from pipeline.matching.comparisons.place_names import PlaceName, are_equal_words, are_near, read_place
from pipeline.matching.comparisons.several import best_of_several
from pipeline.matching.fingerprint import EntityPrint

LEVELS = (
    Level("same", 0.60, 4.0e-3, 0.60, 0.30, 0.60),
    Level("near", 0.15, 3.0e-3, 0.15, 0.08, 0.15),
    Level("word_in_common", 0.10, 1.5e-2, 0.10, 0.10, 0.10),
    Level("different", 0.15, 0.98, 0.15, 0.52, 0.15),
)
SAME, NEAR, WORD, DIFFERENT = range(4)
SOURCE = (
    "m, u and h are judgement, not counts: places are spelt or rounded to a city otherwise in 4 of 10; strangers "
    "share one in 4 of 1,000, families in 4 of 10; a model's term frequencies replace u(same) for the place in "
    "hand"
)


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Birth places: same (rarer ones say more), one or two letters off, a word in common, different.

    Words for kinds of places (village, district, province) say nothing, and a country little: "kirkuk" is the same as
    "kirkuk, iraq", "kandahar" has a word in common with "panjwai district, kandahar province".
    Of several places the best pair counts, less a fee for those that agree with none of the other side.
    """
    if not a.birth_place or not b.birth_place:
        return _compare_several(a, b, table) if a.birth_places or b.birth_places else None
    return _compare_places(a.birth_place, b.birth_place, table)


def _compare_places(p: str, q: str, table: Table, i: int = 0, j: int = 0) -> ComparisonResult | None:
    level = place_level(p, q)
    if level is None:
        return None
    weight = table.weights[level]
    if level == SAME:
        weight = min(table.adjust_weight(SAME, p), table.adjust_weight(SAME, q))
    return table.result(level, weight, i, j)


def _compare_several(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    rows, columns = a.all_birth_places, b.all_birth_places
    if not rows or not columns:
        return None
    nothing = ComparisonResult((0,) * len(table.bits[SAME]), DIFFERENT)
    grid = [[_compare_places(p, q, table, i, j) or nothing for j, q in enumerate(columns)] for i, p in enumerate(rows)]
    found = best_of_several(grid)
    return found if any(found.bits) else None


@lru_cache(maxsize=65536)
def place_level(p: str, q: str) -> int | None:
    """The level of two place names; None where one is but the country of the other.

    "kirkuk" and "kirkuk, iraq" are the same: the most specific part decides, unless what lies behind it differs.
    """
    one, other = read_place(p), read_place(q)
    if p == q:
        return WORD if one.bare else SAME
    shared = not one.all.known.isdisjoint(other.all.known)
    if one.is_compatible(other):
        if shared and _is_same(one, other):
            return WORD if one.bare and other.bare else SAME
        if _is_near(one, other):
            return NEAR
        if not shared and (one.bare or other.bare):
            return None if one.country and other.country else DIFFERENT
    return WORD if shared else DIFFERENT


def _is_same(one: PlaceName, other: PlaceName) -> bool:
    if are_equal_words(one.first, other.first):
        behind, other_behind = one.behind.known, other.behind.known
        return not behind or not other_behind or not behind.isdisjoint(other_behind)
    return are_equal_words(one.all, other.all)


def _is_near(one: PlaceName, other: PlaceName) -> bool:
    """The first part or all a letter or two apart; equal first parts are in two places (Paris in Texas and Ontario)."""
    if not one.parts or not other.parts:
        return False
    several = one.behind.words or other.behind.words
    near = are_near(one.first, other.first) or (several and are_near(one.all, other.all))
    return bool(near) and not are_equal_words(one.first, other.first)


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
