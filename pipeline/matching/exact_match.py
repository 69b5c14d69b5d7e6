"""By what a question meets a hit-only record, and the one band in which that is told. Pure."""

from __future__ import annotations

from enum import STRICT, IntFlag
from typing import Final

from pipeline.matching.bands import Band


class ExactMatch(IntFlag, boundary=STRICT):
    """Which parts of a question are equal to those of a hit-only record; NONE: nothing may be told of it.

    `NUMBER`: a whole number, phone or e-mail. `NAME`: a whole name, and with it the one whole birth date.
    """

    NONE = 0
    NUMBER = 1
    NAME = 2


HIT_BAND: Final = Band.PROBABLE
"""The band in which a hit-only record is told of, whatever was equal.

There is one, since several would be a gradient: which of two guesses is nearer. It is the lower of the two in which
links are told without a look at their evidence, since nobody who reads a hit can weigh what it rests on.
"""
