"""The ways of not being the same: strangers, and companions of several kinds.

`household`: siblings, twins, spouses, a parent and a child with names of their own. They share what a household shares
(a family name, a door, a phone line), so that these say nothing; given names and birth dates decide.
`named_after`: a parent and a child, a grandparent and a grandchild or cousins who bear one name. However long and rare
the name is, it says nothing, as it was passed on whole; a generation between two birth dates says much.
`group`: companies of one group, branches of one body. They share the name of the group, and more; the other words of
their names decide.

The score of an entity pair is its log odds against all of them together: with P the prior of each alternative,
odds = P(same) * m / (P(stranger) * u + P(household) * h + ...), hence bits = -log2(2^-strangers + 2^-household + ...).
Fields depend on each other inside a kind only: a name that is passed on, with the years between two birth dates.

A comparison gives one number for each alternative, and so does its bound. Each alternative is summed by itself; only
the sums are combined. Of several values the best pair is taken for each alternative separately, so that one more value
that agrees never takes anything away.
"""

from __future__ import annotations

import math

Bits = tuple[int, ...]
"""Hundredths of a bit against each alternative: strangers, then each kind of companions."""

COMPANION_KINDS = ("household", "named_after", "group")
"""Kinds of companions, each with its own prior and its own share of every level. Another is a name here, an h in every
Level, its prior in the model file, an entry in the rows of pipeline.records.entity_types whose entities have such
companions, and a term in entity_scoring.odds_by_alternative."""

ALTERNATIVES = 1 + len(COMPANION_KINDS)
STRANGERS, HOUSEHOLD, NAMED_AFTER, GROUP = range(ALTERNATIVES)

NO_BITS: Bits = (0,) * ALTERNATIVES

LEAST_SHARE = 1e-4
"""No level has a smaller h: records are mixed up, numbers lent and copied more often than once in 10,000 companions."""

REACH = 1400
"""Hundredths of a bit: beyond this distance the smaller alternative takes less than half a hundredth of a bit."""

DISCOUNT = tuple(round(100 * math.log2(1 + 2 ** (-gap / 100))) for gap in range(REACH))
"""What the second alternative takes from the first, by their distance in hundredths of a bit."""


def against_both(one: int, other: int) -> int:
    """-log2(2^-one + 2^-other), in hundredths of a bit; rises with either. Folding it takes in more alternatives."""
    gap = abs(one - other)
    smaller = one if one < other else other
    return smaller - DISCOUNT[gap] if gap < REACH else smaller
