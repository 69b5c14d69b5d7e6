"""Dates that nobody could read as such: their characters in the order year, month, day, and what each may stand for."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice, product

UNREADABLE = "?"

MAY_BE = {
    "o": "0", "d": "0", "q": "09", "i": "17", "l": "17", "t": "17", "|": "17", "!": "1", "z": "27", "s": "58",
    "g": "69", "b": "86", "a": "4",
}  # fmt: skip
"""Letters and signs that stand for digits in misread forms, the likelier digit first."""

LOOK_ALIKES = frozenset(map(frozenset, ("38", "17", "06", "49", "56", "08")))
"""Digits that people and scanners take for each other."""

DATE_LENGTH = 8
YEAR_LENGTH = 4
MONTHS = 12

FEWEST_DIGITS = 4
"""A text with fewer is no date: words have letters that look like digits, too."""

MOST_READINGS = 4
"""Dates that one text may stand for, likelier first; more would tell nothing."""

_PARTS = re.compile(r"[0-9a-z?*|!]+")


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
    orders += [(year, day, month) for year, month, day in orders[:1] if month.isdecimal() and int(month) > MONTHS]
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
    characters = forms[-1] if _is_impossible(forms[0]) else forms[0]
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


def _is_impossible(form: str) -> bool:
    return form[4:6].isdecimal() and int(form[4:6]) > MONTHS


def _as_date(digits: str) -> tuple[int, int, int]:
    year, month, day = (int(part) if part.isdecimal() else 0 for part in (digits[:4], digits[4:6], digits[6:]))
    known = 0 < month <= MONTHS and 0 < day <= 31
    return (year, month, day) if known else (year, 0, 0)
