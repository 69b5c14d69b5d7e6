"""Calendar dates as records state them: known to the year, the month or the day; and moments with their offset.

The patterns admit exactly what the (proleptic Gregorian) calendar holds, 29 February of common years excluded, so that
any JSON Schema validator finds an impossible date, not only this code.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime
from functools import lru_cache

from pipeline.records.normalised import BirthDate, PartialDate, TimeSpan

_YEAR = "(000[1-9]|00[1-9][0-9]|0[1-9][0-9][0-9]|[1-9][0-9][0-9][0-9])"
_LEAP_YEAR = "([0-9][0-9](0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)"
_MONTH = "(0[1-9]|1[0-2])"
_MONTH_AND_DAY = (
    "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
)
_DATE = f"({_YEAR}-{_MONTH_AND_DAY}|{_LEAP_YEAR}-02-29)"
_TIME = "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"

DAY = f"^{_DATE}$"
"""YYYY-MM-DD."""
_PARTIAL_DAY = f"({_YEAR}(-{_MONTH})?|{_DATE})"
PARTIAL_DAY = f"^{_PARTIAL_DAY}$"
"""YYYY, YYYY-MM or YYYY-MM-DD."""
CIRCA, RANGE = "~", "/"
"""As ISO 8601-2 writes them: about a date; from one date to another, both included."""
BIRTH_DATE = f"^{_PARTIAL_DAY}({RANGE}{_PARTIAL_DAY})?{CIRCA}?$"
"""A partial date or a range of two, and whether it is about that."""
INSTANT = f"^{_DATE}{_TIME}$"
"""RFC 3339 with seconds and an offset."""

_is_partial_day = re.compile(_PARTIAL_DAY).fullmatch

_DAY_SECONDS = 24 * 3600


@lru_cache(maxsize=65536)
def partial_date(text: str) -> PartialDate:
    """The date of a text that matches PARTIAL_DAY; raises ValueError for any other."""
    if not _is_partial_day(text):
        raise ValueError("not a date")
    return PartialDate(*map(int, text.split("-")))


@lru_cache(maxsize=65536)
def birth_date(text: str) -> BirthDate:
    """The birth date of a text that matches BIRTH_DATE; raises ValueError for any other, or one that is_reversed."""
    if is_reversed(text):
        raise ValueError("a range ends before it begins")
    return BirthDate(*_ends(text), text.endswith(CIRCA))


def _ends(text: str) -> tuple[PartialDate, PartialDate]:
    first, dash, last = text.removesuffix(CIRCA).partition(RANGE)
    return partial_date(first), partial_date(last if dash else first)


def format_birth_date(date: BirthDate) -> str:
    """The text of a birth date, as records state it."""
    ends = [_format_partial(date.first)] + ([] if date.first == date.last else [_format_partial(date.last)])
    return RANGE.join(ends) + (CIRCA if date.circa else "")


def _format_partial(date: PartialDate) -> str:
    return "-".join([f"{date.year:04d}", *(f"{part:02d}" for part in (date.month, date.day) if part)])


def shared_part(date: BirthDate) -> str:
    """A partial date of all that both ends have in common: the year of 1980-01/1980-05; "" where they share none.

    A date about counts as its year.
    """
    first, last = date.first, date.last
    if first.year != last.year:
        return ""
    month = 0 if date.circa or first.month != last.month else first.month
    day = first.day if month and first.day == last.day else 0
    return _format_partial(PartialDate(first.year, month, day))


def is_reversed(text: str) -> bool:
    """Whether a text that matches BIRTH_DATE is a range that ends before it begins, however its ends are completed."""
    if RANGE not in text:
        return False
    first, last = _ends(text)
    return (first.year, first.month or 1, first.day or 1) > (last.year, last.month or 12, last.day or 31)


@lru_cache(maxsize=4096)
def span_of(text: str) -> TimeSpan:
    """All seconds that a text matching WHEN may mean: one for an instant, 86,400 for a day. Days count in UTC."""
    if "T" in text:
        second = int(datetime.fromisoformat(text).timestamp())
        return TimeSpan(second, second)
    date = partial_date(text)
    month, last_month = (date.month, date.month) if date.month else (1, 12)
    last_day = date.day or monthrange(date.year, last_month)[1]
    first = datetime(date.year, month, date.day or 1, tzinfo=UTC)
    last = datetime(date.year, last_month, last_day, tzinfo=UTC)
    return TimeSpan(int(first.timestamp()), int(last.timestamp()) + _DAY_SECONDS - 1)


_SHORT_YEAR = re.compile(r"^\s*([0-9]{1,2}[./ -]){1,2}[0-9]{1,2}\s*$|^\s*[0-9]{6}\s*$|^\s*'?[0-9]{2}\s*$")
_DAY_FIRST = re.compile(r"^\s*([0-9]{1,2})[./ -]([0-9]{1,2})[./ -][0-9]{4}\s*$")
_ISO_SHAPE = re.compile(r"^[0-9]{4}-[0-9]{2}(-[0-9]{2})?(?![0-9])")
_MONTHS = 12


REVERSED = "is a range that ends before it begins"


def flaw(text: str) -> str:
    """Why a text is not the date that a record needs, for people; it never repeats the text."""
    if RANGE in text and _ISO_SHAPE.match(text):
        text = next((end for end in text.removesuffix(CIRCA).split(RANGE) if not re.match(PARTIAL_DAY, end)), text)
    if _SHORT_YEAR.match(text):
        return "has a two-digit year; use YYYY-MM-DD"
    if parts := _DAY_FIRST.match(text):
        first, second = int(parts[1]), int(parts[2])
        if first <= _MONTHS and second <= _MONTHS and first != second:
            return "is ambiguous: day and month could be swapped; use YYYY-MM-DD"
        return "is not in the form YYYY-MM-DD"
    if _ISO_SHAPE.match(text) and not re.match(PARTIAL_DAY, text[:10]):
        return "is not a date of the calendar; check day and month"
    return "is not a date in the form this field takes"
