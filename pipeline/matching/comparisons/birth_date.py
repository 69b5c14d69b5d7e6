"""Birth dates, whole or partial; of several the best pair counts."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.locale import N_
from pipeline.matching.comparisons.birth_date_ranges import SEVERAL, encode_years, nearest_dates, year_sets
from pipeline.matching.comparisons.bounds import NONE, BitsArray, Bound, States, bound_by_levels, strongest_from
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table
from pipeline.matching.comparisons.several import CHOICE_FEES, best_of_several, less_fees
from pipeline.matching.comparisons.types import PERSON
from pipeline.matching.fingerprint import EntityPrint
from pipeline.records.dates import format_birth_date
from pipeline.records.normalised import BirthDate, PartialDate

if TYPE_CHECKING:
    from pipeline.matching.screening.rows import Rows, Words

WHOLE = (
    Level("same", 0.815, 4.6e-5, 0.01, 0.0005, 0.01),
    Level("day_month_swapped", 0.02, 4.0e-5, 0.0003, 0.0001, 0.0003),
    Level("same_first_january", 0.03, 1.0e-4, 0.001, 0.0002, 0.001),
    Level("one_digit", 0.05, 6.0e-4, 0.002, 0.0005, 0.002),
    Level("same_year_month", 0.02, 1.3e-3, 0.003, 0.0005, 0.003),
    Level("same_day_month", 0.015, 2.5e-3, 0.004, 0.003, 0.004),
    Level("same_year", 0.02, 1.5e-2, 0.02, 0.004, 0.02),
    Level("year_off_one", 0.01, 3.2e-2, 0.08, 0.006, 0.08),
    Level("years_apart", 0.0012, 0.033, 0.05, 0.005, 0.05),
    Level("different", 0.0128, 0.907, 0.83, 0.98, 0.83),
)

SAME, SWAPPED, SAME_DEFAULT, ONE_DIGIT, SAME_MONTH, SAME_DAY, SAME_YEAR, YEAR_OFF, YEARS_APART, DIFFERENT = range(10)

PARTIAL = (
    Level("same_year_month", 0.80, 1.4e-3, 0.01, 0.0005, 0.01),
    Level("same_year", 0.85, 1.7e-2, 0.03, 0.004, 0.03),
    Level("year_off_one", 0.08, 3.3e-2, 0.08, 0.006, 0.08),
    Level("years_estimated", 0.06, 0.12, 0.2, 0.02, 0.2),
    Level("years_apart", 0.004, 0.033, 0.05, 0.005, 0.05),
    Level("different", 0.045, 0.907, 0.84, 0.98, 0.84),
)
PARTIAL_MONTH, PARTIAL_YEAR, PARTIAL_OFF, PARTIAL_ESTIMATED, PARTIAL_APART, PARTIAL_DIFFERENT = range(6)

WRONG_YEARS = 3
"""Years between two births from which they are of two people, as a rule: one person's wrong year is near the right one,
who is named after another is seldom born so soon after. A wider window (13 years) links people of one name and age: of
the demo's links .937 were right, .956 with this one; recall of people on the UN's and the UK's lists fell from .998 to
.987."""

ESTIMATED_YEARS = 6
"""Years between two births from which they are of two people where each is known to its year alone: such a year is an
estimate more often than not. Of 109 people whom the UN's and the UK's lists know so (half a), 16 are two to five years
apart; of 114 whom both know to the day, 2."""

SHOWN = (SAME_MONTH, SAME_YEAR, YEAR_OFF, YEARS_APART, YEARS_APART, DIFFERENT)
"""The levels of whole dates that have the names of those of partial ones."""

SOURCE = (
    "u: births spread over 60 years and 365 days, so u(same) = 1/21,900; h: of 100 pairs of a household one are twins, "
    "or one's date is held for the other's, and one in 20 are two years apart; of those named after another one in "
    "200 are cousins two years apart; m is judgement: 81 of 100 dates are copied "
    "without a slip, each kind of slip (a digit, day and month swapped, 1 January for an unknown day) befalls 1 to 5, "
    "and wrong years are near the right ones more often than not"
)
DIGITS = 8
"""Of a date."""


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
    level = whole_level(x, y)
    return table.results[level]


def compare_partial(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Two birth dates of which at least one is known to the month or the year only: what both have is compared.

    Of several dates the comparison of birth dates takes the best pair, partial ones included.
    """
    x, y = a.birth_date, b.birth_date
    if x is None or y is None or (x.day and y.day):
        return None
    level = partial_level(x, y)
    return table.results[level]


