"""What a link claims and how likely it is, in words that messages, documents, answers and pages share. Pure.

Its band, its basis, and by what a question meets a hit-only record, with the one band in which that is told.
"""

from __future__ import annotations

from enum import STRICT, IntFlag, StrEnum
from typing import Final


class Band(StrEnum):
    """A range of probability, the strongest first. NONE, which is "" in messages, is below all others: no link."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    NONE = ""

    @property
    def rank(self) -> int:
        """The position of the band: 0 for the strongest, 3 for NONE."""
        return RANKS[self]


RANKS: Final[dict[Band, int]] = {band: rank for rank, band in enumerate(Band)}

LINK_BANDS: Final = (Band.CERTAIN, Band.PROBABLE, Band.POSSIBLE)
"""The bands of links."""

LOWEST_PROBABILITIES: Final = ((Band.CERTAIN, 0.99), (Band.PROBABLE, 0.9), (Band.POSSIBLE, 0.5))
"""The probability from which a link is of each band: one link in a hundred, in ten, or in two may be wrong. The limits
are choices; what the bands hold is measured (docs/adr/0032). Higher ones call fewer links certain and leave more
unseen, lower ones show more that are wrong."""


def band_of(probability: float) -> Band:
    """The band of a probability of 0 to 1."""
    return next((band for band, lowest in LOWEST_PROBABILITIES if probability >= lowest), Band.NONE)


class Basis(StrEnum):
    """What a link claims.

    `same`: both cases describe one person or thing. `shared`: two persons or things that are not the same have one
    number. A message, document or line that does not state a basis means `same`.
    """

    SAME = "same"
    SHARED = "shared"


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
