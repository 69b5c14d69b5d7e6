"""Points in time as an operator writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from pipeline.errors import LiaisonError

_AGO: Final = re.compile(r"(\d+)([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def point(text: str, now: datetime) -> datetime:
    """An ISO 8601 time, UTC where it names no zone, or so long ago: 90s, 30m, 2h, 7d, 1w. Raises LiaisonError."""
    if ago := _AGO.fullmatch(text):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise LiaisonError(f"{text!r} is no time: write 2026-11-24T10:00:00Z, or 2h for two hours ago") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
