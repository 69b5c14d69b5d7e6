"""Upper bounds of what pairs of entities are worth, thousands at once, from the rows of sketches (sketches.py).

OddsBound bounds the odds of two entities, with each comparison at the strongest level that two rows leave open.
WeightBound combines and calibrates these as scoring.weigh_entities does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache, reduce
from typing import NamedTuple

import numpy as np

from pipeline.matching.alternatives import ALTERNATIVES, DISCOUNT, REACH, SCORE_LIMIT, STRANGERS
from pipeline.matching.bounds.sketches import join_sketches, make_sketch, without_room
from pipeline.matching.comparisons.catalogue import CATALOGUE
from pipeline.matching.comparisons.comparison import (
    BitsArray,
    Comparison,
    RowState,
    States,
    Table,
    apply_curve,
    most_at_any_level,
)
from pipeline.matching.comparisons.identifier import OWN
from pipeline.matching.comparisons.name.encoding import OPEN
from pipeline.matching.comparisons.number_ends import may_share_number
from pipeline.matching.encoded import BitsOfRows, Bytes, Flags, Rows
from pipeline.matching.fingerprint import Entities, EntityPrint
from pipeline.matching.model import Model
from pipeline.matching.ragged import Index
from pipeline.records.entity_types import TYPES

BoundOdds = Callable[[Rows, Rows, Flags], BitsArray]
"""OddsBound.bound_odds or OddsBound.bound_quickly."""

MOST_OTHERS = 8
"""The number of bits in a row's `others`."""

MOST_BOUNDED = 8_000_000
"""Pairs of words, and of runs of them, that are compared to bound two cases by their sketches, some 0.4 s. 40,000 pairs
of people with one name have a quarter of it; two entities may have 65,000."""

_HAS_OWN_NUMBER = np.array([entity_type in OWN for entity_type in TYPES])
_DISCOUNT = np.array([*DISCOUNT, 0], np.int32)
_NEVER = 1 << 24
"""Hundredths of a bit against an alternative that an entity type does not have."""


class WeightBound:
    """The most that scoring.weigh_entities gives two entities of one type, under one model."""

    def __init__(self, model: Model, states: Mapping[RowState, RowState] | None = None) -> None:
        """`states` are as of OddsBound."""
        made = {one.name for kind in TYPES for one in model.comparisons[kind]}
        self.odds = OddsBound(model, [one for one in CATALOGUE if one.name in made], states)
        self._offsets, self._curves = _offsets_by_type(model), _curves_by_type(model)

    def combine(self, odds: BitsArray, types: Bytes) -> BitsOfRows:
        """The bounds of weights, in hundredths of a bit, from those of odds against each alternative."""
        weights: BitsOfRows = reduce(_against_both, odds + self._offsets[:, types])
        for column, calibrated in self._curves:
            of_type = np.flatnonzero(types == column)
            weights[of_type] = calibrated[np.clip(weights[of_type], -SCORE_LIMIT, SCORE_LIMIT) + SCORE_LIMIT]
        return weights

    def bound_entities(self, a: Entities, b: Entities, cells: Sequence[tuple[int, int]], least: int) -> BitsOfRows:
        """The bounds of some pairs of entities of one type, by index, in hundredths of a bit.

        One below `least` may be the quick bound, which is looser, and so may those of entities with so many words that
        the whole bounds of all would take too long (leave_costly). It is SCORE_LIMIT where an entity has no sketch.
        """
        sketches, others = (join_sketches([_sketch_alone(entity) for entity in side]) for side in (a, b))
        at, other = np.array(cells, np.int64).reshape(-1, 2).T
        found = np.full(len(cells), SCORE_LIMIT, np.int32)
        some: Index = np.flatnonzero((sketches.counts[at] > 0) & (others.counts[other] > 0))
        for bound_odds in (self.odds.bound_quickly, self.odds.bound_odds):
            first = np.zeros(len(some), np.int64)
            rows: Rows = sketches.take_rows(at[some], first)
            other_rows: Rows = others.take_rows(other[some], first)
            if bound_odds == self.odds.bound_odds:
                cheap = leave_costly(name_sizes(rows, other_rows))
                some, rows, other_rows = some[cheap], rows.take(cheap), other_rows.take(cheap)
            odds = bound_odds(rows, other_rows, may_share_number(rows, other_rows))
            found[some] = self.combine(odds, rows.byte("type"))
            some = some[found[some] >= least]
        return found


def name_sizes(a: Rows, b: Rows) -> Index:
    """How many pairs of words, and of runs of them, whole bounds of pairs of rows compare."""
    closed = (a.byte("name_words") != OPEN) & (b.byte("name_words") != OPEN)
    sizes: Index = a.byte("name_entries").astype(np.int64) * b.byte("name_entries") * closed
    return sizes


