"""Upper bounds of the odds of two entities, from a row of each one's sketch, for many pairs of rows at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.matching.comparisons.birth_date_rows import share_birth_date
from pipeline.matching.comparisons.bounds import BitsArray, RowState, States, most_at_any_level
from pipeline.matching.comparisons.catalogue import CATALOGUE, SELECTORS
from pipeline.matching.comparisons.ends import WHOLE
from pipeline.matching.comparisons.levels import Comparison, Table
from pipeline.matching.comparisons.numbers import OWN, may_share_number
from pipeline.matching.comparisons.phone import phone_state
from pipeline.matching.model import Model
from pipeline.matching.score.alternatives import ALTERNATIVES
from pipeline.matching.screening.rows import Flags, Rows
from pipeline.matching.screening.sketches import without_room
from pipeline.records.entity_types import TYPES

MOST_OTHERS = 8
"""The number of bits in a row's `others`."""


class BoundTable(NamedTuple):
    """The summed bounds of the comparisons that share one state of rows.

    `bits` has the shape (ALTERNATIVES, types times `states`). `agreements` is the same for pairs that a number for life
    settles (entity_scoring.settle_results), where no comparison is below 0. `part` is as in bounds.Bound.
    """

    state: RowState
    part: str
    states: int
    bits: BitsArray
    agreements: BitsArray


class OddsBound:
    """The sum of the bounds of some comparisons, by default all, under one model.

    An entity may have values that are not compared for its type (a person's plate, a vessel's flag). Rows hold them,
    but here they do not count.
    """

    def __init__(self, model: Model, comparisons: Iterable[Comparison] = CATALOGUE) -> None:
        by_state: dict[RowState, list[BitsArray]] = defaultdict(list)
        for comparison in comparisons:
            for table, types in _types_by_table(model, comparison):
                if comparison.bound is not None and (bounded := comparison.bounded & types):
                    by_state[comparison.bound.state].append(_by_type(comparison.bound.bits(table), bounded))
                for entity_type in types:
                    if comparison in (held := without_room(entity_type)):
                        bits = _by_presence(held.index(comparison), most_at_any_level(table))
                        by_state[presence_state].append(_by_type(bits, {entity_type}))
        parts = {comparison.bound.state: comparison.bound.part for comparison in CATALOGUE if comparison.bound}
        parts[presence_state] = "others"
        self.tables = [_make_table(state, parts[state], bounds) for state, bounds in by_state.items()]
        costly = {comparison.bound.state for comparison in CATALOGUE if comparison.bound and comparison.bound.costly}
        self._quick = [_without_states(table) if table.state in costly else table for table in self.tables]

    def bound_odds(self, a: Rows, b: Rows, numbers: Flags) -> BitsArray:
        """The most hundredths of a bit against each alternative, for rows of one type: shape (ALTERNATIVES, pairs).

        `numbers` says which pairs may have a number in common (numbers.may_share_number).
        """
        return _sum_bounds(self.tables, a, b, numbers)

    def bound_quickly(self, a: Rows, b: Rows, numbers: Flags) -> BitsArray:
        """A looser bound than bound_odds at a tenth of its cost: costly comparisons count with their largest bits."""
        return _sum_bounds(self._quick, a, b, numbers)


def _sum_bounds(tables: Sequence[BoundTable], a: Rows, b: Rows, numbers: Flags) -> BitsArray:
    types = a.byte("type").astype(np.int32)
    states = [types * np.int32(table.states) + table.state(a, b) for table in tables]
    found = np.zeros((ALTERNATIVES, len(a)), np.int32)
    for table, at in zip(tables, states, strict=True):
        found += table.bits.take(at, 1)
    settled = np.flatnonzero(numbers & _HAS_OWN_NUMBER[types])
    if settled.size:
        found[:, settled] = 0
        for table, at in zip(tables, states, strict=True):
            found[:, settled] += table.agreements.take(at[settled], 1)
    return found


