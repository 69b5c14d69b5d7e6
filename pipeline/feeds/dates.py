"""Reads a date in formats that a mapping kit names; a date that is not stated for certain is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import product
from zoneinfo import ZoneInfo

import msgspec

from pipeline.records.dates import CIRCA, RANGE

MONTHS = ("%m", "%b", "%B")

SERIAL = "serial"
"""Not strptime's: a date as workbooks count it, in days."""
SERIAL_ZERO = datetime(1899, 12, 30, tzinfo=UTC)
"""Day 0 that makes all days from March 1900 on right: Excel counts a 29 February 1900 (ECMA-376 part 1, 18.17.4.1)."""
SERIAL_DAYS = range(61, 73_051)
"""From March 1900 to the year 2100: what is outside is a year or a number, not a date."""


LONGEST_DATE = 200
"""Characters: two dates in words, with words about them; a longer text is none, however often it says "about"."""
KNOWN_DATES = 1 << 16
"""Dates that are not read again: a century has 36,525, and registers write the same ones over and over."""


class DateReading(msgspec.Struct, frozen=True):
    """How dates are written: strptime `formats`, `zone` for those with a time of day.

    `about` are words before a date that is not exact, `between` those between the two ends of a range.
    """

    formats: tuple[str, ...]
    zone: str = "UTC"
    about: tuple[str, ...] = ()
    between: tuple[str, ...] = ()


def is_serial(text: str) -> bool:
    """Whether the text may be a date as workbooks count it."""
    return len(text) <= len(str(SERIAL_DAYS.stop)) and text.isdecimal() and int(text) in SERIAL_DAYS


def stated_dates(text: str, reading: DateReading) -> frozenset[str]:
    """The dates that `text` states, as records write them, each at its format's precision.

    None: it is no date; one: it is that date; several: it is ambiguous.
    """
    return _read_dates(text, reading) if len(text) <= LONGEST_DATE else frozenset()


@lru_cache(maxsize=KNOWN_DATES)
def _read_dates(text: str, reading: DateReading) -> frozenset[str]:
    for word in reading.about:
        if text.casefold().startswith(word.casefold()):
            exact = _read_dates(text[len(word) :].strip(), reading)
            return frozenset(date.removesuffix(CIRCA) + CIRCA for date in exact)
    stated = frozenset(filter(None, (_stated_date(text, format_, reading.zone) for format_ in reading.formats)))
    return stated or frozenset(_stated_ranges(text, reading))


def _stated_ranges(text: str, reading: DateReading) -> set[str]:
    """Ranges of two dates, with one of the words between them."""
    for word in reading.between:
        first, found, last = text.partition(word)
        if found:
            plain = msgspec.structs.replace(reading, between=())
            ends = product(stated_dates(first.strip(), plain), stated_dates(last.strip(), plain))
            return {f"{start.removesuffix(CIRCA)}{RANGE}{end}" for start, end in ends}
    return set()


def _stated_date(text: str, format_: str, zone: str) -> str:
    if format_ == SERIAL:
        return (SERIAL_ZERO + timedelta(days=int(text))).date().isoformat() if is_serial(text) else ""
    try:
        date = datetime.strptime(text, format_)  # noqa: DTZ007 - the zone is set below, where there is a time of day
    except ValueError:
        return ""
    if "%H" in format_:
        return (date if date.tzinfo else date.replace(tzinfo=ZoneInfo(zone))).isoformat()
    if "%d" in format_:
        return date.date().isoformat()
    return date.date().isoformat()[: len("YYYY-MM") if any(month in format_ for month in MONTHS) else len("YYYY")]
