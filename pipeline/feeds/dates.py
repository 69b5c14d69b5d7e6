"""Reads a date in formats that a mapping kit names; a date that is not stated for certain is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

MONTHS = ("%m", "%b", "%B")


def stated_dates(text: str, formats: Sequence[str], zone: str) -> set[str]:
    """The ISO 8601 dates that `text` states in the strptime `formats`, each at its format's precision.

    None: it is no date; one: it is that date; several: it is ambiguous. `zone` holds for formats with a time of day.
    """
    stated = (_stated_date(text, format_, zone) for format_ in formats)
    return {date for date in stated if date}


def _stated_date(text: str, format_: str, zone: str) -> str:
    try:
        date = datetime.strptime(text, format_)  # noqa: DTZ007 - the zone is set below, where there is a time of day
    except ValueError:
        return ""
    if "%H" in format_:
        return (date if date.tzinfo else date.replace(tzinfo=ZoneInfo(zone))).isoformat()
    if "%d" in format_:
        return date.date().isoformat()
    return date.date().isoformat()[: len("YYYY-MM") if any(month in format_ for month in MONTHS) else len("YYYY")]
