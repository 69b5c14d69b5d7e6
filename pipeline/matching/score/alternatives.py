"""Two ways of not being the same: strangers, and companions who share a home, a name or a group.

The score of an entity pair is its log odds against both together: with P the prior of each alternative,
odds = P(same) * m / (P(stranger) * u + P(companion) * h), hence bits = -log2(2^-stranger + 2^-companion).
Under companions a family name, an address, a phone line say nothing; the given name and the birth date decide.
"""

from __future__ import annotations

import math

REACH = 1400
"""Hundredths of a bit: beyond this distance the smaller alternative takes less than half a hundredth of a bit."""

DISCOUNT = tuple(round(100 * math.log2(1 + 2 ** (-gap / 100))) for gap in range(REACH))
"""What the second alternative takes from the first, by their distance in hundredths of a bit."""


def against_both(stranger: int, companion: int) -> int:
    """-log2(2^-stranger + 2^-companion), in hundredths of a bit; rises with either."""
    gap = abs(stranger - companion)
    smaller = stranger if stranger < companion else companion
    return smaller - DISCOUNT[gap] if gap < REACH else smaller
