"""Reads a point in time as people type it: an instant, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from pipeline.errors import LiaisonError

UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_AGO: Final = re.compile(r"(\d{1,6})([smhd])")


def point_in_time(text: str, now: datetime) -> datetime:
    """An ISO 8601 date or time (UTC where it names no zone), or 30s, 10m, 2h, 7d before `now`. Raises LiaisonError."""
    if ago := _AGO.fullmatch(text):
        return now - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise LiaisonError(f"{text!r} is no time: write 10m, 2h, 7d or 2026-11-24T10:00") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
