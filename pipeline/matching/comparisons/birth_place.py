"""Birth places, by their names; of several the best pair counts."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pipeline.locale import N_
from pipeline.matching.comparisons.bounds import NONE, States, bound_by_levels
from pipeline.matching.comparisons.hashes import hash_text, letter_set
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table
from pipeline.matching.comparisons.place_names import (
    NEAR_PLACE,
    PlaceName,
    PlaceWords,
    are_equal_words,
    are_near,
    read_place,
)
from pipeline.matching.comparisons.several import best_of_several
from pipeline.matching.comparisons.types import PERSON
from pipeline.matching.fingerprint import EntityPrint

if TYPE_CHECKING:
    from pipeline.matching.encoded import Flags, Rows, WordArray

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


WORD_BITS = 32
"""A place's words have a bit each of so many."""

LETTERS = 26
"""First bit of how many letters a part has, behind those that it has."""
MOST_LETTERS = 31
"""The most letters of a part for which a row has room: five bits. A place with more is OPEN_PLACE."""

BARE = 31
"""Bit of the first part that says that it is a country, which leaves open whether two places are compared."""

OPEN_PLACE = ((1 << WORD_BITS) - 1, 0, 0)
"""A row that has no room for its places: they may be any."""


def encode(entity: EntityPrint) -> tuple[int, int, int]:
    """The place's words as bits, then the letters of its first part, and of all of them; 0 where there is none."""
    if entity.birth_places:
        return OPEN_PLACE
    return _encode_place(entity.birth_place) if entity.birth_place else (0, 0, 0)


@lru_cache(maxsize=1 << 16)
def _encode_place(text: str) -> tuple[int, int, int]:
    place = read_place(text)
    words = sum({1 << hash_text(word, WORD_BITS) for word in place.all.known})
    if not words or len(place.all.written) > MOST_LETTERS:
        return OPEN_PLACE
    return words, _encode_part(place.first) | place.bare << BARE, _encode_part(place.all)


def _encode_part(part: PlaceWords) -> int:
    return letter_set(part.written) | len(part.written) << LETTERS


def birth_place_state(a: Rows, b: Rows) -> States:
    """The strongest level: SAME where a word may be in common, NEAR where letters leave it open; UNKNOWN."""
    (words, first, all_of), (others, other_first, other_all) = a.words("birth_place"), b.words("birth_place")
    near = _may_be_near(first, other_first) | _may_be_near(all_of, other_all)
    bare = (first | other_first) & np.uint32(1 << BARE) != 0
    state = np.where(near, NEAR, np.where(bare, UNKNOWN, DIFFERENT))
    state = np.where(words & others != 0, SAME, state)
    found: States = np.where((words == 0) | (others == 0), UNKNOWN, state)
    return found


def _may_be_near(one: WordArray, other: WordArray) -> Flags:
    """By rapidfuzz ratio: each letter that only one has is an insertion or deletion, of so many in all letters."""
    most = np.uint32(MOST_LETTERS)
    letters = (one >> np.uint32(LETTERS) & most) + (other >> np.uint32(LETTERS) & most)
    apart = np.bitwise_count((one ^ other) & np.uint32((1 << LETTERS) - 1)).astype(np.uint32)
    near: Flags = 100 * apart <= (100 - NEAR_PLACE) * letters
    return near


UNKNOWN = 4
"""The state of rows of which one has no place, beside the levels."""

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
    bound=bound_by_levels(birth_place_state, (SAME, NEAR, WORD, DIFFERENT, NONE), "birth_place"),
    bounded=PERSON,
)
