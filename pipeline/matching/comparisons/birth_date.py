"""Birth dates: whole ones, partial ones, ranges and dates about.

Of several the best pair counts. A range agrees with what lies in it as a partial date agrees, at a fee for its width: a
stranger's year lies in a range of six years six times as often as in one.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.locale import N_
from pipeline.matching.comparisons.comparison import (
    CHOICE_FEES,
    NONE,
    PERSON,
    BitsArray,
    Bound,
    Comparison,
    ComparisonLevel,
    ComparisonResult,
    RowParts,
    States,
    Table,
    best_of_several,
    less_fees,
    strongest_from,
)
from pipeline.matching.encoded import Field, Flags, Layout, Rows, WordArray
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.operations import DONE
from pipeline.records.dates import format_birth_date
from pipeline.records.normalised import BirthDate, PartialDate

WRONG_YEARS = 3
"""Years between two births from which they are of two people, as a rule: one person's wrong year is near the right one,
who is named after another is seldom born so soon after. A wider window (13 years) links people of one name and age: of
the demo's links .937 were right, .956 with this one; recall of people on the UN's and the UK's lists fell from .998 to
.987."""

ESTIMATED_YEARS = 6
"""Years between two births from which they are of two people where each is known to its year alone: such a year is an
estimate more often than not. Of 109 people whom the UN's and the UK's lists know so (half a), 16 are two to five years
apart; of 114 whom both know to the day, 2."""

CIRCA_YEARS = 1
"""About 1970 is 1969 to 1971: so the US list states as a range what the UN list calls approximate."""

MONTHS_A_YEAR = 12

DATE_LENGTH = 8
"""Digits of a date."""


class BirthDateLevel(ComparisonLevel):
    """How two dates that are known to the day agree."""

    SAME = 0.815, 4.6e-5, 0.01, 0.0005, 0.01
    DAY_MONTH_SWAPPED = 0.02, 4.0e-5, 0.0003, 0.0001, 0.0003
    SAME_FIRST_JANUARY = 0.03, 1.0e-4, 0.001, 0.0002, 0.001
    ONE_DIGIT = 0.05, 6.0e-4, 0.002, 0.0005, 0.002
    SAME_YEAR_MONTH = 0.02, 1.3e-3, 0.003, 0.0005, 0.003
    SAME_DAY_MONTH = 0.015, 2.5e-3, 0.004, 0.003, 0.004
    SAME_YEAR = 0.02, 1.5e-2, 0.02, 0.004, 0.02
    YEAR_OFF_ONE = 0.01, 3.2e-2, 0.08, 0.006, 0.08
    YEARS_APART = 0.0012, 0.033, 0.05, 0.005, 0.05
    DIFFERENT = 0.0128, 0.907, 0.83, 0.98, 0.83


class PartialDateLevel(ComparisonLevel):
    """How two dates of which one is not known to the day agree."""

    SAME_YEAR_MONTH = 0.80, 1.4e-3, 0.01, 0.0005, 0.01
    SAME_YEAR = 0.85, 1.7e-2, 0.03, 0.004, 0.03
    YEAR_OFF_ONE = 0.08, 3.3e-2, 0.08, 0.006, 0.08
    YEARS_ESTIMATED = 0.06, 0.12, 0.2, 0.02, 0.2
    YEARS_APART = 0.004, 0.033, 0.05, 0.005, 0.05
    DIFFERENT = 0.045, 0.907, 0.84, 0.98, 0.84


def compare_whole(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare two whole birth dates.

    Same, day and month swapped, one digit off or two neighbouring digits exchanged, same year and month, same day and
    month, same year, a year off, two years apart, different. A shared 1 January says less, or nothing in
    two years: registers put it where only the year is known. Of several dates, whole or not, ranges and dates about
    included, the best pair counts, less a fee for those that agree with none of the other side.
    """
    x, y = a.birth_date, b.birth_date
    if x is None or y is None:
        return _compare_several(a, b, table) if a.birth_dates or b.birth_dates else None
    if not x.day or not y.day:
        return None
    return table.results[whole_level(x, y)]


