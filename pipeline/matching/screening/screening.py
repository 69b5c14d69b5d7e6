"""Upper bounds of the scores of thousands of pairs of cases at once, from their sketches (sketches.py).

The bound is computed as the score is (pipeline.matching.score.scoring), with each comparison at the strongest level
that two rows leave open. It is never below the score, and seldom so far above it that two strangers pass.

Pairs with a hit-only case pass as well where anything may be equal by which one meets the other (access.hit_gate),
however much contradicts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons.bounds import BitsArray
from pipeline.matching.comparisons.levels import apply_curve
from pipeline.matching.comparisons.numbers import may_share_number
from pipeline.matching.model import Model
from pipeline.matching.score.alternatives import ALTERNATIVES, DISCOUNT, REACH, STRANGERS
from pipeline.matching.score.marks import ALL_PAIRS
from pipeline.matching.score.scoring import EACH_PAIR, SCORE_LIMIT, attempts_fee, least_score
from pipeline.matching.screening.row_screening import OddsBound, find_equal_parts, may_share
from pipeline.matching.screening.rows import (
    HIDDEN,
    ROW_WORDS,
    WORD_BYTES,
    BitsOfRows,
    Bytes,
    Flags,
    Index,
    Rows,
    WordArray,
    expand_pairs,
)  # fmt: skip
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


class Sketches(NamedTuple):
    """The sketches of cases: all their words, and for each case where its first row begins and how many rows it has.

    `hidden` are the cases that are hit-only.
    """

    words: WordArray
    starts: Index
    counts: Index
    hidden: Flags

    def take_cases(self, cases: NDArray[np.intp] | NDArray[np.int64]) -> Sketches:
        """The sketches of some of the cases, by index; a case may be taken several times."""
        return Sketches(self.words, self.starts[cases], self.counts[cases], self.hidden[cases])


def find_rows(words: WordArray, starts: Index, sizes: Index) -> Sketches:
    """The sketches that begin at the words `starts` and have `sizes` words; a size of 0 means no sketch."""
    counts = np.zeros(len(starts), np.int64)
    held = np.flatnonzero(sizes)
    first = words[starts[held]]
    counts[held] = first & np.uint32(HIDDEN - 1)
    hidden = np.zeros(len(starts), np.bool_)
    hidden[held] = first >= HIDDEN
    return Sketches(words, starts + 1, counts, hidden)


def join_sketches(sketches: list[bytes]) -> Sketches:
    """Put sketches, as bytes, one after the other."""
    sizes = np.array([len(sketch) // WORD_BYTES for sketch in sketches], np.int64)
    words = np.frombuffer(b"".join([*sketches, bytes(WORD_BYTES * ROW_WORDS)]), np.uint32)
    return find_rows(words, np.cumsum(sizes) - sizes, sizes)


class Screen:
    """Rules out pairs of cases whose probability is certainly below the threshold, under one model."""

    def __init__(self, model: Model, threshold: float) -> None:
        self._prior, self._offsets, self._curves = model.prior, _offsets_by_type(model), curves_by_type(model)
        self._least = least_score(threshold)
        self._bound = OddsBound(model)

    def __call__(self, a: Sketches, b: Sketches) -> Flags:
        """Whether `a[i]` and `b[i]` may be linked, for each i."""
        may: Flags = (a.counts == 0) | (b.counts == 0)
        hidden = np.flatnonzero((a.hidden | b.hidden) & ~may)
        if hidden.size:
            may[hidden] = may_be_equal(a.take_cases(hidden), b.take_cases(hidden))
        closed = np.flatnonzero(~may)
        if closed.size < MANY or self._pass(a, b, closed[::SAMPLED], self._bound.bound_quickly).mean() < MOST_LEFT:
            closed = closed[self._pass(a, b, closed, self._bound.bound_quickly)]
        may[closed[self._pass(a, b, closed, self._bound.bound_odds)]] = True
        return may

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
