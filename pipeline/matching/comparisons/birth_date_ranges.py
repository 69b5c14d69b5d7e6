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
    from pipeline.matching.screening.rows import WordArray

CIRCA_YEARS = 1
"""About 1970 is 1969 to 1971: so the US list states as a range what the UN list calls approximate."""

MONTHS_A_YEAR = 12

SEVERAL = 0xF << 28
"""In a row of a sketch above a set of years, in place of a date's first digit (birth_date.encode)."""

YEARS_KEPT = 28
"""Bits of the set: years that many apart are one."""


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
    """SEVERAL and the set of all years that the dates may be of."""
    found = SEVERAL
    for date in dates:
        first, last = year_span(date)
        for year in range(first, min(last, first + YEARS_KEPT) + 1):
            found |= 1 << year % YEARS_KEPT
    return found


def year_sets(words: WordArray, years: NDArray[np.int16]) -> WordArray:
    """The set of years of each row; of one date that of its year, which `years` has by its upper 16 bits."""
    single = np.left_shift(np.uint32(1), years[words >> 16].astype(np.uint32) % np.uint32(YEARS_KEPT))
    return np.where(words >= SEVERAL, words & np.uint32(~SEVERAL & 0xFFFFFFFF), single)
