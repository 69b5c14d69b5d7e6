"""Upper bounds of the scores of thousands of pairs of cases at once, from their sketches (sketches.py).

The bound is computed as the score is (pipeline.matching.score.scoring), with each comparison at the strongest level
that two rows leave open: OddsBound bounds the odds of two entities, Screen the scores of two cases. It is never below
the score, and seldom so far above it that two strangers pass.

Pairs with a hit-only case pass as well where anything may be equal by which one meets the other (access.hit_gate),
however much contradicts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipeline.matching.alternatives import SCORE_LIMIT
from pipeline.matching.bounds.entity_bounds import BoundOdds, WeightBound, name_sizes
from pipeline.matching.bounds.sketches import Sketches, without_room
from pipeline.matching.comparisons.birth_date import share_birth_date
from pipeline.matching.comparisons.catalogue import SELECTORS
from pipeline.matching.comparisons.number_ends import EndsState, may_share_number
from pipeline.matching.comparisons.phone import phone_state
from pipeline.matching.encoded import BitsOfRows, Flags, Rows
from pipeline.matching.model import Model
from pipeline.matching.ragged import Index, expand_pairs
from pipeline.matching.score.scoring import ALL_PAIRS, EACH_PAIR, attempts_fee, least_score, tie_fee
from pipeline.records.entity_types import TYPES

MANY, SAMPLED, MOST_LEFT = 4096, 16, 0.75
"""Of MANY pairs or more, every SAMPLED-th is bounded quickly first. If more than the share MOST_LEFT passes, the quick
bound costs more than it saves and is left out. That happens with a low threshold, or with pairs that all share a number
which nearly makes a link."""

MOST_WORDS = 1_000_000
"""Pairs of words, and of runs of them, that are compared to bound two cases, some 0.06 s."""

MOST_IN_ROWS = 254 * 254
"""The same of two entities (encoding.OPEN)."""

_ATTEMPTS = np.array([attempts_fee(cells) for cells in range(ALL_PAIRS + 1)], np.int32)
"""The fee by the number of entity pairs of one type, at most ALL_PAIRS of which are paid for."""


class Screen:
    """Rules out pairs of cases whose probability is certainly below the threshold, under one model."""

    def __init__(self, model: Model, threshold: float) -> None:
        self._bound = WeightBound(model)
        self._scores = ScoreBound(model, threshold, self._bound)
        self._least = self._scores.least

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
        if closed.size < MANY or self._pass(a, b, closed[::SAMPLED], self._bound.odds.bound_quickly).mean() < MOST_LEFT:
            closed = closed[self._pass(a, b, closed, self._bound.odds.bound_quickly)]
        # 4. A pair with so many words that they take too long to bound passes: the judge has bounds of its own.
        costly = self._find_costly(a, b, closed)
        may[closed[costly]] = True
        closed = closed[~costly]
        # 5. The whole bound decides the rest. Both are never below the score, so links are the same without a screen.
        may[closed[self._pass(a, b, closed, self._bound.odds.bound_odds)]] = True
        return may

    def bound_scores(self, a: Sketches, b: Sketches) -> BitsOfRows:
        """The upper bound of each pair's score, in hundredths of a bit; SCORE_LIMIT where it is not found.

        It is not found where a case has no sketch, or both have so many words that it would take too long.

        Pairs that pass whatever they score are held to be at the least score of a link.
        """
        found = np.full(len(a.counts), SCORE_LIMIT, np.int32)
        some = np.flatnonzero((a.counts > 0) & (b.counts > 0))
        some = some[~self._find_costly(a, b, some)]
        if some.size:
            found[some] = self._bound_scores(a.take_cases(some), b.take_cases(some), self._bound.odds.bound_odds)
        return found

    @staticmethod
    def _find_costly(a: Sketches, b: Sketches, some: Index) -> Flags:
        """Which of some pairs, by index, have more words to compare than MOST_WORDS."""
        if not some.size:
            return np.zeros(0, np.bool_)
        left, right = a.take_cases(some), b.take_cases(some)
        if not (left.counts * right.counts * MOST_IN_ROWS > MOST_WORDS).any():
            return np.zeros(len(some), np.bool_)
        pair, row, column = expand_pairs(left.counts, right.counts)
        sizes = name_sizes(left.take_rows(pair, row), right.take_rows(pair, column))
        found: Flags = np.bincount(pair, sizes, len(some)) > MOST_WORDS
        return found

    def _pass(self, a: Sketches, b: Sketches, some: Index, bound_odds: BoundOdds) -> Flags:
        """Which of some pairs, by index, are not ruled out by a bound."""
        if not some.size:
            return np.zeros(0, np.bool_)
        return self._bound_scores(a.take_cases(some), b.take_cases(some), bound_odds) >= self._least

    def _bound_scores(self, a: Sketches, b: Sketches, bound_odds: BoundOdds) -> BitsOfRows:
        """The upper bound of each pair's score, in hundredths of a bit, with the prior."""
        pair, row, column = expand_pairs(a.counts, b.counts)
        rows, other = a.take_rows(pair, row), b.take_rows(pair, column)
        return self._scores(RowPairs(rows, other, pair, column), len(a.counts), bound_odds)


