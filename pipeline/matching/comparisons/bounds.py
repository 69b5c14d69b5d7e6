"""What bounds a comparison, for many pairs at once, from what sketches hold of two entities.

A bound has two parts. `state` reads two rows of sketches and numbers what they leave open (the hashes of two phones
are equal, agree in one half, differ, or one is missing). `bits` gives the most that the comparison can be worth in each
state. Comparisons that read the same part of a row share one `state`, so that screening looks it up once for all.

The law: in the state of two entities' rows, `bits` is never below what `compare` gives, against any alternative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.score.alternatives import ALTERNATIVES

if TYPE_CHECKING:
    from pipeline.matching.comparisons.levels import Table
    from pipeline.matching.screening.rows import Rows

BitsArray = NDArray[np.int32]
"""Hundredths of a bit against each alternative: (ALTERNATIVES, states or pairs of rows)."""

States = NDArray[np.integer]
"""A state for each pair of rows, from 0."""

NONE = -1
"""In place of a level: the comparison says nothing."""

RowState = Callable[["Rows", "Rows"], States]


@dataclass(frozen=True, slots=True)
class Bound:
    """The states of two rows, and the most hundredths of a bit in each state under a table.

    `costly`: to find a state takes longer than those of all other comparisons together.
    """

    state: RowState
    bits: Callable[[Table], BitsArray]
    part: str = ""
    costly: bool = False


def bound_by_level(strongest_level: RowState, part: str) -> Bound:
    """A bound whose states are the strongest levels that rows leave open, or the number of levels if none is known."""
    return Bound(strongest_level, strongest_from, part)


def bound_by_levels(state: RowState, levels: Sequence[int], part: str) -> Bound:
    """A bound whose state i leaves open at most the level `levels[i]`, or NONE."""
    return Bound(state, lambda table: strongest_from(table)[:, list(levels)], part)


def strongest_from(table: Table) -> BitsArray:
    """Most hundredths of a bit at each level and all weaker ones, then at NONE: (ALTERNATIVES, levels + 1).

    Rarity of a value may raise any level; an agreement never weighs less than nothing.
    """
    extra = max([0, table.rare, *table.terms.values()])
    bits = [(max(weight + extra, 0) if extra else weight, *others) for weight, *others in table.bits]
    reached = np.maximum.accumulate(np.array(bits, np.int32)[::-1])[::-1]
    return np.concatenate([reached, np.zeros((1, ALTERNATIVES), np.int32)]).T.copy()


def most_at_any_level(table: Table) -> BitsArray:
    """Most hundredths of a bit whatever the values, 0 or more: (ALTERNATIVES,)."""
    most: BitsArray = np.maximum(strongest_from(table)[:, 0], 0)
    return most
