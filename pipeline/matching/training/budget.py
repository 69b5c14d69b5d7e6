"""How much training looks at.

All names of one entity are held against all of the other's, which is most of the work, so that pairs of names are what
is limited where entities have many. A share that n pairs show is known to 1.44 / sqrt(n) bits (the standard deviation
of the log2 of a count). On the UN's, UK's and US lists the learnt weights vary by 0.11 bits from seed to seed (mean
standard deviation), by 0.10 with twice as many random pairs, and by 0.13 with half as many.
"""

from __future__ import annotations

from dataclasses import dataclass

RANDOM_PAIRS = 400_000
RANDOM_NAMES = 400_000
"""Pairs of entities, and of their names, for u. What half and twice as many change is measured above."""

PAIRS_PER_RULE = 60_000
NAMES_PER_RULE = 240_000
"""The same for m, of each rule. Entities that share a key tend to have many names: on the lists 27 pairs of names a
pair of people, 16 of bodies."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How many pairs of entities to look at, how many pairs of names these may have, and the seed that draws them.

    A pair is drawn as long as those before it have not reached the limit, so one is drawn whatever it has.
    """

    random_pairs: int = RANDOM_PAIRS
    random_names: int = RANDOM_NAMES
    pairs_per_rule: int = PAIRS_PER_RULE
    names_per_rule: int = NAMES_PER_RULE
    seed: int = 1
