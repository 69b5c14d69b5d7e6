"""Requests a minute for each subject: a bucket that fills evenly and holds one minute's worth."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Final

MINUTE_S: Final = 60.0

MOST_SUBJECTS: Final = 100_000
"""Buckets kept; the one longest unused is full again long before it is dropped."""


class Rates:
    """Buckets by subject; times are seconds of any steady clock."""

    def __init__(self, per_minute: int) -> None:
        self._capacity = float(per_minute)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, subject: str, now: float) -> int:
        """0 and one request less if the subject may ask now, else the seconds until it may."""
        level, since = self._buckets.pop(subject, (self._capacity, now))
        level = min(self._capacity, level + (now - since) * self._capacity / MINUTE_S)
        allowed = level >= 1.0
        self._buckets[subject] = (level - 1.0 if allowed else level, now)
        if len(self._buckets) > MOST_SUBJECTS:
            self._buckets.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1.0 - level) * MINUTE_S / self._capacity))
