"""Birth dates, whole or partial."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.locale import N_
from pipeline.matching.comparisons.bounds import NONE, States, bound_by_levels
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table
from pipeline.matching.comparisons.types import PERSON
from pipeline.matching.fingerprint import EntityPrint
from pipeline.records.normalised import PartialDate

if TYPE_CHECKING:
    from pipeline.matching.screening.rows import Rows

WHOLE = (
    Level("same", 0.815, 4.6e-5, 0.01),
    Level("day_month_swapped", 0.02, 4.0e-5, 0.0003),
    Level("same_first_january", 0.03, 1.0e-4, 0.001),
    Level("one_digit", 0.05, 6.0e-4, 0.002),
    Level("same_year_month", 0.02, 1.3e-3, 0.003),
    Level("same_day_month", 0.015, 2.5e-3, 0.004),
    Level("same_year", 0.02, 1.5e-2, 0.02),
    Level("year_off_one", 0.01, 3.2e-2, 0.08),
    Level("different", 0.02, 0.95, 0.88),
)

SAME, SWAPPED, SAME_DEFAULT, ONE_DIGIT, SAME_MONTH, SAME_DAY, SAME_YEAR, YEAR_OFF, DIFFERENT = range(9)

PARTIAL = (
    Level("same_year_month", 0.80, 1.4e-3, 0.01),
    Level("same_year", 0.85, 1.7e-2, 0.03),
    Level("year_off_one", 0.08, 3.3e-2, 0.08),
    Level("different", 0.07, 0.95, 0.89),
)
PARTIAL_MONTH, PARTIAL_YEAR, PARTIAL_OFF, PARTIAL_DIFFERENT = range(4)

SOURCE = (
    "u: births spread over 60 years and 365 days, so u(same) = 1/21,900; h: of 100 pairs of companions one are twins, "
    "or one's date is held for the other's; m is judgement: 81 of 100 dates are copied without a slip, and each kind "
    "of slip (a digit, day and month swapped, 1 January for an unknown day) befalls 1 to 5"
)
DIGITS = 8
"""Of a date."""


def compare_whole(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare two whole birth dates.

    Same, day and month swapped, one digit off or two neighbouring digits exchanged, same year and month, same day and
    month, same year, a year off, different. A shared 1 January says less, or nothing in two years: registers put it
    where only the year is known.
    """
    x, y = a.birth_date, b.birth_date
    if x is None or y is None or not x.day or not y.day:
        return None
    level = whole_level(x, y)
    return table.results[level]


def compare_partial(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Two birth dates of which at least one is known to the month or the year only: what both have is compared."""
    x, y = a.birth_date, b.birth_date
    if x is None or y is None or (x.day and y.day):
        return None
    level = partial_level(x, y)
    return table.results[level]


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
    return YEAR_OFF if abs(x.year - y.year) == 1 else DIFFERENT


def _is_default(date: PartialDate) -> bool:
    """Whether only the year may be known: 1 January in two years agrees in nothing."""
    return date.month == 1 and date.day == 1


def partial_level(x: PartialDate, y: PartialDate) -> int:
    """The level of two dates of which one lacks the day or the month."""
    if x.year == y.year:
        if not x.month or not y.month:
            return PARTIAL_YEAR
        return PARTIAL_MONTH if x.month == y.month else PARTIAL_OFF
    return PARTIAL_OFF if abs(x.year - y.year) == 1 else PARTIAL_DIFFERENT


def one_digit_off(x: PartialDate, y: PartialDate) -> bool:
    """One of eight digits differs, or two neighbouring ones are exchanged."""
    p, q = _digits(x), _digits(y)
    wrong = [k for k in range(DIGITS) if p[k] != q[k]]
    if len(wrong) == 1:
        return True
    return len(wrong) == 2 and wrong[1] == wrong[0] + 1 and p[wrong[0]] == q[wrong[1]] and p[wrong[1]] == q[wrong[0]]


def _digits(date: PartialDate) -> str:
    return f"{date.year:04d}{date.month:02d}{date.day:02d}"


def date_value(entity: EntityPrint, _index: int) -> str:
    """The date as ISO 8601, as far as it is known, or the text it came as."""
    date = entity.birth_date
    if date is None:
        return entity.birth_date_text
    parts = [f"{date.year:04d}", *(f"{part:02d}" for part in (date.month, date.day) if part)]
    return "-".join(parts)


_TWO = tuple(int(str(number), 16) for number in range(100))
"""Two digits, four bits each."""

_YEARS = np.array([int(f"{year:x}") if f"{year:x}".isdecimal() else 0 for year in range(1 << 16)], np.int16)
"""Years by their four digits, four bits each."""


def encode(entity: EntityPrint) -> int:
    """The eight digits of the date, four bits each; 0 for none."""
    date = entity.birth_date
    if date is None:
        return 0
    century, year = divmod(date.year, 100)
    return _TWO[century] << 24 | _TWO[year] << 16 | _TWO[date.month] << 8 | _TWO[date.day]


_SIGNS = 8
_NO_DATE = 1 << _SIGNS


def date_state(a: Rows, b: Rows) -> States:
    """Number what two dates have in common, by its bits; _NO_DATE where a side has none.

    From the lowest: the same year, month, day; all digits but one, or but two exchanged; years that are one apart; day
    and month exchanged; an unknown month; an unknown day.
    """
    one, other = a.words("born")[0], b.words("born")[0]
    apart = one ^ other
    wrong = (apart | apart >> 1 | apart >> 2 | apart >> 3) & 0x11111111
    edits = np.bitwise_count(wrong)
    signs = (
        apart >> 16 == 0,
        apart & 0xFF00 == 0,
        apart & 0xFF == 0,
        (edits == 1) | ((edits == 2) & (wrong & wrong >> 4 != 0)),
        np.abs(_YEARS[one >> 16] - _YEARS[other >> 16]) == 1,
        (one & 0xFF == other >> 8 & 0xFF) & (other & 0xFF == one >> 8 & 0xFF),
        (one & 0xFF00 == 0) | (other & 0xFF00 == 0),
        (one & 0xFF == 0) | (other & 0xFF == 0),
    )
    code = np.zeros(len(one), np.uint8)
    for bit, sign in enumerate(signs):
        code |= sign.view(np.uint8) << np.uint8(bit)
    return np.where((one == 0) | (other == 0), np.int16(_NO_DATE), code)


def _whole_level_of(code: int) -> int:
    """whole_level by what is the same, which is all it asks for; NONE where a day is unknown."""
    year, month, day, edit, near, flipped, _, no_day = (code >> bit & 1 for bit in range(_SIGNS))
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
    return SAME_DAY if month and day else (YEAR_OFF if near else DIFFERENT)


def _partial_level_of(code: int) -> int:
    """partial_level likewise; NONE where both days are known."""
    year, month, _, _, near, _, no_month, no_day = (code >> bit & 1 for bit in range(_SIGNS))
    if not no_day:
        return NONE
    if year:
        return PARTIAL_YEAR if no_month else (PARTIAL_MONTH if month else PARTIAL_OFF)
    return PARTIAL_OFF if near else PARTIAL_DIFFERENT


BIRTH_DATE = Comparison(
    "birth_date",
    "birth_date",
    N_("Date of birth"),
    N_("the date of birth"),
    WHOLE,
    SOURCE,
    compare_whole,
    date_value,
    bound=bound_by_levels(date_state, [*map(_whole_level_of, range(_NO_DATE)), NONE]),
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
    bound=bound_by_levels(date_state, [*map(_partial_level_of, range(_NO_DATE)), NONE]),
    bounded=PERSON,
)
