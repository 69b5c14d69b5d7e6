"""Gender: a small plus or minus, since many share it and registers err."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.locale import N_
from pipeline.matching.comparisons.bounds import BitsArray, Bound, States, strongest_from
from pipeline.matching.comparisons.hashes import hash_text
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table
from pipeline.matching.comparisons.types import PERSON
from pipeline.matching.fingerprint import EntityPrint

if TYPE_CHECKING:
    from pipeline.matching.encoded import Rows

LEVELS = (Level("same", 0.965, 0.50, 0.50, 0.965, 0.50), Level("different", 0.035, 0.50, 0.50, 0.035, 0.50))
SAME, DIFFERENT = range(2)
SOURCE = "m: historical_50k, where transliterated names and data entry err in about 3 records of 100; u, h: two genders"


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Gender: same or different. A contradiction takes little from a strong name: registers err.

    Where both have a name, agreement adds nothing: given names that agree already tell the gender, and those of
    brothers, which conflict, are of one.
    """
    if not a.gender or not b.gender:
        return None
    if a.gender != b.gender:
        return table.results[DIFFERENT]
    return table.neutral[SAME] if a.names and b.names else table.results[SAME]


def encode(entity: EntityPrint) -> int:
    """A hash, 0 for none."""
    return 1 + hash_text(entity.gender, 255) if entity.gender else 0


UNKNOWN = 2
NAMED = 3
"""Added to a level, or UNKNOWN, where both have a name."""


def gender_state(a: Rows, b: Rows) -> States:
    """SAME, DIFFERENT or UNKNOWN, and whether both have a name."""
    one, other = a.byte("gender"), b.byte("gender")
    level = np.where((one == 0) | (other == 0), UNKNOWN, one != other)
    state: States = level + NAMED * ((a.byte("name_words") > 0) & (b.byte("name_words") > 0))
    return state


def _bounds_by_state(table: Table) -> BitsArray:
    plain = strongest_from(table)
    return np.concatenate([plain, np.minimum(plain, 0)], 1)


GENDER = Comparison(
    "gender",
    "gender",
    N_("Gender"),
    N_("the gender"),
    LEVELS,
    SOURCE,
    compare,
    lambda entity, _index: entity.gender,
    also_reads=("names",),
    bound=Bound(gender_state, _bounds_by_state),
    bounded=PERSON,
)
