"""A first look at pairs of few cases with many that they meet through one value: what strangers have against each.

Sketches of the many are read once, for all that meet them, and nothing is gathered for a pair: each row of an asking
case is held against all rows side by side. The odds are those of OddsBound against strangers alone, with names by
what contradicts where no word is like another's. So a pair is ruled out here only if the screen rules it out
too, whether or not one of them is hit-only.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from pipeline.matching.alternatives import SCORE_LIMIT, STRANGERS
from pipeline.matching.bounds.entity_bounds import BoundTable, OddsBound, curves_by_type
from pipeline.matching.bounds.sketches import Sketches
from pipeline.matching.comparisons.name.bound import name_state
from pipeline.matching.comparisons.name.crowd_names import CrowdNames, bound_names
from pipeline.matching.comparisons.number_ends import may_share_number
from pipeline.matching.encoded import BitsOfRows, Flags, Rows
from pipeline.matching.model import Model
from pipeline.matching.ragged import Index, expand_counts
from pipeline.matching.score.scoring import EACH_PAIR, least_score
from pipeline.matching.screening.screening import find_equal_parts, may_share
from pipeline.records.entity_types import TYPES

_FIRST = ("born", "phones", "identifiers")
"""Parts of rows that are looked at first: they tell most strangers apart, at the least cost."""


class Crowd:
    """All rows of some cases, each of which may have several; `cases` are the places of those that have any."""

    def __init__(self, sketches: Sketches) -> None:
        self.cases: Index = np.flatnonzero(sketches.counts)
        held = sketches.take_cases(self.cases)
        owner, row = expand_counts(held.counts)
        self.rows = Rows(held.words, held.starts[owner], row)
        self.counts, self.begins = held.counts, np.cumsum(held.counts) - held.counts
        self.is_single = len(owner) == len(self.cases)
        self.types = self.rows.byte("type")
        self.held_types = frozenset(np.flatnonzero(np.bincount(self.types)).tolist())

    @cached_property
    def names(self) -> CrowdNames:
        """Those of all rows."""
        return CrowdNames(self.rows)

    @cached_property
    def numberless(self) -> Flags:
        """Which rows have no number that another may have."""
        return self.rows.lack("identifiers")

    def most_by_case(self, of_rows: BitsOfRows) -> BitsOfRows:
        """The most of each case's rows."""
        return of_rows if self.is_single else np.maximum.reduceat(of_rows, self.begins)

    def any_by_case(self, of_rows: Flags) -> Flags:
        """Whether any of each case's rows is so."""
        return of_rows if self.is_single else np.logical_or.reduceat(of_rows, self.begins)


class _StrangerBits:
    """What strangers leave of one of OddsBound's tables: bits by type and state, and the most of each type."""

    def __init__(self, table: BoundTable) -> None:
        self._state, self.part = table.state, table.part
        self.bits = table.bits[STRANGERS].reshape(len(TYPES), table.states)
        self.most = self.bits.max(1)
        self._applies = self.bits.any(1)

    def weigh_alone(self, rows: Rows) -> tuple[BitsOfRows, Flags]:
        """The bits of each of some rows with any other of its type, and whether these depend on no other."""
        types = rows.byte("type")
        alone = self.bits[types, self._state(rows, rows)]
        lacking = rows.lack(self.part) if self.part else np.zeros(len(rows), np.bool_)
        return np.where(lacking, alone, np.int32(0)), lacking | ~self._applies[types]

    def weigh(self, some: Rows, at: int, others: Rows) -> BitsOfRows:
        """The bits of one of some rows with each of others, as if all were of its type."""
        state = self._state(others, some.one(at))
        found: BitsOfRows = self.bits[some.byte("type")[at]].take(state)
        return found


class _RowPlan:
    """What is known of an asking row's bits whomever it meets, and the tables that tell the others, by their cost."""

    def __init__(self, settled: np.int32) -> None:
        self.settled, self.most = settled, np.int32(0)
        self.first: list[_StrangerBits] = []
        self.rest: list[_StrangerBits] = []

    def take(self, table: _StrangerBits, entity_type: int) -> None:
        """Take in a table whose bits depend on the other row; `most` is the most of all that are looked at later."""
        if table.part in _FIRST:
            self.first.append(table)
        else:
            self.rest.append(table)
            self.most += table.most[entity_type]


