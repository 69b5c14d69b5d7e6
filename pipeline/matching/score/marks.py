"""Marks: exact values that make two entities worth comparing, whatever their types."""

from __future__ import annotations

from itertools import combinations, product

from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import NamePrint, sound_keys

Cells = list[tuple[int, int]]

MAX_TOKENS = 4
RARE = 1200
"""Hundredths of a bit: a token that one of 4,000 bears."""

ALL_PAIRS = 16
"""Up to so many pairs of one type, comparing all costs less than finding those that share a mark."""


def all_marks(entity: EntityPrint) -> set[str]:
    """Selector marks, and those of names, birth dates, makes, places and times."""
    found = set(entity.selectors)
    found.update(f"n{mark}" for name in entity.names for mark in _name_marks(name))
    for date in entity.all_birth_dates:
        found.add(f"d{date.first.year}-{date.first.month}-{date.first.day}")
    if entity.make or entity.model:
        found.add(f"k{entity.make}|{entity.model}")
    if entity.place is not None:
        found.update(_cells(entity.place.latitude, entity.place.longitude))
    return found


def _name_marks(name: NamePrint) -> set[str]:
    """The sounds of rare tokens alone, and those of any two tokens together: a common given name makes no pair."""
    tokens = sound_keys(name)[:MAX_TOKENS]
    alone = {sound for token in tokens if token.rarity >= RARE or len(tokens) == 1 for sound in token.sounds}
    pairs = combinations([token.sounds for token in tokens], 2)
    return alone | {"|".join(sorted((x, y))) for p, q in pairs for x in p for y in q}


def _cells(latitude: float, longitude: float) -> set[str]:
    """The grid cells of 0.2 degrees that a place lies in or next to (two half-shifted grids)."""
    return {f"l{int((latitude + shift) // 0.2)}|{int((longitude + shift) // 0.2)}|{shift}" for shift in (0.0, 0.1)}


def same_type_cells(a: tuple[EntityPrint, ...], b: tuple[EntityPrint, ...]) -> Cells:
    """Pairs of one type to compare: all of them in small cases, those that share a mark in large ones."""
    cells = [(i, j) for i, j in product(range(len(a)), range(len(b))) if a[i].type == b[j].type]
    if len(cells) <= ALL_PAIRS:
        return cells
    marks_a, marks_b = [all_marks(entity) for entity in a], [all_marks(entity) for entity in b]
    return [(i, j) for i, j in cells if not marks_a[i].isdisjoint(marks_b[j])]


def cross_type_cells(a: tuple[EntityPrint, ...], b: tuple[EntityPrint, ...]) -> Cells:
    """Pairs of different types that share a selector. Most pairs of cases are of persons only: they have none."""
    if len({entity.type for entity in (*a, *b)}) == 1:
        return []
    filled_a = [(i, entity.type, found) for i, entity in enumerate(a) if (found := entity.selectors)]
    if not filled_a:
        return []
    filled_b = [(j, entity.type, found) for j, entity in enumerate(b) if (found := entity.selectors)]
    return [(i, j) for i, kind, p in filled_a for j, other, q in filled_b if kind != other and not p.isdisjoint(q)]
