"""What a row of a screen holds of birth dates, and the levels that two rows leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons.birth_date_levels import (
    DIFFERENT,
    ESTIMATED_YEARS,
    ONE_DIGIT,
    PARTIAL_APART,
    PARTIAL_DIFFERENT,
    PARTIAL_ESTIMATED,
    PARTIAL_MONTH,
    PARTIAL_OFF,
    PARTIAL_YEAR,
    SAME,
    SAME_DAY,
    SAME_MONTH,
    SAME_YEAR,
    SWAPPED,
    WRONG_YEARS,
    YEAR_OFF,
    YEARS_APART,
)
from pipeline.matching.comparisons.birth_date_ranges import SEVERAL, encode_years, year_sets
from pipeline.matching.comparisons.bounds import NONE, BitsArray, Bound, States, bound_by_levels, strongest_from
from pipeline.matching.comparisons.levels import Table
from pipeline.matching.fingerprint import EntityPrint

if TYPE_CHECKING:
    from pipeline.matching.screening.rows import Rows, WordArray

_TWO = tuple(int(str(number), 16) for number in range(100))
"""Two digits, four bits each."""

_YEARS = np.array([int(f"{year:x}") if f"{year:x}".isdecimal() else 0 for year in range(1 << 16)], np.int16)
"""Years by their four digits, four bits each."""


def encode(entity: EntityPrint) -> int:
    """The eight digits of the date, four bits each; of several, or a range, SEVERAL and a set of years; 0 for none."""
    date = entity.birth_date
    if date is None:
        return encode_years(entity.birth_dates) if entity.birth_dates else 0
    century, year = divmod(date.year, 100)
    return _TWO[century] << 24 | _TWO[year] << 16 | _TWO[date.month] << 8 | _TWO[date.day]


_SIGNS = 9
_NO_DATE = 1 << _SIGNS
_YEARS_MEET, _YEARS_APART = _NO_DATE + 1, _NO_DATE + 2
"""Of several dates: whether the sets of years have one in common."""


def date_state(a: Rows, b: Rows) -> States:
    """Number what two dates have in common, by its bits, or _NO_DATE where a side has none.

    Where a side has several: _YEARS_MEET or _YEARS_APART. The bits from the lowest: the same year, month, day; all
    digits but one, or but two exchanged; years that are one apart; day and month exchanged; an unknown month; an
    unknown day; years that are near, as near as _is_year of both allows.
    """
    one, other = a.words("born")[0], b.words("born")[0]
    apart = one ^ other
    wrong = (apart | apart >> 1 | apart >> 2 | apart >> 3) & 0x11111111
    edits = np.bitwise_count(wrong)
    years = np.abs(_YEARS[one >> 16] - _YEARS[other >> 16])
    signs = (
        apart >> 16 == 0,
        apart & 0xFF00 == 0,
        apart & 0xFF == 0,
        (edits == 1) | ((edits == 2) & (wrong & wrong >> 4 != 0)),
        years == 1,
        (one & 0xFF == other >> 8 & 0xFF) & (other & 0xFF == one >> 8 & 0xFF),
        (one & 0xFF00 == 0) | (other & 0xFF00 == 0),
        (one & 0xFF == 0) | (other & 0xFF == 0),
        years < np.where(_are_years(one) & _are_years(other), ESTIMATED_YEARS, WRONG_YEARS),
    )
    code = np.zeros(len(one), np.int16)
    for bit, sign in enumerate(signs):
        code |= sign.astype(np.int16) << np.int16(bit)
    state = np.where((one == 0) | (other == 0), np.int16(_NO_DATE), code)
    several = np.flatnonzero((np.maximum(one, other) >= SEVERAL) & (np.minimum(one, other) > 0))
    if several.size:
        meet = year_sets(one[several], _YEARS) & year_sets(other[several], _YEARS)
        state[several] = np.where(meet > 0, _YEARS_MEET, _YEARS_APART)
    return state


def _are_years(dates: WordArray) -> NDArray[np.bool_]:
    """_is_year of encoded dates."""
    found: NDArray[np.bool_] = (dates & 0xFF00 == 0) | (dates & 0xFFFF == 0x0101)
    return found


def _whole_level_of(code: int) -> int:
    """whole_level by what is the same, which is all it asks for; NONE where a day is unknown."""
    year, month, day, edit, near, flipped, _, no_day, apart = (code >> bit & 1 for bit in range(_SIGNS))
    if no_day:
        return NONE
    if year and month and day:
        return SAME
    if year and flipped:
        return SWAPPED
    if edit and (year or (month and day)):
        return ONE_DIGIT
    if year:
        return SAME_MONTH if month else SAME_YEAR
    if month and day:
        return SAME_DAY
    return YEAR_OFF if near else YEARS_APART if apart else DIFFERENT


def _partial_level_of(code: int) -> int:
    """partial_level likewise; NONE where both days are known."""
    year, month, _, _, near, _, no_month, no_day, apart = (code >> bit & 1 for bit in range(_SIGNS))
    if not no_day:
        return NONE
    if year:
        return PARTIAL_YEAR if no_month else (PARTIAL_MONTH if month else PARTIAL_OFF)
    if near or not apart:
        return PARTIAL_OFF if near else PARTIAL_DIFFERENT
    return PARTIAL_ESTIMATED if no_month else PARTIAL_APART


def _bound_whole(table: Table) -> BitsArray:
    """By date_state; of several dates the best whole or partial pair that their years leave open."""
    held = strongest_from(table)
    known = held[:, [*map(_whole_level_of, range(_NO_DATE)), NONE]]
    if table.beside is None:
        return np.concatenate([known, held[:, [SAME, SAME]]], 1)
    partial = strongest_from(table.beside)
    several = np.maximum(held[:, [SAME, ONE_DIGIT]], partial[:, [PARTIAL_MONTH, PARTIAL_OFF]])
    return np.concatenate([known, several], 1)


WHOLE_BOUND = Bound(date_state, _bound_whole)
PARTIAL_BOUND = bound_by_levels(date_state, [*map(_partial_level_of, range(_NO_DATE)), NONE, NONE, NONE])
