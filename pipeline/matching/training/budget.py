"""How much training looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from pipeline.matching.fingerprint import EntityPrint

RANDOM_PAIRS = 400_000
PAIRS_PER_RULE = 60_000

NAME_PAIRS = 2.0
"""Pairs of names to compare for a pair of entities, on average: comparing names is two thirds of the time."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How many pairs to look at, and the seed that draws them."""

    random_pairs: int = RANDOM_PAIRS
    pairs_per_rule: int = PAIRS_PER_RULE
    seed: int = 1

    def fit_to_names(self, prints: Sequence[EntityPrint]) -> Budget:
        """Fewer pairs of entities where each has many names, so that about as many pairs of names are compared.

        All names of one are compared with all of the other. Entities of one name or seldom two keep the whole budget.
        """
        names = fmean(max(len(entity.names), 1) for entity in prints)
        share = min(1.0, NAME_PAIRS / names**2)
        return replace(
            self, random_pairs=round(self.random_pairs * share), pairs_per_rule=round(self.pairs_per_rule * share)
        )
