"""Bounds what the names of many pairs of entities weigh, without aligning their words.

Each word of a side gets the best that it finds among all words of the other side, whichever name they are in and even
if other words find the same. So does each run of words that may be written together (encoding.py beside this). A name
is worth the sum of what its words find, and two names agree in no more than either is worth. If words of both find
nothing, these words contradict.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from pipeline.matching.comparisons.bounds import BitsArray, Bound, States, strongest_from
from pipeline.matching.comparisons.levels import Table, apply_curve
from pipeline.matching.comparisons.name.encoding import (
    ENTRY_WORDS,
    FAMILY,
    GIVEN,
    OPEN,
)  # fmt: skip
from pipeline.matching.comparisons.name.entry_gains import bound_gains, may_resemble
from pipeline.matching.comparisons.name.groups import MOST_FURTHER
from pipeline.matching.comparisons.name.name_levels import ALIKE, DIFFERENT, FAMILY_DIFFERS, OTHER_PARTS, SAME
from pipeline.matching.comparisons.name.own_tokens import MOST_GROWTH
from pipeline.matching.comparisons.name.worth import EntityNames, Finds, NameWorth, PlacedNames, weigh_names
from pipeline.matching.names.comparison import FURTHER_CONFLICT
from pipeline.matching.score.alternatives import ALTERNATIVES, GROUP, HOUSEHOLD, STRANGERS
from pipeline.matching.screening.rows import Flags, Index, Rows, WordArray, expand_pairs

STEP, LOWEST = 32, -2016
"""Hundredths of a bit: the step to which a bound is rounded up, and the lowest bound. Names have -2000 at least."""

MOST_BITS = 1 << 16
"""Hundredths of a bit that no score exceeds (scoring.SCORE_LIMIT)."""

STEPS = (MOST_BITS - LOWEST) // STEP + 1

LEVELS_OPEN = (SAME, FAMILY_DIFFERS, OTHER_PARTS, ALIKE, DIFFERENT)
"""The strongest levels that names may leave open. A state is a level's index times STEPS, plus the bound in steps."""
OPEN_SAME, ONE_AGREES, OTHERS, UNSURE, APART = range(len(LEVELS_OPEN))
"""Indices of these levels, by what is left open: anything; one word that agrees, or only the family name contradicting;
and, for entities with one name each and no word that agrees: other parts of a name, a word with slips, or neither."""

NO_NAME = len(LEVELS_OPEN) * STEPS
"""The state of entities one of which has no name."""

TOGETHER = 1 << 18
"""Pairs of words that are compared at once, which takes about 30 MB."""

_FAMILY, _GIVEN = np.uint32(1 << FAMILY), np.uint32(1 << GIVEN)


def name_state(a: Rows, b: Rows) -> States:
    """The states of pairs of rows; NO_NAME if a side has no name."""
    words, other = a.byte("name_words"), b.byte("name_words")
    named = (words > 0) & (other > 0)
    state = np.where(named, np.int32(STEPS - 1), np.int32(NO_NAME))
    closed = np.flatnonzero(named & (words != OPEN) & (other != OPEN) & (a.byte("type") == b.byte("type")))
    sizes = a.byte("name_entries")[closed].astype(np.int64) * b.byte("name_entries")[closed]
    for some in _cut(closed, sizes):
        state[some] = _bound_names(EntityNames(a, some), EntityNames(b, some))
    return state


