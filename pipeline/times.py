"""The time of day, and points in time as people type them: an instant, or how long ago."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from pipeline.errors import LiaisonError

Clock = Callable[[], datetime]
"""Tells the time, as an aware datetime; given to whatever depends on it."""

UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
WITH_WEEKS: Final = UNITS | {"w": "weeks"}
_AGO: Final = re.compile(r"(\d{1,6})([a-z])")


def now() -> datetime:
    """The time of day, aware."""
    return datetime.now(UTC)


def unix_ms(time: datetime) -> int:
    """Unix milliseconds of an aware time, the unit of Kafka's."""
    return int(time.timestamp() * 1000)


def point_in_time(text: str, at: datetime, units: Mapping[str, str] = UNITS) -> datetime:
    """An ISO 8601 date or time (UTC where it names no zone), or 30s, 10m, 2h, 7d before `at`. Raises LiaisonError."""
    ago = _AGO.fullmatch(text)
    if ago and ago[2] in units:
        return at - timedelta(**{units[ago[2]]: int(ago[1])})
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise LiaisonError(f"{text!r} is not a time; use 10m, 2h, 7d or 2026-11-24T10:00") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