class CrowdScreen:
    """Rules out pairs whose probability is below the threshold for certain, under one model."""

    def __init__(self, model: Model, threshold: float) -> None:
        self._prior, self._least = model.prior, least_score(threshold)
        self._curves = dict(curves_by_type(model))
        tables = OddsBound(model).tables
        self._names = next(_StrangerBits(table) for table in tables if table.state is name_state)
        self._tables = [_StrangerBits(table) for table in tables if table.state is not name_state]

    def __call__(self, some: Sketches, crowd: Sketches) -> Flags:
        """Whether each of some cases may be linked with each of a crowd: (some, crowd)."""
        found = np.ones((len(some.counts), len(crowd.counts)), np.bool_)
        if self._prior + EACH_PAIR >= self._least:
            return found
        asking, held = Crowd(some), Crowd(crowd)
        if held.held_types:
            plans = self._plan_rows(asking)
            hidden = np.flatnonzero(crowd.hidden)
            concealed = Crowd(crowd.take_cases(hidden)) if hidden.size else held
            for place, start, count in zip(asking.cases, asking.begins, asking.counts, strict=True):
                rows = range(start, start + count)
                found[place, held.cases] = self._screen_case(asking, rows, plans, held)
                if some.hidden[place]:
                    found[place, held.cases] |= _may_be_equal(asking, rows, held)
                elif hidden.size:
                    found[place, hidden[concealed.cases]] |= _may_be_equal(asking, rows, concealed)
        return found

    def _plan_rows(self, asking: Crowd) -> list[_RowPlan]:
        told = [table.weigh_alone(asking.rows) for table in self._tables]
        known: BitsOfRows = np.sum([bits for bits, _ in told], 0, np.int32)
        plans = [_RowPlan(bits) for bits in known]
        for table, (_, settled) in zip(self._tables, told, strict=True):
            for at in np.flatnonzero(~settled):
                plans[at].take(table, int(asking.types[at]))
        return plans

    def _screen_case(self, asking: Crowd, rows: range, plans: Sequence[_RowPlan], crowd: Crowd) -> Flags:
        """One case's, which has these rows, with those of a crowd that have any."""
        enough = self._least - self._prior if len(rows) == 1 and crowd.is_single else EACH_PAIR + 1
        ceilings = np.full(len(crowd.cases), self._prior + EACH_PAIR, np.int32)
        shared: Flags = np.zeros(len(crowd.types), np.bool_)
        for at in rows:
            most = crowd.most_by_case(self._bound_row(asking, at, plans[at], crowd, enough))
            ceilings += np.maximum(most - np.int32(EACH_PAIR), 0)
            _note_shared(asking, at, crowd, shared)
        may: Flags = (ceilings >= self._least) | crowd.any_by_case(shared)
        return may

    def _bound_row(self, asking: Crowd, at: int, plan: _RowPlan, crowd: Crowd, enough: int) -> BitsOfRows:
        """What scoring.weigh_entities of a row and each of a crowd never exceeds; 0 where it is not enough."""
        found = np.zeros(len(crowd.types), np.int32)
        entity_type = int(asking.types[at])
        if entity_type not in crowd.held_types:
            return found
        odds = self._weigh_names(asking, at, crowd) + plan.settled
        for table in plan.first:
            odds += table.weigh(asking.rows, at, crowd.rows)
        may = self._calibrate(odds + plan.most, entity_type) >= enough
        if len(crowd.held_types) > 1:
            may &= crowd.types == entity_type
        some = np.flatnonzero(may)
        odds, others = odds[some], crowd.rows.take(some)
        for table in plan.rest:
            odds += table.weigh(asking.rows, at, others)
        weights = self._calibrate(odds, entity_type)
        found[some] = np.where(weights >= enough, weights, 0)
        return found

    def _weigh_names(self, asking: Crowd, at: int, crowd: Crowd) -> BitsOfRows:
        bits = self._names.bits[asking.types[at]]
        if not bits.any():
            return np.zeros(len(crowd.types), np.int32)
        found: BitsOfRows = bits.take(bound_names(asking.names, at, crowd.names))
        return found

    def _calibrate(self, odds: BitsOfRows, entity_type: int) -> BitsOfRows:
        curve = self._curves.get(entity_type)
        if curve is None:
            return odds
        found: BitsOfRows = curve.take(np.clip(odds, -SCORE_LIMIT, SCORE_LIMIT) + SCORE_LIMIT)
        return found


def _may_be_equal(asking: Crowd, rows: range, crowd: Crowd) -> Flags:
    """screening.may_be_equal of a case, which has these rows, with each of a crowd that have any."""
    parts = [find_equal_parts(crowd.rows, asking.rows.one(at)) for at in rows]
    alone, phones, emails = (crowd.any_by_case(np.logical_or.reduce(part)) for part in zip(*parts, strict=True))
    found: Flags = alone | phones & emails
    return found


def _note_shared(asking: Crowd, at: int, crowd: Crowd, shared: Flags) -> None:
    """Note with which of a crowd's rows one may have a number in common, or if of another type a selector."""
    if not asking.numberless[at]:
        shared |= may_share_number(crowd.rows, asking.rows.one(at))
    if crowd.held_types != {int(asking.types[at])}:
        apart = np.flatnonzero(crowd.types != asking.types[at])
        shared[apart] |= may_share(crowd.rows.take(apart), asking.rows.one(at), shared[apart])
