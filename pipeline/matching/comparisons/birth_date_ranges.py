"""Birth dates that are ranges or about: what two of them have in common, and how easily that is met by chance.

A range agrees with what lies in it as a partial date agrees, at a fee for its width: a stranger's year lies in a range
of six years six times as often as in one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.records.normalised import BirthDate, PartialDate

if TYPE_CHECKING:
    from pipeline.matching.encoded import WordArray

CIRCA_YEARS = 1
"""About 1970 is 1969 to 1971: so the US list states as a range what the UN list calls approximate."""

MONTHS_A_YEAR = 12

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


class NearestDates(NamedTuple):
    """The dates of two ranges nearest to each other; by chance they agree as often as `choices` single ones."""

    first: PartialDate
    other: PartialDate
    choices: int = 1


def nearest_dates(x: BirthDate, y: BirthDate) -> NearestDates:
    """By months where both state them and lie within a year of their own, by years otherwise."""
    by_month = _states_months(x) and _states_months(y)
    if by_month:
        months, other_months = _month_span(x), _month_span(y)
        if max(_width(months), _width(other_months)) < MONTHS_A_YEAR and _overlap(months, other_months):
            met = _from_month(max(months[0], other_months[0]))
            return NearestDates(met, met, _choices(months, other_months))
    years, other_years = year_span(x), year_span(y)
    if not _overlap(years, other_years):
        year, other = _nearest_ends(years, other_years)
        return NearestDates(PartialDate(year), PartialDate(other))
    if by_month and not _overlap(months, other_months):
        month, other = _nearest_ends(months, other_months)
        return NearestDates(_from_month(month), _from_month(other))
    met = PartialDate(max(years[0], other_years[0]))
    return NearestDates(met, met, _choices(years, other_years))


def year_span(date: BirthDate) -> tuple[int, int]:
    """The first and last year that it may be; of a date about that is known to the year, those beside it too."""
    beside = CIRCA_YEARS if date.circa and not date.first.month else 0
    return date.first.year - beside, date.last.year + beside


def _states_months(date: BirthDate) -> bool:
    """Whether it names months; a date about does not, whatever it says."""
    return bool(date.first.month and date.last.month) and not date.circa


def _month_span(date: BirthDate) -> tuple[int, int]:
    """Months since year 0."""
    return MONTHS_A_YEAR * date.first.year + date.first.month, MONTHS_A_YEAR * date.last.year + date.last.month


def _from_month(month: int) -> PartialDate:
    year, of_year = divmod(month - 1, MONTHS_A_YEAR)
    return PartialDate(year, of_year + 1)


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _nearest_ends(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """Of two spans that do not overlap."""
    return (one[1], other[0]) if one[1] < other[0] else (one[0], other[1])


def _width(span: tuple[int, int]) -> int:
    return 1 + span[1] - span[0]


def _choices(one: tuple[int, int], other: tuple[int, int]) -> int:
    """Places of one span at which it overlaps the other."""
    return _width(one) + _width(other) - 1


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
        elif _states_months(date):
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
