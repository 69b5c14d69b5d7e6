"""Upper bounds of the scores of thousands of pairs of cases at once, from their sketches (sketches.py).

The bound is computed as the score is (pipeline.matching.score.scoring), with each comparison at the strongest level
that two rows leave open: OddsBound bounds the odds of two entities, Screen the scores of two cases. It is never below
the score, and seldom so far above it that two strangers pass.

Pairs with a hit-only case pass as well where anything may be equal by which one meets the other (access.hit_gate),
however much contradicts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np

from pipeline.matching.alternatives import ALTERNATIVES, DISCOUNT, REACH, STRANGERS
from pipeline.matching.comparisons.birth_date_rows import share_birth_date
from pipeline.matching.comparisons.bounds import BitsArray, RowState, States, most_at_any_level
from pipeline.matching.comparisons.catalogue import CATALOGUE, SELECTORS
from pipeline.matching.comparisons.comparison import Comparison, Table, apply_curve
from pipeline.matching.comparisons.identifier import OWN
from pipeline.matching.comparisons.number_rows import WHOLE, may_share_number, phone_state
from pipeline.matching.encoded import (
    BitsOfRows,
    Bytes,
    Flags,
    Index,
    Rows,
    expand_pairs,
)
from pipeline.matching.model import Model
from pipeline.matching.score.scoring import ALL_PAIRS, EACH_PAIR, SCORE_LIMIT, attempts_fee, least_score
from pipeline.matching.screening.sketches import Sketches, without_room
from pipeline.records.entity_types import TYPES

BoundOdds = Callable[[Rows, Rows, Flags], BitsArray]
"""OddsBound.bound_odds or OddsBound.bound_quickly."""

MANY, SAMPLED, MOST_LEFT = 4096, 16, 0.75
"""Of MANY pairs or more, every SAMPLED-th is bounded quickly first. If more than the share MOST_LEFT passes, the quick
bound costs more than it saves and is left out. That happens with a low threshold, or with pairs that all share a number
which nearly makes a link."""

_DISCOUNT = np.array([*DISCOUNT, 0], np.int32)
_NEVER = 1 << 24
"""Hundredths of a bit against an alternative that an entity type does not have."""
_ATTEMPTS = np.array([*(attempts_fee(cells) for cells in range(ALL_PAIRS + 1)), 0], np.int32)
"""The fee by the number of entity pairs; 0 beyond ALL_PAIRS, where only pairs that share a mark are compared."""

MOST_OTHERS = 8
"""The number of bits in a row's `others`."""


