"""Birth dates kept as the text of a form that nobody could read as a date.

A text is compared character by character, and `readings` says which dates it may stand for.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice, product

from pipeline.locale import N_
from pipeline.matching.comparisons.birth_date import DATE_LENGTH, MONTHS_A_YEAR, date_value
from pipeline.matching.comparisons.comparison import Comparison, ComparisonLevel, ComparisonResult, Table
from pipeline.matching.fingerprint import EntityPrint
from pipeline.records.normalised import PartialDate

WELL_KNOWN = 7
"""Of the eight characters of a date, so many known ones make agreement nearly as telling as a whole date."""

LITTLE_KNOWN = 5
"""Below so many known characters nothing is told."""

UNREADABLE = "?"

MAY_BE = {
    "o": "0", "d": "0", "q": "09", "i": "17", "l": "17", "t": "17", "|": "17", "!": "1", "z": "27", "s": "58",
    "g": "69", "b": "86", "a": "4",
}  # fmt: skip
"""Letters and signs that stand for digits in misread forms, the likelier digit first."""

LOOK_ALIKES = frozenset(map(frozenset, ("38", "17", "06", "49", "56", "08")))
"""Digits that people and scanners take for each other."""

YEAR_LENGTH = 4
"""Digits of a year."""

FEWEST_DIGITS = 4
"""A text with fewer is no date: words have letters that look like digits, too."""

MOST_READINGS = 4
"""Dates that one text may stand for, likelier first; more would tell nothing."""

_PARTS = re.compile(r"[0-9a-z?*|!]+")


class BirthDateTextLevel(ComparisonLevel):
    """How a text agrees with another, or with a date."""

    AGREES = 0.80, 3.0e-4, 0.01, 0.0005, 0.01
    LOOK_ALIKE_DIGIT = 0.08, 5.3e-4, 0.01, 0.0005, 0.01
    AGREES_IN_PART = 0.70, 1.2e-2, 0.05, 0.01, 0.05
    ONE_CHARACTER = 0.12, 4.0e-3, 0.01, 0.002, 0.01
    DIFFERENT = 0.08, 0.98, 0.95, 0.99, 0.95


def compare_text(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare a birth date kept as the text of a form ("19?0-04-3l") with another text or a date.

    Character by character, letters that look like digits taken as these, in any order of day, month and year; one digit
    that looks like the other's (3 and 8, 1 and 7) hardly contradicts. The text is never parsed.
    """
    if not a.birth_date_text and not b.birth_date_text:
        return None
    if a.all_birth_dates and b.all_birth_dates:
        return None
    found = [
        (level, i, j)
        for i, p in enumerate(_forms(a))
        for j, q in enumerate(_forms(b))
        if (level := text_level(p, q)) is not None
    ]
    if not found:
        return None
    level, i, j = min(found)
    return ComparisonResult(table.bits[level], level, i, j)


def _forms(entity: EntityPrint) -> list[tuple[str, ...]]:
    """Of each date, or of the text, the eight characters in each order of day and month."""
    dates = entity.all_birth_dates
    if not dates:
        return [date_characters(entity.birth_date_text)]
    return [_orders(date.first) if date.exact else () for date in dates]


def _orders(date: PartialDate) -> tuple[str, ...]:
    year = f"{date.year:04d}"
    month, day = (f"{part:02d}" if part else 2 * UNREADABLE for part in (date.month, date.day))
    return year + month + day, year + day + month


def text_level(forms_a: tuple[str, ...], forms_b: tuple[str, ...]) -> BirthDateTextLevel | None:
    """The best level over all orders; None where a text has not the eight characters of a date."""
    levels = (_characters_level(p, q) for p in forms_a for q in forms_b)
    return min((level for level in levels if level is not None), default=None)


def _characters_level(p: str, q: str) -> BirthDateTextLevel | None:
    known = [(x, y) for x, y in zip(p, q, strict=True) if UNREADABLE not in (x, y)]
    if len(known) < LITTLE_KNOWN:
        return None
    wrong = [(x, y) for x, y in known if x != y and not may_be_one(x, y)]
    if not wrong:
        return BirthDateTextLevel.AGREES if len(known) >= WELL_KNOWN else BirthDateTextLevel.AGREES_IN_PART
    if len(wrong) > 1 or len(known) < WELL_KNOWN - 1:
        return BirthDateTextLevel.DIFFERENT
    return (
        BirthDateTextLevel.LOOK_ALIKE_DIGIT
        if are_look_alikes(*wrong[0]) and len(known) >= WELL_KNOWN
        else BirthDateTextLevel.ONE_CHARACTER
    )