def _cut(some: Index, sizes: Index) -> Iterator[Index]:
    """Cut indices into parts whose sizes sum up to TOGETHER at most; one that is larger is a part of its own."""
    if len(some):
        yield from np.split(some, np.flatnonzero(np.diff(np.cumsum(sizes) // TOGETHER)) + 1)


def _bound_names(one: EntityNames, other: EntityNames) -> States:
    """The states of the names of both sides, row by row."""
    gains = _Gains(Finds(one), Finds(other))
    zero = np.zeros_like(one.words)
    _find_gains(one, other, zero, zero, one.words, other.words, gains)
    _find_gains(one, other, one.words, zero, one.entries - one.words, other.words, gains, joined=True)
    _find_gains(one, other, zero, other.words, one.words, other.entries - other.words, gains, joined=True)
    sides = PlacedNames(one, gains.one, other), PlacedNames(other, gains.other, one)
    worth, worth_other = weigh_names(*sides), weigh_names(*reversed(sides))
    states = combine_worths(worth, worth_other, _may_be_other_kinds(one.initials, other.initials))
    told = np.flatnonzero(worth.only & worth_other.only & ((worth.words == 0) | (worth_other.words == 0)))
    if told.size:
        states[told] += STEPS * (_tell_apart(one.take(told), other.take(told)) - ONE_AGREES)
    return states


def _tell_apart(one: EntityNames, other: EntityNames) -> States:
    """The level index of single names none of whose words agrees.

    It is UNSURE or APART if both have a family name, else OTHERS.
    """
    pair, row, column = expand_pairs(one.words, other.words)
    left, right = one.starts[pair] + ENTRY_WORDS * row, other.starts[pair] + ENTRY_WORDS * column
    resembling: Flags = np.zeros(len(one.words), np.bool_)
    resembling[pair[may_resemble(one.table, other.table, left, right)]] = True
    family = one.initials & other.initials & _FAMILY != 0
    state: States = np.where(family, np.where(resembling, UNSURE, APART), OTHERS)
    return state


class _Gains(NamedTuple):
    """What the entries of each side find in the other."""

    one: Finds
    other: Finds


def _find_gains(
    one: EntityNames,
    other: EntityNames,
    skipped: Index,
    skipped_other: Index,
    count: Index,
    count_other: Index,
    gains: _Gains,
    *,
    joined: bool = False,
) -> None:
    """Add to `gains` what entries of both sides find in each other: `count` of each row behind the `skipped` ones.

    `joined`: the entries of one side are runs, which agree as a whole or not at all.
    """
    pair, row, column = expand_pairs(count, count_other)
    if not len(pair):
        return
    if joined:
        row, column = row + skipped[pair], column + skipped_other[pair]
    left, right = one.starts[pair] + ENTRY_WORDS * row, other.starts[pair] + ENTRY_WORDS * column
    alike, bits = bound_gains(one.table, other.table, left, right, joined=joined)
    pair = pair[alike]
    gains.one.take(one.first[pair] + row[alike], bits, joined=joined)
    gains.other.take(other.first[pair] + column[alike], bits, joined=joined)


def _may_be_other_kinds(one: WordArray, other: WordArray) -> Flags:
    """Whether one side has a family name and the other a given name; aligned, such words do not contradict."""
    found: Flags = (one & _FAMILY != 0) & (other & _GIVEN != 0) | (one & _GIVEN != 0) & (other & _FAMILY != 0)
    return found


def combine_worths(one: NameWorth, other: NameWorth, other_kinds: Flags) -> States:
    """The states of the best two names. A pair of held names weighs less by what contradicts on both sides."""
    free, held = one.free + other.acronyms, one.held + other.acronyms
    other_free, other_held = other.free + one.acronyms, other.held + one.acronyms
    further = np.maximum(np.minimum(one.left, other.left) - 1, 0)
    against = np.maximum(one.heaviest, other.heaviest) + np.int32(FURTHER_CONFLICT) * further
    pairs = (
        np.minimum(free, np.maximum(other_free, other_held)),
        np.minimum(held, other_free),
        np.minimum(held, other_held) + against,
    )
    same = one.single & other.single
    same |= one.free_agree & (other.free_agree | other.held_agree) | one.held_agree & other.free_agree
    same |= one.held_agree & other.held_agree & other_kinds
    bits = np.clip(np.maximum.reduce(pairs), LOWEST, MOST_BITS)
    state: States = -((LOWEST - bits) // STEP) + np.where(same, OPEN_SAME, ONE_AGREES * STEPS)
    return state


def _most_by_state(table: Table) -> BitsArray:
    """The upper limit of the bits in each state, against each alternative: shape (alternatives, states).

    Against strangers these are the bits of the state by the model's curve, against companions those of the level.
    """
    found = strongest_from(table)[:, LEVELS_OPEN].repeat(STEPS, 1)
    found[STRANGERS] = [apply_curve(LOWEST + STEP * step, table.curve) for step in range(STEPS)] * len(LEVELS_OPEN)
    found[HOUSEHOLD, :STEPS] = np.maximum(found[HOUSEHOLD, :STEPS] + MOST_GROWTH, 0)
    found[GROUP, :STEPS] += MOST_FURTHER
    return np.concatenate([found, np.zeros((ALTERNATIVES, 1), np.int32)], 1)


NAME_BOUND = Bound(name_state, _most_by_state, costly=True)
