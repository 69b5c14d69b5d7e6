"""What a row of a screen holds of several birth dates, ranges and dates about: sets of years, of months and of days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons.birth_date import MONTHS_A_YEAR, states_months, year_span
from pipeline.records.normalised import BirthDate, PartialDate

if TYPE_CHECKING:
    from pipeline.matching.encoded import WordArray

SEVERAL = 0xF << 28
"""In a row of a sketch above a set of years, in place of a date's first digit (birth_date_rows.encode)."""

YEARS_KEPT = 27
"""Bits of the set: years that many apart are one."""

WITH_DAY = 1 << YEARS_KEPT
"""Beside a set of years: whether a date is known to the day, and is no range and not about."""

DAYS_KEPT = 32 - MONTHS_A_YEAR
"""Bits of the set of days of a year, above the twelve of months: days whose numbers are that many apart are one."""

_DAYS_A_MONTH = 31
_ALL_MONTHS = (1 << MONTHS_A_YEAR) - 1

_YEARS = np.uint32((1 << YEARS_KEPT) - 1)


def encode_years(dates: tuple[BirthDate, ...]) -> int:
    """SEVERAL, the set of all years that the dates may be of, and whether one is known to the day."""
    found = SEVERAL
    for date in dates:
        if date.exact and date.first.day:
            found |= WITH_DAY
        first, last = year_span(date)
        for year in range(first, min(last, first + YEARS_KEPT) + 1):
            found |= 1 << year % YEARS_KEPT
    return found


def encode_days(dates: tuple[BirthDate, ...]) -> int:
    """The sets of months that dates state, each of a range's if it states any, and of days of exact ones."""
    found = 0
    for date in dates:
        if date.exact:
            found |= encode_day(date.first)
        elif states_months(date):
            found |= _ALL_MONTHS
    return found


def encode_day(date: PartialDate) -> int:
    """The sets of a single date."""
    if not date.month:
        return 0
    day = 1 << MONTHS_A_YEAR + (_DAYS_A_MONTH * date.month + date.day) % DAYS_KEPT if date.day else 0
    return 1 << (date.month - 1) % MONTHS_A_YEAR | day


def share_month(one: WordArray, other: WordArray) -> NDArray[np.bool_]:
    """Whether sets of months, by encode_days, have one in common."""
    found: NDArray[np.bool_] = one & other & np.uint32(_ALL_MONTHS) != 0
    return found


def share_day(one: WordArray, other: WordArray) -> NDArray[np.bool_]:
    """Whether sets of days may have one in common."""
    found: NDArray[np.bool_] = (one & other) >> np.uint32(MONTHS_A_YEAR) != 0
    return found


def year_sets(words: WordArray, years: NDArray[np.int16]) -> WordArray:
    """The set of years of each row; of one date that of its year, which `years` has by its upper 16 bits."""
    single = np.left_shift(np.uint32(1), years[words >> 16].astype(np.uint32) % np.uint32(YEARS_KEPT))
    return np.where(words >= SEVERAL, words & _YEARS, single)


def with_days(words: WordArray) -> NDArray[np.bool_]:
    """Whether each row has a date that is known to the day."""
    found: NDArray[np.bool_] = np.where(words >= SEVERAL, words & np.uint32(WITH_DAY), words & np.uint32(0xFF)) != 0
    return found


def widen_years(sets: WordArray) -> WordArray:
    """The sets with the years beside each of theirs."""
    last = np.uint32(YEARS_KEPT - 1)
    wider: WordArray = sets | (sets << np.uint32(1) | sets >> last | sets >> np.uint32(1) | sets << last) & _YEARS
    return wider
