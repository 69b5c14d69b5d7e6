"""What a row of a screen holds of birth dates, and the levels that two rows leave open."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons.birth_date import (
    DIFFERENT,
    ESTIMATED_YEARS,
    MONTHS_A_YEAR,
    ONE_DIGIT,
    PARTIAL_DIFFERENT,
    PARTIAL_ESTIMATED,
    PARTIAL_MONTH,
    PARTIAL_OFF,
    PARTIAL_YEAR,
    SAME,
    SWAPPED,
    WRONG_YEARS,
    YEAR_OFF,
    YEARS_APART,
    partial_level_of,
    states_months,
    whole_level_of,
    year_span,
)
from pipeline.matching.comparisons.bounds import NONE, BitsArray, Bound, States, bound_by_levels, strongest_from
from pipeline.matching.comparisons.comparison import Table
from pipeline.matching.encoded import Field, Layout
from pipeline.matching.fingerprint import EntityPrint
from pipeline.records.normalised import BirthDate, PartialDate

if TYPE_CHECKING:
    from pipeline.matching.encoded import Flags, Rows, WordArray


class WholeDate(Layout):
    """The eight digits of a date, four bits each; 0 where a part is unknown."""

    day = Field(8)
    month = Field(8)
    year = Field(16)


class SeveralDates(Layout):
    """In place of a WholeDate where there are several, or a range: the set of all years that they may be of.

    Years are one if as many apart as the set has bits. `with_day`: a date is known to the day, and is no range and not
    about. All bits of `mark` are set, which no date's first digit has.
    """

    years = Field(27)
    with_day = Field()
    mark = Field(4)


class DaysOfYear(Layout):
    """The sets of months and of days of a year; days are one whose numbers are as many apart as the set has bits."""

    months = Field(MONTHS_A_YEAR)
    days = Field(20)


class DateSigns(Layout):
    """What two whole or partial dates have in common.

    The same year, month, day; all digits but one, or but two neighbours; years that are one apart; day and month
    exchanged; an unknown month; an unknown day; years that are near, as near as birth_date allows where both are
    known to the year alone, or not.
    """

    year = Field()
    month = Field()
    day = Field()
    one_digit = Field()
    year_off = Field()
    swapped = Field()
    no_month = Field()
    no_day = Field()
    years_near = Field()


_TWO = tuple(int(str(number), 16) for number in range(100))
"""Two digits, four bits each."""

_YEARS = np.array([int(f"{year:x}") if f"{year:x}".isdecimal() else 0 for year in range(1 << 16)], np.int16)
"""Years by their four digits, four bits each."""

_DEFAULT = WholeDate.month.put(1) | WholeDate.day.put(1)
"""1 January, which registers put where only the year is known."""

_DAYS_A_MONTH = 31


def encode(entity: EntityPrint) -> tuple[int, int]:
    """The WholeDate, or of several or a range SeveralDates; 0 for none. Then the DaysOfYear of all."""
    date = entity.birth_date
    if date is None:
        dates = entity.birth_dates
        return (_encode_years(dates), _encode_days(dates)) if dates else (0, 0)
    century, year = divmod(date.year, 100)
    parts = WholeDate.month.put(_TWO[date.month]) | WholeDate.day.put(_TWO[date.day])
    return WholeDate.year.put(_TWO[century] << 8 | _TWO[year]) | parts, _encode_day(date)


def _encode_years(dates: tuple[BirthDate, ...]) -> int:
    kept, years, with_day = SeveralDates.years.width, 0, False
    for date in dates:
        with_day |= date.exact and bool(date.first.day)
        first, last = year_span(date)
        for year in range(first, min(last, first + kept) + 1):
            years |= 1 << year % kept
    mark = SeveralDates.mark.put(SeveralDates.mark.most)
    return mark | SeveralDates.with_day.put(with_day) | SeveralDates.years.put(years)


def _encode_days(dates: tuple[BirthDate, ...]) -> int:
    """Of a range all months if it states any, and days of exact dates alone."""
    found = 0
    for date in dates:
        if date.exact:
            found |= _encode_day(date.first)
        elif states_months(date):
            found |= DaysOfYear.months.put(DaysOfYear.months.most)
    return found


def _encode_day(date: PartialDate) -> int:
    if not date.month:
        return 0
    day = 1 << (_DAYS_A_MONTH * date.month + date.day) % DaysOfYear.days.width if date.day else 0
    return DaysOfYear.months.put(1 << (date.month - 1) % MONTHS_A_YEAR) | DaysOfYear.days.put(day)


_MARK = np.uint32(SeveralDates.mark.bits)
_NO_DATE = 1 << len(DateSigns.fields)
_YEARS_MEET, _YEARS_OFF, _YEARS_NEAR, _YEARS_APART = range(4)
"""Of several dates: whether the sets of years have one in common, or some that are one year apart, or as near as
estimated years may be."""
_NO_DAYS, _OTHER_DAYS, _DAY_MEETS = range(3)
"""Whether both know a day, and one may be that of the other but for the year."""

_SEVERAL_KINDS = tuple(product(range(4), range(3), (False, True)))
"""Of several dates: years, days, and whether both state one month."""
_SEVERAL_STATES = range(_NO_DATE + 1, _NO_DATE + 1 + len(_SEVERAL_KINDS))


def date_state(a: Rows, b: Rows) -> States:
    """The DateSigns of two dates; _NO_DATE where a side has none, one of _SEVERAL_STATES where a side has several."""
    (one, days), (other, other_days) = a.words("born"), b.words("born")
    apart = one ^ other
    wrong = (apart | apart >> 1 | apart >> 2 | apart >> 3) & 0x11111111
    edits = np.bitwise_count(wrong)
    years = np.abs(_read_years(one) - _read_years(other))
    signs = {
        DateSigns.year: ~WholeDate.year.lies_in(apart),
        DateSigns.month: ~WholeDate.month.lies_in(apart),
        DateSigns.day: ~WholeDate.day.lies_in(apart),
        DateSigns.one_digit: (edits == 1) | ((edits == 2) & (wrong & wrong >> 4 != 0)),
        DateSigns.year_off: years == 1,
        DateSigns.swapped: _are_swapped(one, other),
        DateSigns.no_month: ~(WholeDate.month.lies_in(one) & WholeDate.month.lies_in(other)),
        DateSigns.no_day: ~(WholeDate.day.lies_in(one) & WholeDate.day.lies_in(other)),
        DateSigns.years_near: years < np.where(_are_years(one) & _are_years(other), ESTIMATED_YEARS, WRONG_YEARS),
    }
    code = np.zeros(len(years), np.int16)
    for field, sign in signs.items():
        code |= sign.view(np.uint8) << np.int16(field.first)
    state = np.where((one == 0) | (other == 0), np.int16(_NO_DATE), code)
    several = np.flatnonzero((np.maximum(one, other) >= _MARK) & (np.minimum(one, other) > 0))
    if several.size:
        both = [part[several] for part in np.broadcast_arrays(one, other, days, other_days)]
        state[several] = _several_state(*both)
    return state


def share_birth_date(a: Rows, b: Rows) -> Flags:
    """Whether two rows have one date, or one with day and month exchanged; at least wherever whole dates are so."""
    one, other = a.words("born")[0], b.words("born")[0]
    flipped = _are_swapped(one, other) & ~WholeDate.year.lies_in(one ^ other)
    found: Flags = (one > 0) & ((one == other) | flipped)
    return found


def _several_state(one: WordArray, other: WordArray, days: WordArray, other_days: WordArray) -> NDArray[np.int16]:
    """One of _SEVERAL_STATES of each two."""
    years, others = _year_sets(one), _year_sets(other)
    last = np.uint32(SeveralDates.years.width - 1)
    state = np.full(len(one), _YEARS_APART, np.int16)
    for apart in range(ESTIMATED_YEARS):
        met = (state == _YEARS_APART) & (years & others != 0)
        state[met] = (_YEARS_MEET, _YEARS_OFF)[apart] if apart < 2 else _YEARS_NEAR
        beside = years << np.uint32(1) | years >> last | years >> np.uint32(1) | years << last
        years = years | SeveralDates.years.take(beside)
    known = _with_days(one) & _with_days(other)
    both = days & other_days
    day = np.where(known, np.where(DaysOfYear.days.lies_in(both), _DAY_MEETS, _OTHER_DAYS), _NO_DAYS)
    kind = (3 * state + day.astype(np.int16)) * np.int16(2) + DaysOfYear.months.lies_in(both)
    return kind + np.int16(_SEVERAL_STATES.start)


def _are_swapped(one: WordArray, other: WordArray) -> Flags:
    """Whether the day of each is the month of the other."""
    month, other_month = WholeDate.month.take(one), WholeDate.month.take(other)
    found: Flags = (WholeDate.day.take(one) == other_month) & (WholeDate.day.take(other) == month)
    return found


def _read_years(dates: WordArray) -> NDArray[np.int16]:
    """The years of encoded dates, from four bits a digit; of several dates any number."""
    digits = WholeDate.year.take(dates).astype(np.int16)
    years: NDArray[np.int16] = digits - 6 * (digits >> 4) - 60 * (digits >> 8) - 600 * (digits >> 12)
    return years


def _are_years(dates: WordArray) -> Flags:
    """Whether only the year of each is known."""
    of_year = dates & (WholeDate.month.bits | WholeDate.day.bits)
    found: Flags = ~WholeDate.month.lies_in(dates) | (of_year == _DEFAULT)
    return found


def _year_sets(words: WordArray) -> WordArray:
    """The set of years of each row; of one date that of its year."""
    kept = np.uint32(SeveralDates.years.width)
    single = np.left_shift(np.uint32(1), _YEARS[WholeDate.year.take(words)].astype(np.uint32) % kept)
    return np.where(words >= _MARK, SeveralDates.years.take(words), single)


def _with_days(words: WordArray) -> Flags:
    """Whether each row has a date that is known to the day."""
    return np.where(words >= _MARK, SeveralDates.with_day.lies_in(words), WholeDate.day.lies_in(words))


def _whole_level(signs: int) -> int:
    """The level of two whole dates by DateSigns; NONE where a day is unknown."""
    if DateSigns.no_day.read(signs):
        return NONE
    return whole_level_of(
        year=bool(DateSigns.year.read(signs)),
        month=bool(DateSigns.month.read(signs)),
        day=bool(DateSigns.day.read(signs)),
        one_digit=bool(DateSigns.one_digit.read(signs)),
        swapped=bool(DateSigns.swapped.read(signs)),
        years=_least_years(signs),
    )


def _partial_level(signs: int) -> int:
    """The level of two dates of which one is partial by DateSigns; NONE where both days are known."""
    if not DateSigns.no_day.read(signs):
        return NONE
    no_month = bool(DateSigns.no_month.read(signs))
    return partial_level_of(
        year=bool(DateSigns.year.read(signs)),
        month=bool(DateSigns.month.read(signs)),
        no_month=no_month,
        years=_least_years(signs),
        estimates=no_month,
    )


def _least_years(signs: int) -> int:
    """The fewest years between two dates of other years that their signs leave open."""
    if DateSigns.year_off.read(signs):
        return 1
    return 2 if DateSigns.years_near.read(signs) else ESTIMATED_YEARS


_WHOLE_LEVELS = [*map(_whole_level, range(_NO_DATE)), NONE]


def _bound_whole(table: Table) -> BitsArray:
    """By date_state; of several dates the best whole or partial pair that their years leave open."""
    held = strongest_from(table)
    known = held[:, _WHOLE_LEVELS]
    if table.beside is None:
        return np.concatenate([known, held[:, [SAME] * len(_SEVERAL_STATES)]], 1)
    partial = strongest_from(table.beside)
    whole, stated = zip(*[_levels_of_several(*kind) for kind in _SEVERAL_KINDS], strict=True)
    days = np.array([level != NONE for level in whole])
    several = np.where(days, np.maximum(held[:, whole], partial[:, stated]), partial[:, stated])
    return np.concatenate([known, several], 1)


def _levels_of_several(years: int, days: int, month: bool) -> tuple[int, int]:
    """The strongest levels of two whole dates, NONE where a side has none, and of others, by _SEVERAL_KINDS.

    Days in two years are one day and month, or a digit of the year is wrong.
    """
    met = PARTIAL_MONTH if month else PARTIAL_YEAR
    stated = (met, PARTIAL_OFF, PARTIAL_ESTIMATED, PARTIAL_DIFFERENT)[years]
    if days == _NO_DAYS:
        return NONE, stated
    if days == _DAY_MEETS:
        return SAME if years == _YEARS_MEET else ONE_DIGIT, stated
    return (SWAPPED, YEAR_OFF, YEARS_APART, DIFFERENT)[years], stated


WHOLE_BOUND = Bound(date_state, _bound_whole, "born")
PARTIAL_BOUND = bound_by_levels(
    date_state, [*map(_partial_level, range(_NO_DATE)), NONE, *[NONE for _ in _SEVERAL_STATES]], "born"
)