def leave_costly(sizes: Index) -> Index:
    """Those of some pairs, by index, whose sizes together are at most MOST_BOUNDED: the smallest, and all of one size.

    Looser bounds change no score, and which have them depends on no order.
    """
    order = np.argsort(sizes, kind="stable")
    ranked = sizes[order]
    last = np.searchsorted(ranked, ranked, "right") - 1
    kept: Index = np.sort(order[np.cumsum(ranked)[last] <= MOST_BOUNDED])
    return kept


@lru_cache(maxsize=2048)
def _sketch_alone(entity: EntityPrint) -> bytes:
    """The sketch of an entity by itself. A large case meets many, and making sketches takes longer than bounding."""
    return make_sketch((entity,))


def forget_sketches() -> None:
    """Forget the sketches made so far: for whoever changes what sketches hold."""
    _sketch_alone.cache_clear()


@lru_cache(maxsize=8)
def weight_bound(model: Model) -> WeightBound:
    """That of a model, made once."""
    return WeightBound(model)


def _offsets_by_type(model: Model) -> BitsArray:
    """The offset of each alternative for each entity type: shape (ALTERNATIVES, TYPES)."""
    found = np.full((ALTERNATIVES, len(TYPES)), _NEVER, np.int32)
    found[STRANGERS] = 0
    for column, entity_type in enumerate(TYPES):
        for at, offset in model.companions[entity_type]:
            found[at, column] = offset
    return found


def _curves_by_type(model: Model) -> list[tuple[int, BitsOfRows]]:
    """The index in TYPES of each calibrated type, and the calibrated evidence for -SCORE_LIMIT to SCORE_LIMIT."""
    return [
        (column, np.array([apply_curve(bits, curve) for bits in range(-SCORE_LIMIT, SCORE_LIMIT + 1)], np.int32))
        for column, entity_type in enumerate(TYPES)
        if (curve := model.curves[entity_type])
    ]


def _against_both(some: BitsOfRows, others: BitsOfRows) -> BitsOfRows:
    """alternatives.against_both of each pair."""
    gap = np.minimum(np.abs(some - others), REACH)
    both: BitsOfRows = np.minimum(some, others) - _DISCOUNT[gap]
    return both


class BoundTable(NamedTuple):
    """The summed bounds of the comparisons that share one state of rows.

    `bits` has the shape (ALTERNATIVES, types times `states`). `agreements` is the same for pairs that a number for life
    settles (scoring.settle_results), where no comparison is below 0.
    """

    state: RowState
    states: int
    bits: BitsArray
    agreements: BitsArray


class OddsBound:
    """The sum of the bounds of some comparisons, by default all, under one model.

    An entity may have values that are not compared for its type (a person's plate, a vessel's flag). Rows hold them,
    but here they do not count.
    """

    def __init__(
        self,
        model: Model,
        comparisons: Iterable[Comparison] = CATALOGUE,
        states: Mapping[RowState, RowState] | None = None,
    ) -> None:
        """`states` are read in place of others, of which they have all states."""
        by_state: dict[RowState, list[BitsArray]] = defaultdict(list)
        for comparison in comparisons:
            for table, types in _types_by_table(model, comparison):
                if comparison.bound is not None and (bounded := comparison.bounded & types):
                    by_state[comparison.bound.state].append(_by_type(comparison.bound.bits(table), bounded))
                for entity_type in types:
                    if comparison in (held := without_room(entity_type)):
                        bits = _by_presence(held.index(comparison), most_at_any_level(table))
                        by_state[presence_state].append(_by_type(bits, {entity_type}))
        read = states or {}
        self.tables = [_make_table(read.get(state, state), bounds) for state, bounds in by_state.items()]
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


def _make_table(state: RowState, bounds: list[BitsArray]) -> BoundTable:
    bits: BitsArray = np.sum(bounds, 0, np.int32).reshape(ALTERNATIVES, -1)
    agreements: BitsArray = np.sum(np.maximum(bounds, 0), 0, np.int32).reshape(ALTERNATIVES, -1)
    return BoundTable(state, bounds[0].shape[2], bits, agreements)


def _without_states(table: BoundTable) -> BoundTable:
    """The table with one state, the most of all that it has."""
    bits, agreements = (of.reshape(ALTERNATIVES, -1, table.states).max(2) for of in (table.bits, table.agreements))
    return BoundTable(_only_state, 1, bits, agreements)


def _only_state(a: Rows, b: Rows) -> States:
    return np.zeros(len(a), np.int32)
