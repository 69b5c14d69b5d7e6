"""Dates and times of a record as people read them: to the day, the month or the year, ranges, and dates about."""

from __future__ import annotations

from pipeline.matching.explain.words import describe_birth_date
from pipeline.records.dates import CIRCA, RANGE
from pipeline.web.i18n import Words


def first_day(when: str) -> str:
    """Where a date, a range or a date about begins."""
    return when.removesuffix(CIRCA).partition(RANGE)[0]


def format_moment(words: Words, when: str) -> str:
    """A date, a time, or a range or a date about, as people read it."""
    if when != first_day(when):
        return describe_birth_date(when, words.language)
    return words.format_minute(when) if "T" in when else words.format_date(when)
