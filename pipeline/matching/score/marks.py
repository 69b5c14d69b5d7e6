"""Marks: exact values that make two entities worth comparing, whatever their types."""

from __future__ import annotations

from itertools import combinations, product

from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import NamePrint, sound_keys

Cells = list[tuple[int, int]]

MAX_TOKENS = 4
"""Tokens of a name that make marks, the rarest first. A choice: marks of two tokens grow with their square."""
RARE = 1200
"""Hundredths of a bit; one name in 4,000 has such a token."""

ALL_PAIRS = 16
"""Up to so many pairs of one type, comparing all costs less than finding the pairs that share a mark."""


def all_marks(entity: EntityPrint) -> set[str]:
    """The marks of an entity: its selectors, and those of names, birth dates, makes and places."""
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
    """The sounds of each rare token, and of any two tokens together: one common given name is no mark."""
    tokens = sound_keys(name)[:MAX_TOKENS]
    alone = {sound for token in tokens if token.rarity >= RARE or len(tokens) == 1 for sound in token.sounds}
    pairs = combinations([token.sounds for token in tokens], 2)
    return alone | {"|".join(sorted((x, y))) for p, q in pairs for x in p for y in q}


def _cells(latitude: float, longitude: float) -> set[str]:
    """The cells of 0.2 degrees in which a place lies, one in each of two grids that are shifted by half a cell."""
    return {f"l{int((latitude + shift) // 0.2)}|{int((longitude + shift) // 0.2)}|{shift}" for shift in (0.0, 0.1)}


def same_type_cells(a: tuple[EntityPrint, ...], b: tuple[EntityPrint, ...]) -> Cells:
    """The pairs of one type to compare, as indices: all in small cases, those that share a mark in large ones."""
    cells = [(i, j) for i, j in product(range(len(a)), range(len(b))) if a[i].type == b[j].type]
    if len(cells) <= ALL_PAIRS:
        return cells
    marks_a, marks_b = [all_marks(entity) for entity in a], [all_marks(entity) for entity in b]
    return [(i, j) for i, j in cells if not marks_a[i].isdisjoint(marks_b[j])]


def cross_type_cells(a: tuple[EntityPrint, ...], b: tuple[EntityPrint, ...]) -> Cells:
    """The pairs of different types that share a selector, as indices. Most cases hold persons alone, and have none."""
    if len({entity.type for entity in (*a, *b)}) == 1:
        return []
    filled_a = [(i, entity.type, found) for i, entity in enumerate(a) if (found := entity.selectors)]
    if not filled_a:
        return []
    filled_b = [(j, entity.type, found) for j, entity in enumerate(b) if (found := entity.selectors)]
    return [(i, j) for i, kind, p in filled_a for j, other, q in filled_b if kind != other and not p.isdisjoint(q)]
