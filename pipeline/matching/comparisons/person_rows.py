"""What a row of a screen holds of a person's gender and nationalities, and what two rows leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.matching.comparisons.bounds import BitsArray, Bound, States, bound_by_level, strongest_from
from pipeline.matching.encoded import hash_text
from pipeline.matching.fingerprint import EntityPrint

if TYPE_CHECKING:
    from pipeline.matching.comparisons.comparison import Table
    from pipeline.matching.encoded import Rows

UNKNOWN = 2
"""Beside 0 for the same and 1 for different: a side has none."""
NAMED = 3
"""Added to the level of genders, or UNKNOWN, where both have a name."""


def encode_gender(entity: EntityPrint) -> int:
    """A hash, 0 for none."""
    return 1 + hash_text(entity.gender, 255) if entity.gender else 0


def gender_state(a: Rows, b: Rows) -> States:
    """The level or UNKNOWN, and whether both have a name."""
    one, other = a.byte("gender"), b.byte("gender")
    level = np.where((one == 0) | (other == 0), UNKNOWN, one != other)
    state: States = level + NAMED * ((a.byte("name_words") > 0) & (b.byte("name_words") > 0))
    return state


def _bounds_by_gender(table: Table) -> BitsArray:
    plain = strongest_from(table)
    return np.concatenate([plain, np.minimum(plain, 0)], 1)


def encode_nationalities(entity: EntityPrint) -> int:
    """A set of eight hashes, 0 for none."""
    return sum({1 << hash_text(nation, 8) for nation in entity.nationalities}) if entity.nationalities else 0


def nationality_level(a: Rows, b: Rows) -> States:
    """The same where the sets of hashes have one in common."""
    one, other = a.byte("nations"), b.byte("nations")
    return np.where((one == 0) | (other == 0), UNKNOWN, one & other == 0)


GENDER_BOUND = Bound(gender_state, _bounds_by_gender)
NATIONALITY_BOUND = bound_by_level(nationality_level, "nations")
