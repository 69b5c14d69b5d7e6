"""What a row of a screen holds of birth dates, and the levels that two rows leave open."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons.birth_date import (
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
from pipeline.matching.comparisons.birth_date_ranges import (
    SEVERAL,
    encode_day,
    encode_days,
    encode_years,
    share_day,
    share_month,
    widen_years,
    with_days,
    year_sets,
)
from pipeline.matching.comparisons.bounds import NONE, BitsArray, Bound, States, bound_by_levels, strongest_from
from pipeline.matching.comparisons.comparison import Table
from pipeline.matching.fingerprint import EntityPrint

if TYPE_CHECKING:
    from pipeline.matching.encoded import Flags, Rows, WordArray

_TWO = tuple(int(str(number), 16) for number in range(100))
"""Two digits, four bits each."""

_YEARS = np.array([int(f"{year:x}") if f"{year:x}".isdecimal() else 0 for year in range(1 << 16)], np.int16)
"""Years by their four digits, four bits each."""


def encode(entity: EntityPrint) -> tuple[int, int]:
    """The eight digits of the date, four bits each; of several, or a range, what encode_years says; 0 for none.

    Then the months and days of all (encode_days).
    """
    date = entity.birth_date
    if date is None:
        dates = entity.birth_dates
        return (encode_years(dates), encode_days(dates)) if dates else (0, 0)
    century, year = divmod(date.year, 100)
    return _TWO[century] << 24 | _TWO[year] << 16 | _TWO[date.month] << 8 | _TWO[date.day], encode_day(date)


_SIGNS = 9
_NO_DATE = 1 << _SIGNS
_YEARS_MEET, _YEARS_OFF, _YEARS_NEAR, _YEARS_APART = range(4)
"""Of several dates: whether the sets of years have one in common, or some that are one year apart, or as near as
estimated years may be."""
_NO_DAYS, _OTHER_DAYS, _DAY_MEETS = range(3)
"""Whether both know a day, and one may be that of the other but for the year."""

_SEVERAL_KINDS = tuple(product(range(4), range(3), (False, True)))
"""Of several dates: years, days, and whether both state one month."""
_SEVERAL_STATES = range(_NO_DATE + 1, _NO_DATE + 1 + len(_SEVERAL_KINDS))


def date_state(a: Rows, b: Rows) -> States:
    """Number what two dates have in common, by its bits, or _NO_DATE where a side has none.

    Where a side has several: one of _SEVERAL_STATES. The bits from the lowest: the same year, month, day; all
    digits but one, or but two exchanged; years that are one apart; day and month exchanged; an unknown month; an
    unknown day; years that are near, as near as _is_year of both allows.
    """
    (one, days), (other, other_days) = a.words("born"), b.words("born")
    apart = one ^ other
    wrong = (apart | apart >> 1 | apart >> 2 | apart >> 3) & 0x11111111
    edits = np.bitwise_count(wrong)
    years = np.abs(_read_years(one) - _read_years(other))
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
    low = np.zeros(len(one), np.uint8)
    for bit, sign in enumerate(signs[:-1]):
        low |= sign.view(np.uint8) << np.uint8(bit)
    code = low | signs[-1].astype(np.int16) << np.int16(_SIGNS - 1)
    state = np.where((one == 0) | (other == 0), np.int16(_NO_DATE), code)
    several = np.flatnonzero((np.maximum(one, other) >= SEVERAL) & (np.minimum(one, other) > 0))
    if several.size:
        both = [part[several] for part in np.broadcast_arrays(one, other, days, other_days)]
        state[several] = _several_state(*both)
    return state


def share_birth_date(a: Rows, b: Rows) -> Flags:
    """Whether two rows have one date, or one with day and month exchanged; at least wherever whole dates are so."""
    one, other = a.words("born")[0], b.words("born")[0]
    flipped = (one & 0xFF == other >> 8 & 0xFF) & (other & 0xFF == one >> 8 & 0xFF)
    found: Flags = (one > 0) & ((one == other) | flipped & (one >> 16 == other >> 16))
    return found


def _several_state(one: WordArray, other: WordArray, days: WordArray, other_days: WordArray) -> NDArray[np.int16]:
    """One of _SEVERAL_STATES of each two."""
    years, others = year_sets(one, _YEARS), year_sets(other, _YEARS)
    state = np.full(len(one), _YEARS_APART, np.int16)
    for apart in range(ESTIMATED_YEARS):
        met = (state == _YEARS_APART) & (years & others != 0)
        state[met] = (_YEARS_MEET, _YEARS_OFF)[apart] if apart < 2 else _YEARS_NEAR
        years = widen_years(years)
    known = with_days(one) & with_days(other)
    day = np.where(known, np.where(share_day(days, other_days), _DAY_MEETS, _OTHER_DAYS), _NO_DAYS)
    kind = (3 * state + day.astype(np.int16)) * np.int16(2) + share_month(days, other_days)
    return kind + np.int16(_SEVERAL_STATES.start)


def _read_years(dates: WordArray) -> NDArray[np.int16]:
    """The years of encoded dates, from four bits a digit; of several dates any number."""
    digits = (dates >> 16).astype(np.int16)
    years: NDArray[np.int16] = digits - 6 * (digits >> 4) - 60 * (digits >> 8) - 600 * (digits >> 12)
    return years


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
    date_state, [*map(_partial_level_of, range(_NO_DATE)), NONE, *[NONE for _ in _SEVERAL_STATES]], "born"
)
