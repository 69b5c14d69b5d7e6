"""A time of day that jumps, for a stage's process that a test starts."""

from __future__ import annotations

import time
from datetime import datetime, tzinfo
from typing import Final

from pipeline.streams.registers import control
from pipeline.streams.runtime import faults
from pipeline.streams.stages import intake
from pipeline.streams.stages import saved_searches as standing

HOUR_S: Final = 3600
JUMPS_S: Final = (0, 30 * HOUR_S, -30 * HOUR_S, HOUR_S // 2)
"""How far it is ahead, in turn. A broker refuses what is dated more than an hour ahead, takes what is dated back, and
30 hours are more than stores that nobody opens are kept."""

STEADY_S: Final = 2.0
"""Seconds between two jumps."""


def jump() -> None:
    """Lead this process's clock astray from now on, as `time.time` and the stages' own `now` tell it."""
    begun, real = time.monotonic(), time.time

    def ahead() -> int:
        return JUMPS_S[int((time.monotonic() - begun) / STEADY_S) % len(JUMPS_S)]

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Jumping:
            return cls.fromtimestamp(real() + ahead(), tz)

    for module in (control, faults, intake, standing):
        vars(module)["datetime"] = Jumping
    vars(time)["time"] = lambda: real() + ahead()