def _types_by_table(model: Model, comparison: Comparison) -> list[tuple[Table, set[str]]]:
    """The distinct tables of a comparison, each with the entity types that use it."""
    found: list[tuple[Table, set[str]]] = []
    for entity_type in sorted(comparison.types):
        table = model.tables_by_type[entity_type][comparison.name]
        types = next((types for other, types in found if other == table), None)
        if types is None:
            found.append((table, {entity_type}))
        else:
            types.add(entity_type)
    return found


def presence_state(a: Rows, b: Rows) -> States:
    """For which comparisons without room in a row both entities have values, as bits."""
    return a.byte("others") & b.byte("others")


def _by_presence(bit: int, most: BitsArray) -> BitsArray:
    """The bits of each presence_state: `most` if the comparison's bit is set, else 0."""
    bits: BitsArray = most[:, None] * (np.arange(1 << MOST_OTHERS) >> bit & 1).astype(np.int32)
    return bits


def _by_type(bits: BitsArray, types: Collection[str]) -> BitsArray:
    """The bits of each state for these types, 0 for others: (ALTERNATIVES, TYPES, states)."""
    applies = np.array([entity_type in types for entity_type in TYPES])
    return np.where(applies[:, None], bits[:, None], np.int32(0))


def _make_table(state: RowState, part: str, bounds: list[BitsArray]) -> BoundTable:
    bits: BitsArray = np.sum(bounds, 0, np.int32).reshape(ALTERNATIVES, -1)
    agreements: BitsArray = np.sum(np.maximum(bounds, 0), 0, np.int32).reshape(ALTERNATIVES, -1)
    return BoundTable(state, part, bounds[0].shape[2], bits, agreements)


def _without_states(table: BoundTable) -> BoundTable:
    """The table with one state, the most of all that it has."""
    bits, agreements = (of.reshape(ALTERNATIVES, -1, table.states).max(2) for of in (table.bits, table.agreements))
    return BoundTable(_only_state, "", 1, bits, agreements)


def _only_state(a: Rows, b: Rows) -> States:
    return np.zeros(len(a), np.int32)


_HAS_OWN_NUMBER = np.array([entity_type in OWN for entity_type in TYPES])
_SHARED = tuple(
    dict.fromkeys(
        comparison.may_share for comparison in SELECTORS if comparison.may_share not in (None, may_share_number)
    )
)
_NOTED = np.array(
    [
        sum(
            1 << at
            for at, comparison in enumerate(without_room(kind))
            if comparison.selector and comparison.may_share is None
        )
        for kind in TYPES
    ],
    np.uint8,
)
"""By type: the bits of `others` that stand for selectors of which a row only tells whether there is a value."""


def may_share(a: Rows, b: Rows, numbers: Flags) -> Flags:
    """Whether entities of different types may share a selector (EntityPrint.selectors); `numbers` as in bound_odds."""
    found: Flags = numbers | _have_noted(a, b)
    for shared in _SHARED:
        found |= shared(a, b)
    return found


def _have_noted(a: Rows, b: Rows) -> Flags:
    noted_a, noted_b = (rows.byte("others") & _NOTED[rows.byte("type")] for rows in (a, b))
    found: Flags = (noted_a > 0) & (noted_b > 0)
    return found


class EqualParts(NamedTuple):
    """What two rows may have in common by which one case meets another, hit-only one exactly (access.hit_gate).

    `alone`: a birth date or number. A phone or an e-mail is not enough by itself, but both of them may be.
    """

    alone: Flags
    phones: Flags
    emails: Flags


def find_equal_parts(a: Rows, b: Rows) -> EqualParts:
    """Of rows of any types; where parts are equal, they are found."""
    return EqualParts(share_birth_date(a, b) | may_share_number(a, b), phone_state(a, b) == WHOLE, _have_noted(a, b))