class Screen:
    """Rules out pairs of cases whose probability is certainly below the threshold, under one model."""

    def __init__(self, model: Model, threshold: float) -> None:
        self._prior, self._offsets, self._curves = model.prior, _offsets_by_type(model), curves_by_type(model)
        self._least = least_score(threshold)
        self._bound = OddsBound(model)

    def __call__(self, a: Sketches, b: Sketches) -> Flags:
        """Whether `a[i]` and `b[i]` may be linked, for each i. The order of the steps is that of their cost."""
        # 1. A case without a sketch is compared with all that it meets: nothing bounds its scores.
        may: Flags = (a.counts == 0) | (b.counts == 0)
        # 2. Pairs with a hit-only case pass where anything may be equal by which one meets the other, before any bound,
        #    since what contradicts undoes a link but no such meeting.
        hidden = np.flatnonzero((a.hidden | b.hidden) & ~may)
        if hidden.size:
            may[hidden] = may_be_equal(a.take_cases(hidden), b.take_cases(hidden))
        closed = np.flatnonzero(~may)
        # 3. The quick bound rules out most of the others at a tenth of the cost: it looks at no word of names. It is
        #    left out where a sample shows that it rules out too few to pay.
        if closed.size < MANY or self._pass(a, b, closed[::SAMPLED], self._bound.bound_quickly).mean() < MOST_LEFT:
            closed = closed[self._pass(a, b, closed, self._bound.bound_quickly)]
        # 4. The whole bound decides the rest. Both are never below the score, so links are the same without a screen.
        may[closed[self._pass(a, b, closed, self._bound.bound_odds)]] = True
        return may

    def bound_scores(self, a: Sketches, b: Sketches) -> BitsOfRows:
        """The upper bound of each pair's score, in hundredths of a bit; SCORE_LIMIT where a case has no sketch.

        Pairs that pass whatever they score are held to be at the least score of a link.
        """
        found = np.full(len(a.counts), SCORE_LIMIT, np.int32)
        some = np.flatnonzero((a.counts > 0) & (b.counts > 0))
        if some.size:
            found[some] = self._bound_scores(a.take_cases(some), b.take_cases(some), self._bound.bound_odds)
        return found

    def _pass(self, a: Sketches, b: Sketches, some: Index, bound_odds: BoundOdds) -> Flags:
        """Which of some pairs, by index, are not ruled out by a bound."""
        if not some.size:
            return np.zeros(0, np.bool_)
        return self._bound_scores(a.take_cases(some), b.take_cases(some), bound_odds) >= self._least

    def _bound_scores(self, a: Sketches, b: Sketches, bound_odds: BoundOdds) -> BitsOfRows:
        """The upper bound of each pair's score, in hundredths of a bit, with the prior.

        Pairs that may have a number in common always pass, since the number alone may make a link
        (score.shared_numbers).
        """
        pair, row, column = expand_pairs(a.counts, b.counts)
        rows, other = Rows(a.words, a.starts[pair], row), Rows(b.words, b.starts[pair], column)
        same = rows.byte("type") == other.byte("type")
        numbers = may_share_number(rows, other)
        bits = np.where(same, self._bound_weights(bound_odds(rows, other, numbers), rows.byte("type")), 0)
        begins = np.flatnonzero(column == 0)
        best = np.maximum((np.maximum.reduceat(bits, begins) if len(begins) < len(bits) else bits) - EACH_PAIR, 0)
        ceilings = np.bincount(pair[begins], best, len(a.counts)).astype(np.int32) + (self._prior + EACH_PAIR)
        cells = np.bincount(pair[same], minlength=len(a.counts))
        ceilings -= _ATTEMPTS[np.minimum(cells, ALL_PAIRS + 1)]
        let_through = pair[numbers | ~same & may_share(rows, other, numbers)]
        ceilings[let_through] = np.maximum(ceilings[let_through], self._least)
        return ceilings

    def _bound_weights(self, odds: BitsArray, types: Bytes) -> BitsOfRows:
        """The upper bound of weigh_entities for rows of one type, from the bounds against each alternative."""
        weights: BitsOfRows = reduce(_against_both, odds + self._offsets[:, types])
        for column, calibrated in self._curves:
            of_type = np.flatnonzero(types == column)
            weights[of_type] = calibrated[np.clip(weights[of_type], -SCORE_LIMIT, SCORE_LIMIT) + SCORE_LIMIT]
        return weights


def may_be_equal(a: Sketches, b: Sketches) -> Flags:
    """Whether `a[i]` and `b[i]` may be equal in what meets a hit-only case (EqualParts), for each i."""
    pair, row, column = expand_pairs(a.counts, b.counts)
    parts = find_equal_parts(Rows(a.words, a.starts[pair], row), Rows(b.words, b.starts[pair], column))
    alone, phones, emails = (np.bincount(pair[part], minlength=len(a.counts)) > 0 for part in parts)
    found: Flags = alone | phones & emails
    return found


def _offsets_by_type(model: Model) -> BitsArray:
    """The offset of each alternative for each entity type: shape (ALTERNATIVES, TYPES)."""
    found = np.full((ALTERNATIVES, len(TYPES)), _NEVER, np.int32)
    found[STRANGERS] = 0
    for column, entity_type in enumerate(TYPES):
        for at, offset in model.companions[entity_type]:
            found[at, column] = offset
    return found


def curves_by_type(model: Model) -> list[tuple[int, BitsOfRows]]:
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
    settles (scoring.settle_results), where no comparison is below 0. `part` is as in bounds.Bound.
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