class RowPairs(NamedTuple):
    """Every row of each pair's one case with every row of the other: `pair` and `column` as of encoded.expand_pairs."""

    rows: Rows
    other: Rows
    pair: Index
    column: Index


class ScoreBound:
    """Bounds the scores of pairs of cases by the odds of their rows, under one model; `least` is a link's score."""

    def __init__(self, model: Model, threshold: float, bound: WeightBound) -> None:
        """`bound` is the model's, for rows of the kind that is given."""
        self._prior, self._bound = model.prior, bound
        self.least = least_score(threshold)

    def __call__(self, of: RowPairs, count: int, bound_odds: BoundOdds) -> BitsOfRows:
        """The upper bound of the score of each of `count` pairs, in hundredths of a bit, with the prior.

        Pairs that may have a number in common always pass, since the number alone may make a link
        (score.shared_numbers).
        """
        rows, other, pair, column = of
        same = rows.byte("type") == other.byte("type")
        numbers = may_share_number(rows, other)
        bits = np.zeros(len(rows), np.int32)
        some = np.flatnonzero(same)
        odds = bound_odds(rows.take(some), other.take(some), numbers[some])
        bits[some] = self._bound.combine(odds, rows.byte("type")[some])
        begins = np.flatnonzero(column == 0)
        best = np.maximum((np.maximum.reduceat(bits, begins) if len(begins) < len(bits) else bits) - EACH_PAIR, 0)
        cells = np.bincount(pair[same], minlength=count)
        dearer = np.flatnonzero(cells > ALL_PAIRS)
        most = _charge_ties(best, pair[begins], cells, dearer) if dearer.size else 0
        ceilings = np.bincount(pair[begins], best, count).astype(np.int32) + (self._prior + EACH_PAIR) + most
        ceilings -= _ATTEMPTS[np.minimum(cells, ALL_PAIRS)]
        across = np.flatnonzero(~same)
        shared = may_share(rows.take(across), other.take(across), numbers[across])
        let_through = np.concatenate([pair[numbers], pair[across[shared]]])
        ceilings[let_through] = np.maximum(ceilings[let_through], self.least)
        return ceilings


def _charge_ties(best: BitsOfRows, pair: Index, cells: Index, dearer: Index) -> BitsOfRows:
    """Take from the best of each row what a tie of a large case costs beyond EACH_PAIR (scoring.tie_fee), in place.

    `best` are without EACH_PAIR, of the cases' `pair`; `dearer` are the large ones. Returned is what each pair of cases
    gets back for its strongest tie.
    """
    extra = np.zeros(len(cells), np.int32)
    extra[dearer] = [tie_fee(count) - EACH_PAIR for count in cells[dearer].tolist()]
    strongest = np.zeros(len(cells), np.int32)
    np.maximum.at(strongest, pair, best)
    np.maximum(best - extra[pair], 0, out=best)
    return np.minimum(strongest, extra)


def may_be_equal(a: Sketches, b: Sketches) -> Flags:
    """Whether `a[i]` and `b[i]` may be equal in what meets a hit-only case (EqualParts), for each i."""
    pair, row, column = expand_pairs(a.counts, b.counts)
    parts = find_equal_parts(a.take_rows(pair, row), b.take_rows(pair, column))
    alone, phones, emails = (np.bincount(pair[part], minlength=len(a.counts)) > 0 for part in parts)
    found: Flags = alone | phones & emails
    return found


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
    return EqualParts(
        share_birth_date(a, b) | may_share_number(a, b), phone_state(a, b) == EndsState.WHOLE, _have_noted(a, b)
    )