@lru_cache(maxsize=16384)
def date_characters(text: str) -> tuple[str, ...]:
    """The eight characters of a folded text as year, month, day, in each order it may have; () if it has not eight.

    A digit, a letter of MAY_BE, or UNREADABLE. Where the month can't be one, day and month are exchanged too.
    """
    if sum(map(str.isdecimal, text)) < FEWEST_DIGITS:
        return ()
    parts = [part.translate(_READ) for part in _PARTS.findall(text.replace("_", UNREADABLE))]
    if len(parts) == len("ymd") and sorted(map(len, parts)) in ([1, 1, 4], [1, 2, 4], [2, 2, 4]):
        parts = [part if len(part) == YEAR_LENGTH else part.zfill(2) for part in parts]
        first, middle, last = parts
        orders = (
            [(first, middle, last)] if len(first) == YEAR_LENGTH else [(last, middle, first), (last, first, middle)]
        )
    else:
        joined = "".join(parts)
        if len(joined) != DATE_LENGTH:
            return ()
        orders = [(joined[:4], joined[4:6], joined[6:]), (joined[4:], joined[2:4], joined[:2]),
                  (joined[4:], joined[:2], joined[2:4])]  # fmt: skip
    orders += [
        (year, day, month) for year, month, day in orders[:1] if month.isdecimal() and int(month) > MONTHS_A_YEAR
    ]
    return tuple(dict.fromkeys("".join(order) for order in orders if len(order[0]) == YEAR_LENGTH))


_READ = {
    code: UNREADABLE for code in map(ord, "abcdefghijklmnopqrstuvwxyz*") if chr(code) not in MAY_BE
}  # fmt: skip


@lru_cache(maxsize=4096)
def may_be_one(x: str, y: str) -> bool:
    """Whether two characters may stand for one digit."""
    return not set(MAY_BE.get(x, x)).isdisjoint(MAY_BE.get(y, y))


def are_look_alikes(x: str, y: str) -> bool:
    """Whether two digits are taken for each other."""
    return frozenset((x, y)) in LOOK_ALIKES


@lru_cache(maxsize=16384)
def readings(text: str) -> tuple[tuple[int, int, int], ...]:
    """The dates that a text may stand for as (year, month, day); 0 in place of a part that can't be read, or be one.

    Only of the likeliest order, and those that are known by the year, or by day and month. A day and month that can't
    be are read as if one of their digits stood for one that looks like it, where that makes them a date.
    """
    forms = date_characters(text)
    if not forms:
        return ()
    month = forms[0][YEAR_LENGTH : YEAR_LENGTH + 2]
    characters = forms[-1] if month.isdecimal() and int(month) > MONTHS_A_YEAR else forms[0]
    if characters.isdecimal() and not _as_date(characters)[1] and (mended := _mend_digit(forms)):
        return mended
    choices = [MAY_BE.get(one, one) for one in characters]
    found = (_as_date("".join(one)) for one in islice(product(*choices), MOST_READINGS))
    return tuple(dict.fromkeys(date for date in found if date[0] or date[1]))


def _mend_digit(forms: tuple[str, ...]) -> tuple[tuple[int, int, int], ...]:
    found = (
        _as_date(form[:at] + digit + form[at + 1 :])
        for form in forms
        for at in range(YEAR_LENGTH, DATE_LENGTH)
        for digit in "0123456789"
        if are_look_alikes(form[at], digit)
    )
    return tuple(dict.fromkeys(date for date in found if date[1]))[:MOST_READINGS]


def _as_date(digits: str) -> tuple[int, int, int]:
    year, month, day = (int(part) if part.isdecimal() else 0 for part in (digits[:4], digits[4:6], digits[6:]))
    known = 0 < month <= MONTHS_A_YEAR and 0 < day <= 31
    return (year, month, day) if known else (year, 0, 0)


BIRTH_DATE_TEXT = Comparison(
    "birth_date_text",
    "birth_date_text",
    N_("Unreadable date of birth"),
    N_("the unreadable date of birth"),
    BirthDateTextLevel,
    (
        "m is judgement, not counts: a date that nobody could read agrees in 4 of 5 where its characters are known; u "
        "is that of dates by chance, higher the fewer characters are known, and h that of companions' birth dates; 6 "
        "of the 45 pairs of digits look alike, hence u(look_alike_digit) = 6/45 of u(one_character)"
    ),
    compare_text,
    date_value,
    conditional="of agrees_in_part pairs of which five or six characters are known, of the others those with more",
    also_reads=("birth_date", "birth_dates"),
    sketched=False,
)
