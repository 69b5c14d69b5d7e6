"""Bounds of comparisons: the most that a comparison can be worth, for many pairs at once, from sketches alone.

A bound has two parts. `state` reads two rows of sketches and returns the number of the state that they leave open, for
example whether the hashes of two phones are equal, agree in one half, or differ, or one is missing. `bits` gives the
most that the comparison can be worth in each state. Comparisons that read the same part of a row share one `state`, so
that screening looks it up once for all.

The law: in the state of two entities' rows, `bits` is never below what `compare` gives, against any alternative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.alternatives import ALTERNATIVES

if TYPE_CHECKING:
    from pipeline.matching.comparisons.comparison import Table
    from pipeline.matching.encoded import Rows

BitsArray = NDArray[np.int32]
"""Hundredths of a bit against each alternative: shape (ALTERNATIVES, states) or (ALTERNATIVES, pairs of rows)."""

States = NDArray[np.integer]
"""The number of a state, from 0, for each pair of rows."""

NONE = -1
"""Stands for a level if the comparison says nothing."""

RowState = Callable[["Rows", "Rows"], States]
"""The states of `a[i]` and `b[i]` for each i; one side may be a single row, which is paired with all others. The order
of the sides does not matter, unless one is a single row."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The states of two rows, and the most hundredths of a bit in each state under a table.

    `part` is the part of rows that holds the values, or "" if there is no single one. If it is empty in one of two
    rows, the state is that of two empty rows, whatever the other holds. `costly` is True if finding the state takes
    longer than finding those of all other comparisons.
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