def compare_partial(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Two birth dates of which at least one is known to the month or the year only: what both have is compared.

    Of several dates the comparison of birth dates takes the best pair, partial ones included.
    """
    x, y = a.birth_date, b.birth_date
    if x is None or y is None or (x.day and y.day):
        return None
    return table.results[partial_level(x, y)]


def _compare_several(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Of all dates of both; a pair of which one is not known to the day has the bits of partial dates."""
    rows, columns = a.all_birth_dates, b.all_birth_dates
    if not rows or not columns or table.beside is None:
        return None
    DONE.operations += len(rows) * len(columns)
    grid = []
    for i, x in enumerate(rows):
        row = []
        for j, y in enumerate(columns):
            level, choices = stated_level(x, y)
            partial = isinstance(level, PartialDateLevel)
            bits = (table.beside if partial else table).bits[level]
            fee = CHOICE_FEES[min(choices, len(CHOICE_FEES)) - 1]
            row.append(ComparisonResult(less_fees(bits, fee), _shown_level(level), i, j))
        grid.append(row)
    return best_of_several(grid)


def _shown_level(level: BirthDateLevel | PartialDateLevel) -> BirthDateLevel:
    """As which level of whole dates it is shown among several dates."""
    return BirthDateLevel.YEARS_APART if level is PartialDateLevel.YEARS_ESTIMATED else BirthDateLevel[level.name]


def date_value(entity: EntityPrint, index: int) -> str:
    """One of the dates as ISO 8601, as far as it is known, or the text that it came as."""
    dates = entity.all_birth_dates
    return format_birth_date(dates[index]) if dates else entity.birth_date_text


@lru_cache(maxsize=65536)
def stated_level(x: BirthDate, y: BirthDate) -> tuple[BirthDateLevel | PartialDateLevel, int]:
    """The level of two dates, ranges or dates about, and of how many choices."""
    if not x.exact or not y.exact:
        found = nearest_dates(x, y)
        return partial_level(found.first, found.other), found.choices
    if x.first.day and y.first.day:
        return whole_level(x.first, y.first), 1
    return partial_level(x.first, y.first), 1


def whole_level(x: PartialDate, y: PartialDate) -> BirthDateLevel:
    """The level of two dates that are both known to the day."""
    year, month, day = x.year == y.year, x.month == y.month, x.day == y.day
    return whole_level_of(
        year=year,
        month=month,
        day=day,
        one_digit=(year or (month and day)) and one_digit_off(x, y),
        swapped=x.month == y.day and x.day == y.month,
        years=abs(x.year - y.year),
        default=_is_default(x),
    )


def whole_level_of(
    *, year: bool, month: bool, day: bool, one_digit: bool, swapped: bool, years: int, default: bool = False
) -> BirthDateLevel:
    """The level by what two dates have in common, and how many `years` are between them.

    `one_digit` is asked for only where their years, or their months and days, are the same. `default`: both are of
    1 January, which a row of a sketch does not look at, as it makes no level stronger.
    """
    if year and month and day:
        return BirthDateLevel.SAME_FIRST_JANUARY if default else BirthDateLevel.SAME
    if year and swapped:
        return BirthDateLevel.DAY_MONTH_SWAPPED
    if one_digit and (year or (month and day)):
        return BirthDateLevel.ONE_DIGIT
    if year:
        return BirthDateLevel.SAME_YEAR_MONTH if month else BirthDateLevel.SAME_YEAR
    if month and day and not default:
        return BirthDateLevel.SAME_DAY_MONTH
    if years == 1:
        return BirthDateLevel.YEAR_OFF_ONE
    return BirthDateLevel.YEARS_APART if years < WRONG_YEARS else BirthDateLevel.DIFFERENT


def _is_default(date: PartialDate) -> bool:
    """Whether only the year may be known: 1 January in two years agrees in nothing."""
    return date.month == 1 and date.day == 1


def partial_level(x: PartialDate, y: PartialDate) -> PartialDateLevel:
    """The level of two dates of which one lacks the day or the month."""
    return partial_level_of(
        year=x.year == y.year,
        month=x.month == y.month,
        no_month=not x.month or not y.month,
        years=abs(x.year - y.year),
        estimates=_is_year(x) and _is_year(y),
    )


def partial_level_of(*, year: bool, month: bool, no_month: bool, years: int, estimates: bool) -> PartialDateLevel:
    """The level by what two dates have in common; `estimates`: each is known to its year alone."""
    if year:
        if no_month:
            return PartialDateLevel.SAME_YEAR
        return PartialDateLevel.SAME_YEAR_MONTH if month else PartialDateLevel.YEAR_OFF_ONE
    if years == 1:
        return PartialDateLevel.YEAR_OFF_ONE
    if years < ESTIMATED_YEARS and estimates:
        return PartialDateLevel.YEARS_ESTIMATED
    return PartialDateLevel.YEARS_APART if years < WRONG_YEARS else PartialDateLevel.DIFFERENT


def _is_year(date: PartialDate) -> bool:
    """Whether only the year is known."""
    return not date.month or _is_default(date)


def one_digit_off(x: PartialDate, y: PartialDate) -> bool:
    """One of eight digits differs, or two neighbouring ones are exchanged."""
    p, q = _digits(x), _digits(y)
    wrong = [k for k in range(DATE_LENGTH) if p[k] != q[k]]
    if len(wrong) == 1:
        return True
    return len(wrong) == 2 and wrong[1] == wrong[0] + 1 and p[wrong[0]] == q[wrong[1]] and p[wrong[1]] == q[wrong[0]]


def _digits(date: PartialDate) -> str:
    return f"{date.year:04d}{date.month:02d}{date.day:02d}"


class NearestDates(NamedTuple):
    """The dates of two ranges nearest to each other; by chance they agree as often as `choices` single ones."""

    first: PartialDate
    other: PartialDate
    choices: int = 1


def nearest_dates(x: BirthDate, y: BirthDate) -> NearestDates:
    """By months where both state them and lie within a year of their own, by years otherwise."""
    by_month = states_months(x) and states_months(y)
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


def states_months(date: BirthDate) -> bool:
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


def encode_birth_dates(entity: EntityPrint) -> tuple[int, int]:
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
_FEWEST_YEARS = (0, 1, 2, ESTIMATED_YEARS)
"""Between some years of two sets: 2 stands for all below ESTIMATED_YEARS, which stands for all from it on."""

_SEVERAL_KINDS = tuple(product(_FEWEST_YEARS, (None, False, True), (False, True)))
"""Of several dates: the fewest years, whether one may be the other's day and month (None: a side knows no day), and
whether both state one month."""
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
    far = len(_FEWEST_YEARS) - 1
    state = np.full(len(one), far, np.int16)
    for apart in range(ESTIMATED_YEARS):
        state[(state == far) & (years & others != 0)] = min(apart, far - 1)
        beside = years << np.uint32(1) | years >> last | years >> np.uint32(1) | years << last
        years = years | SeveralDates.years.take(beside)
    known = _with_days(one) & _with_days(other)
    both = days & other_days
    day = known.astype(np.int16) + (known & DaysOfYear.days.lies_in(both))
    kind = (3 * state + day) * np.int16(2) + DaysOfYear.months.lies_in(both)
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
    fields = DateSigns.year, DateSigns.month, DateSigns.day, DateSigns.one_digit, DateSigns.swapped
    year, month, day, one_digit, swapped = (bool(field.read(signs)) for field in fields)
    years = _least_years(signs)
    return whole_level_of(year=year, month=month, day=day, one_digit=one_digit, swapped=swapped, years=years)


def _partial_level(signs: int) -> int:
    """The level of two dates of which one is partial by DateSigns; NONE where both days are known."""
    if not DateSigns.no_day.read(signs):
        return NONE
    fields = DateSigns.year, DateSigns.month, DateSigns.no_month
    year, month, no_month = (bool(field.read(signs)) for field in fields)
    return partial_level_of(year=year, month=month, no_month=no_month, years=_least_years(signs), estimates=no_month)


def _least_years(signs: int) -> int:
    """The fewest years between two dates of other years that their signs leave open."""
    if DateSigns.year_off.read(signs):
        return 1
    return 2 if DateSigns.years_near.read(signs) else ESTIMATED_YEARS


_WHOLE_LEVELS = [*map(_whole_level, range(_NO_DATE)), NONE]
_PARTIAL_LEVELS = [*map(_partial_level, range(_NO_DATE)), NONE, *[NONE for _ in _SEVERAL_STATES]]


def _bound_whole(table: Table) -> BitsArray:
    """By date_state; of several dates the best whole or partial pair that their years leave open."""
    held = strongest_from(table)
    known = held[:, _WHOLE_LEVELS]
    if table.beside is None:
        return np.concatenate([known, held[:, [BirthDateLevel.SAME] * len(_SEVERAL_STATES)]], 1)
    partial = strongest_from(table.beside)
    whole, stated = zip(*[_levels_of_several(*kind) for kind in _SEVERAL_KINDS], strict=True)
    days = np.array([level != NONE for level in whole])
    several = np.where(days, np.maximum(held[:, whole], partial[:, stated]), partial[:, stated])
    return np.concatenate([known, several], 1)


def _levels_of_several(years: int, day: bool | None, month: bool) -> tuple[int, int]:
    """The strongest levels of two whole dates, NONE where a side has none, and of others, by _SEVERAL_KINDS.

    Days in two years are one day and month, or a digit of the year is wrong.
    """
    partial = partial_level_of(year=not years, month=month, no_month=not month, years=years, estimates=True)
    if day is None:
        return NONE, partial
    return whole_level_of(year=not years, month=day, day=day, one_digit=day, swapped=True, years=years), partial


DATE_PARTS = RowParts({"born": 2}, encode_birth_dates)

BIRTH_DATE_SOURCE = (
    "u: births spread over 60 years and 365 days, so u(same) = 1/21,900; h: of 100 pairs of a household one are twins, "
    "or one's date is held for the other's, and one in 20 are two years apart; of those named after another one in "
    "200 are cousins two years apart; m is judgement: 81 of 100 dates are copied "
    "without a slip, each kind of slip (a digit, day and month swapped, 1 January for an unknown day) befalls 1 to 5, "
    "and wrong years are near the right ones more often than not"
)

BIRTH_DATE = Comparison(
    "birth_date",
    "birth_date",
    N_("Date of birth"),
    N_("the date of birth"),
    BirthDateLevel,
    BIRTH_DATE_SOURCE,
    compare_whole,
    date_value,
    several="birth_dates",
    beside="birth_date_partial",
    row_parts=DATE_PARTS,
    bound=Bound(date_state, _bound_whole),
    bounded=PERSON,
)

BIRTH_DATE_PARTIAL = Comparison(
    "birth_date_partial",
    "birth_date",
    N_("Partial date of birth"),
    N_("the partial date of birth"),
    PartialDateLevel,
    BIRTH_DATE_SOURCE,
    compare_partial,
    date_value,
    conditional=(
        "of same_year_month pairs of which both know the month, of same_year those of which a side does not, of "
        "years_estimated those of which neither does; of all others any"
    ),
    row_parts=DATE_PARTS,
    bound=Bound(date_state, lambda table: strongest_from(table)[:, _PARTIAL_LEVELS]),
    bounded=PERSON,
)
