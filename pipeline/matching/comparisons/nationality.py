"""Nationalities: one in common says little, more if it is rare."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from pipeline.locale import N_
from pipeline.matching.comparisons.bounds import States, bound_by_level
from pipeline.matching.comparisons.hashes import hash_text
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table, stronger_of
from pipeline.matching.comparisons.types import PERSON
from pipeline.matching.fingerprint import EntityPrint

if TYPE_CHECKING:
    from pipeline.matching.encoded import Rows

LEVELS = (Level("same", 0.90, 0.20, 0.85, 0.90, 0.85), Level("different", 0.10, 0.80, 0.15, 0.10, 0.15))
SAME, DIFFERENT, UNKNOWN = range(3)
"""UNKNOWN is no level: a side has none."""
SOURCE = (
    "m, u and h are judgement, not counts: records of one person name different ones in 1 of 10, as some have two; "
    "1 stranger in 5 shares one, and families mostly do (85 of 100); a model's term frequencies replace u(same) for "
    "the nationality in hand"
)


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Nationalities: one in common (rarer ones say more), or none."""
    if not a.nationalities or not b.nationalities:
        return None
    best: ComparisonResult | None = None
    for i, j in product(range(len(a.nationalities)), range(len(b.nationalities))):
        if a.nationalities[i] == b.nationalities[j]:
            best = stronger_of(table.result(SAME, table.adjust_weight(SAME, a.nationalities[i]), i, j), best)
    return best or table.results[DIFFERENT]


def nationality_value(entity: EntityPrint, _index: int) -> str:
    """All nationalities, as ISO 3166 writes them."""
    return ", ".join(entity.nationalities).upper()


def encode(entity: EntityPrint) -> int:
    """A set of eight hashes, 0 for none."""
    return sum({1 << hash_text(nation, 8) for nation in entity.nationalities}) if entity.nationalities else 0


def strongest_level(a: Rows, b: Rows) -> States:
    """SAME where the sets of hashes have one in common."""
    one, other = a.byte("nations"), b.byte("nations")
    return np.where((one == 0) | (other == 0), UNKNOWN, one & other == 0)


NATIONALITY = Comparison(
    "nationality",
    "nationalities",
    N_("Nationality"),
    N_("the nationality"),
    LEVELS,
    SOURCE,
    compare,
    nationality_value,
    bound=bound_by_level(strongest_level, "nations"),
    bounded=PERSON,
)