def _compare_several(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Of all dates of both; a pair of which one is not known to the day has the bits of partial dates."""
    rows, columns = a.all_birth_dates, b.all_birth_dates
    if not rows or not columns or table.beside is None:
        return None
    grid = []
    for i, x in enumerate(rows):
        row = []
        for j, y in enumerate(columns):
            partial, level, choices = stated_level(x, y)
            bits = (table.beside if partial else table).bits[level]
            fee = CHOICE_FEES[min(choices, len(CHOICE_FEES)) - 1]
            row.append(ComparisonResult(less_fees(bits, fee), SHOWN[level] if partial else level, i, j))
        grid.append(row)
    return best_of_several(grid)


@lru_cache(maxsize=65536)
def stated_level(x: BirthDate, y: BirthDate) -> tuple[bool, int, int]:
    """The level of two dates, ranges or dates about: whether of partial dates, which, and of how many choices."""
    if not x.exact or not y.exact:
        found = nearest_dates(x, y)
        return True, partial_level(found.first, found.other), found.choices
    if x.first.day and y.first.day:
        return False, whole_level(x.first, y.first), 1
    return True, partial_level(x.first, y.first), 1


def whole_level(x: PartialDate, y: PartialDate) -> int:
    """The level of two dates that are both known to the day."""
    if x == y:
        return SAME_DEFAULT if _is_default(x) else SAME
    year_same, same_parts = x.year == y.year, (x.month == y.month) + (x.day == y.day)
    if year_same and x.month == y.day and x.day == y.month:
        return SWAPPED
    if (year_same or same_parts == 2) and one_digit_off(x, y):
        return ONE_DIGIT
    if year_same:
        return SAME_MONTH if x.month == y.month else SAME_YEAR
    if same_parts == 2 and not _is_default(x):
        return SAME_DAY
    years = abs(x.year - y.year)
    return YEAR_OFF if years == 1 else YEARS_APART if years < WRONG_YEARS else DIFFERENT


def _is_default(date: PartialDate) -> bool:
    """Whether only the year may be known: 1 January in two years agrees in nothing."""
    return date.month == 1 and date.day == 1


def partial_level(x: PartialDate, y: PartialDate) -> int:
    """The level of two dates of which one lacks the day or the month."""
    if x.year == y.year:
        if not x.month or not y.month:
            return PARTIAL_YEAR
        return PARTIAL_MONTH if x.month == y.month else PARTIAL_OFF
    years = abs(x.year - y.year)
    if years == 1:
        return PARTIAL_OFF
    if years < ESTIMATED_YEARS and _is_year(x) and _is_year(y):
        return PARTIAL_ESTIMATED
    return PARTIAL_APART if years < WRONG_YEARS else PARTIAL_DIFFERENT


def _is_year(date: PartialDate) -> bool:
    """Whether only the year is known."""
    return not date.month or _is_default(date)


def one_digit_off(x: PartialDate, y: PartialDate) -> bool:
    """One of eight digits differs, or two neighbouring ones are exchanged."""
    p, q = _digits(x), _digits(y)
    wrong = [k for k in range(DIGITS) if p[k] != q[k]]
    if len(wrong) == 1:
        return True
    return len(wrong) == 2 and wrong[1] == wrong[0] + 1 and p[wrong[0]] == q[wrong[1]] and p[wrong[1]] == q[wrong[0]]


def _digits(date: PartialDate) -> str:
    return f"{date.year:04d}{date.month:02d}{date.day:02d}"


def date_value(entity: EntityPrint, index: int) -> str:
    """One of the dates as ISO 8601, as far as it is known, or the text that it came as."""
    dates = entity.all_birth_dates
    return format_birth_date(dates[index]) if dates else entity.birth_date_text


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


def _are_years(dates: Words) -> NDArray[np.bool_]:
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


BIRTH_DATE = Comparison(
    "birth_date",
    "birth_date",
    N_("Date of birth"),
    N_("the date of birth"),
    WHOLE,
    SOURCE,
    compare_whole,
    date_value,
    several="birth_dates",
    beside="birth_date_partial",
    bound=Bound(date_state, _bound_whole),
    bounded=PERSON,
)
BIRTH_DATE_PARTIAL = Comparison(
    "birth_date_partial",
    "birth_date",
    N_("Partial date of birth"),
    N_("the partial date of birth"),
    PARTIAL,
    SOURCE,
    compare_partial,
    date_value,
    bound=bound_by_levels(date_state, [*map(_partial_level_of, range(_NO_DATE)), NONE, NONE, NONE]),
    bounded=PERSON,
)
