"""The alternatives to being the same: two entities may be strangers, or companions of several kinds.

- `household`: siblings, twins, spouses, or a parent and a child with different names. They share what a household
  shares (a family name, a door, a phone line), so these say nothing; given names and birth dates decide.
- `named_after`: a parent and a child, a grandparent and a grandchild, or cousins, who have the same name. However long
  and rare the name is, it says nothing, as it was passed on whole; a generation between two birth dates says much.
- `group`: companies of one group, or branches of one body. They share the name of the group, and more; the other words
  of their names decide.

The score of an entity pair is its log odds against all alternatives together. With P the prior of each,
odds = P(same) * m / (P(stranger) * u + P(household) * h + ...), hence bits = -log2(2^-strangers + 2^-household + ...).
Fields depend on each other only within a kind, such as a name that is passed on and the years between two births.

A comparison gives one number for each alternative, and so does its bound. The numbers of each alternative are summed,
and only the sums are combined. If there are several values, each alternative takes its own best pair of them, so one
more value that agrees never lowers the score.
"""

from __future__ import annotations

import math

Bits = tuple[int, ...]
"""Hundredths of a bit against each alternative: strangers, then each kind of companions."""

COMPANION_KINDS = ("household", "named_after", "group")
"""Kinds of companions, each with its own prior and its own share of every level. To add one, add its name here, an h to
every Level, its prior to the model file, an entry to the rows of pipeline.records.entity_types whose entities have such
companions. pipeline.matching.score.scoring.combine_alternatives takes it in by its prior."""

ALTERNATIVES = 1 + len(COMPANION_KINDS)
STRANGERS, HOUSEHOLD, NAMED_AFTER, GROUP = range(ALTERNATIVES)

SCORE_LIMIT = 1 << 16
"""Hundredths of a bit; every score lies between this and its negative."""

NO_BITS: Bits = (0,) * ALTERNATIVES

LEAST_SHARE = 1e-4
"""The least h of a level: records are mixed up and numbers lent or copied more often than once in 10,000 companions."""

REACH = 1400
"""Hundredths of a bit. Beyond this distance the second alternative changes the result by less than 0.005 bits."""

DISCOUNT = tuple(round(100 * math.log2(1 + 2 ** (-gap / 100))) for gap in range(REACH))
"""By how much the second alternative lowers the first, by their distance; in hundredths of a bit."""


def against_both(one: int, other: int) -> int:
    """-log2(2^-one + 2^-other), in hundredths of a bit. It rises with either, and can be applied to more in turn."""
    gap = abs(one - other)
    smaller = one if one < other else other
    return smaller - DISCOUNT[gap] if gap < REACH else smaller
