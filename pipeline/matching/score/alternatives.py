"""The ways of not being the same: strangers, and companions who share a home, a name or a group.

The score of an entity pair is its log odds against all of them together: with P the prior of each alternative,
odds = P(same) * m / (P(stranger) * u + P(companion) * h), hence bits = -log2(2^-stranger + 2^-companion).
Under companions a family name, an address, a phone line say nothing; the given name and the birth date decide.

A comparison gives one number for each alternative, and so does its bound. Each alternative is summed by itself; only
the sums are combined.
"""

from __future__ import annotations

import math

Bits = tuple[int, ...]
"""Hundredths of a bit against each alternative: strangers, then each kind of companions."""

COMPANION_KINDS = ("companion",)
"""Kinds of companions, each with its own prior and its own share of every level. Another is a name here, an h in every
Level, its prior in the model file, and a line in scoring.odds and combined."""

ALTERNATIVES = 1 + len(COMPANION_KINDS)
STRANGERS, COMPANIONS = range(ALTERNATIVES)

REACH = 1400
"""Hundredths of a bit: beyond this distance the smaller alternative takes less than half a hundredth of a bit."""

DISCOUNT = tuple(round(100 * math.log2(1 + 2 ** (-gap / 100))) for gap in range(REACH))
"""What the second alternative takes from the first, by their distance in hundredths of a bit."""


def against_both(stranger: int, companion: int) -> int:
    """-log2(2^-stranger + 2^-companion), in hundredths of a bit; rises with either. Folding it takes in more kinds."""
    gap = abs(stranger - companion)
    smaller = stranger if stranger < companion else companion
    return smaller - DISCOUNT[gap] if gap < REACH else smaller
