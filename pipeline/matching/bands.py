"""Bands: how likely a link is, in words that messages, documents, answers and pages share. Pure."""

from __future__ import annotations

from enum import StrEnum
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
