"""What two entities' odds are at most, by a row of each one's sketch, for many pairs of rows at once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pipeline.matching.comparisons.bounds import BitsArray, RowState, States
from pipeline.matching.comparisons.catalogue import CATALOGUE, SELECTORS
from pipeline.matching.comparisons.levels import Comparison
from pipeline.matching.comparisons.types import TYPES
from pipeline.matching.model import Model
from pipeline.matching.score.alternatives import ALTERNATIVES
from pipeline.matching.screening.rows import Flags, Rows
from pipeline.matching.screening.sketches import without_room

MOST_OTHERS = 8
"""Bits of a row's `others`."""


class OddsBound:
    """The sum of the bounds of some comparisons, all of them unless said, under one model."""

    def __init__(self, model: Model, comparisons: Iterable[Comparison] = CATALOGUE) -> None:
        bounds: dict[RowState, BitsArray] = {}
        for one in comparisons:
            table = model.tables[one.name]
            if one.bound is not None:
                bits = one.bound.bits(table)
                bounds[one.bound.state] = bounds[one.bound.state] + bits if one.bound.state in bounds else bits
            if (bits := _bits_by_presence(one, one.most(table))).any():
                bounds[presence_state] = bounds.get(presence_state, np.int32(0)) + bits
        self._bounds = list(bounds.items())

    def odds(self, a: Rows, b: Rows) -> BitsArray:
        """Most hundredths of a bit against each alternative, (ALTERNATIVES, pairs), where both rows are of one type."""
        found = np.zeros((ALTERNATIVES, len(a)), np.int32)
        for state, bits in self._bounds:
            found += bits.take(state(a, b), 1)
        return found


def presence_state(a: Rows, b: Rows) -> States:
    """The type of both entities and the comparisons without room for which both have values."""
    others = (a.byte("others") & b.byte("others")).astype(np.int32)
    return a.byte("type").astype(np.int32) << MOST_OTHERS | others


def _bits_by_presence(comparison: Comparison, most: BitsArray) -> BitsArray:
    """What a comparison adds in each presence_state: `most` where both entities have a value that a row only notes."""
    bits = np.zeros((ALTERNATIVES, len(TYPES) << MOST_OTHERS), np.int32)
    others = np.arange(1 << MOST_OTHERS)
    for at, entity_type in enumerate(TYPES):
        if comparison in (held := without_room(entity_type)):
            has = others >> held.index(comparison) & 1
            bits[:, at << MOST_OTHERS : at + 1 << MOST_OTHERS] = most[:, None] * has
    return bits


_SHARED = tuple(dict.fromkeys(one.may_share for one in SELECTORS if one.may_share is not None))
_NOTED = np.array(
    [
        sum(1 << at for at, one in enumerate(without_room(kind)) if one.selector and one.may_share is None)
        for kind in TYPES
    ],
    np.uint8,
)
"""By type: the bits of `others` that stand for selectors of which a row only tells whether there is a value."""


def may_share(a: Rows, b: Rows) -> Flags:
    """Whether entities of different types may share a selector (EntityPrint.selectors)."""
    noted_a, noted_b = (rows.byte("others") & _NOTED[rows.byte("type")] for rows in (a, b))
    found: Flags = (noted_a > 0) & (noted_b > 0)
    for shared in _SHARED:
        found |= shared(a, b)
    return found
