"""Rules out pairs of cases by their small sketches: not all that the screen rules out, but most, where cases meet.

The bound is computed as the screen's is (screening.py), from coarser rows (small_sketch.py). So no pair is ruled out
that may be a link, or equal in what meets a hit-only case. Screening takes some 2 microseconds a pair, of 2,000 at
once, and 1.3 milliseconds more a call: pairs of all cases of a chunk should be screened together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.matching.alternatives import SCORE_LIMIT
from pipeline.matching.bounds.entity_bounds import WeightBound
from pipeline.matching.bounds.sketches import join_sketches
from pipeline.matching.comparisons.comparison import States
from pipeline.matching.comparisons.name.bound import NO_NAME, name_state
from pipeline.matching.encoded import BitsOfRows, Flags, Rows, WordArray
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.model import Model
from pipeline.matching.ragged import Index, expand_pairs
from pipeline.matching.screening.screening import RowPairs, ScoreBound, find_equal_parts
from pipeline.matching.screening.small_names import bound_names
from pipeline.matching.screening.small_sketch import SMALL_SKETCH_WORDS, SmallHead, SmallRows, make_small_sketches

TOGETHER = 1 << 13
"""Pairs that are screened at once: more no longer cost less each, and need about 2 kB of memory a pair."""


class SmallSketchScreen:
    """Rules out pairs of cases whose probability is certainly below the threshold, under one model.

    Cases are given by their small sketches, one a row: shape (cases, SMALL_SKETCH_WORDS).
    """

    words = SMALL_SKETCH_WORDS

    def __init__(self, model: Model, threshold: float) -> None:
        self._bound = WeightBound(model, {name_state: small_name_state})
        self._scores = ScoreBound(model, threshold, self._bound)

    def make_sketches(self, fingerprints: Sequence[Fingerprint]) -> WordArray:
        """The small sketches of cases."""
        return make_small_sketches(join_sketches([fingerprint.sketch for fingerprint in fingerprints]))

    def may_link(self, asking: WordArray, held: WordArray) -> Flags:
        """Whether the cases of `asking[i]` and `held[i]` may be linked, for each i; one may have a single row for all.

        A pair is screened alike in any company.
        """
        count = max(len(asking), len(held)) if len(asking) and len(held) else 0
        one, other = (np.arange(count) if len(small) > 1 else np.zeros(count, np.int64) for small in (asking, held))
        may: Flags = np.ones(count, np.bool_)
        for start in range(0, len(one), TOGETHER):
            some = slice(start, start + TOGETHER)
            may[some] = self._screen(asking, held, one[some], other[some])
        return may

    def bound_scores(self, asking: WordArray, held: WordArray) -> BitsOfRows:
        """The upper bound of each pair's score, in hundredths of a bit; SCORE_LIMIT where a case has no rows.

        Pairs that pass whatever they score are held to be at the least score of a link.
        """
        at = np.arange(len(asking))
        found = np.full(len(asking), SCORE_LIMIT, np.int32)
        some, of = _pair_rows(asking, held, at, at)
        if some.size:
            found[some] = self._scores(of, len(some), self._bound.odds.bound_odds)
        return found

    def _screen(self, asking: WordArray, held: WordArray, one: Index, other: Index) -> Flags:
        may: Flags = np.ones(len(one), np.bool_)
        some, of = _pair_rows(asking, held, one, other)
        if some.size:
            may[some] = self._scores(of, len(some), self._bound.odds.bound_odds) >= self._scores.least
            hidden = SmallHead.hidden.lies_in(asking[one[some], 0] | held[other[some], 0])
            if hidden.any():
                may[some] |= hidden & _may_be_equal(of, len(some))
        return may


def small_name_state(a: Rows, b: Rows) -> States:
    """The states of the names of pairs of SmallRows of one type, among those of name.bound.name_state."""
    if not (isinstance(a, SmallRows) and isinstance(b, SmallRows)):
        raise TypeError("rows of small sketches have their own names")
    state = np.full(len(a), NO_NAME, np.int32)
    named = np.flatnonzero((a.worth > 0) & (b.worth > 0))
    if named.size:
        state[named] = bound_names(a.take(named), b.take(named))
    return state


def _pair_rows(asking: WordArray, held: WordArray, one: Index, other: Index) -> tuple[Index, RowPairs]:
    """Which pairs have rows on both sides, and these rows."""
    rows = SmallHead.rows.take(asking[one, 0]).astype(np.int64)
    others = SmallHead.rows.take(held[other, 0]).astype(np.int64)
    some = np.flatnonzero((rows > 0) & (others > 0))
    pair, row, column = expand_pairs(rows[some], others[some])
    at = some[pair]
    return some, RowPairs(SmallRows(asking, one[at], row), SmallRows(held, other[at], column), pair, column)


def _may_be_equal(of: RowPairs, count: int) -> Flags:
    """screening.may_be_equal of each pair."""
    parts = find_equal_parts(of.rows, of.other)
    alone, phones, emails = (np.bincount(of.pair[part], minlength=count) > 0 for part in parts)
    found: Flags = alone | phones & emails
    return found
