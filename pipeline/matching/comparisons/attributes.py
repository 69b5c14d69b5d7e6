"""What persons share with many: gender, nationality, birth place. Small plus or minus."""

from __future__ import annotations

from functools import lru_cache
from itertools import product

from rapidfuzz import fuzz

from pipeline.matching.comparisons.dates import PERSON
from pipeline.matching.comparisons.levels import Comparison, Found, Level, Table, stronger
from pipeline.matching.fingerprint import EntityPrint

GENDER = (Level("same", 0.965, 0.50, 0.50), Level("different", 0.035, 0.50, 0.50))
"""m(different): transliterated names and data entry err in about 3 records of 100 (measured on historical_50k)."""

NATIONALITY = (Level("same", 0.90, 0.20, 0.85), Level("different", 0.10, 0.80, 0.15))

BIRTH_PLACE = (
    Level("same", 0.60, 4.0e-3, 0.40),
    Level("near", 0.15, 3.0e-3, 0.10),
    Level("word_in_common", 0.10, 1.5e-2, 0.10),
    Level("different", 0.15, 0.98, 0.40),
)
NEAR_PLACE = 80
"""rapidfuzz ratio: one or two wrong letters in a place name."""


def gender(a: EntityPrint, b: EntityPrint, table: Table) -> Found | None:
    """Gender: same or different. A contradiction takes little from a strong name: registers err.

    Where both have a name, agreement adds nothing: given names that agree already tell the gender.
    """
    if not a.gender or not b.gender:
        return None
    if a.gender != b.gender:
        return table.weights[1], 1, 0, 0
    return 0 if a.names and b.names else table.weights[0], 0, 0, 0


def nationality(a: EntityPrint, b: EntityPrint, table: Table) -> Found | None:
    """Nationalities: one in common (rarer ones say more), or none."""
    if not a.nationalities or not b.nationalities:
        return None
    best: Found | None = None
    for i, j in product(range(len(a.nationalities)), range(len(b.nationalities))):
        if a.nationalities[i] == b.nationalities[j]:
            best = stronger((table.adjusted(0, a.nationalities[i]), 0, i, j), best)
    return best or (table.weights[1], 1, 0, 0)


def birth_place(a: EntityPrint, b: EntityPrint, table: Table) -> Found | None:
    """Birth places: same (rarer ones say more), one or two letters off, a word in common, different."""
    if not a.birth_place or not b.birth_place:
        return None
    level = place_level(a.birth_place, b.birth_place)
    bits = table.adjusted(level, a.birth_place) if level == 0 else table.weights[level]
    return bits, level, 0, 0


@lru_cache(maxsize=65536)
def place_level(p: str, q: str) -> int:
    """The level of two place names."""
    if p == q:
        return 0
    if fuzz.ratio(p, q) >= NEAR_PLACE:
        return 1
    return 2 if set(p.replace(",", " ").split()) & set(q.replace(",", " ").split()) else 3


def nationality_value(one: EntityPrint, _index: int) -> str:
    """All nationalities, as ISO 3166 writes them."""
    return ", ".join(one.nationalities).upper()


ATTRIBUTES = (
    Comparison("gender", PERSON, GENDER, gender, lambda one, _index: one.gender),
    Comparison("nationality", PERSON, NATIONALITY, nationality, nationality_value),
    Comparison("birth_place", PERSON, BIRTH_PLACE, birth_place, lambda one, _index: one.birth_place),
)
