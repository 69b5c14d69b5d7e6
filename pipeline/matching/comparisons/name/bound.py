"""What the names of many pairs of entities weigh at most, without aligning their words.

Each word of a side is given the best that it finds among all words of the other, whichever name has them and even if
others find the same; so is each run of words that may be written together (encoding.py beside this). A name is worth
what its words find, and what two names agree in is no more than either is worth. Where both have words that find
nothing, these contradict.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons.bounds import BitsArray, Bound, States, strongest_from
from pipeline.matching.comparisons.levels import Table, apply_curve
from pipeline.matching.comparisons.name.encoding import (
    ACRONYM,
    CONFLICTS,
    ENTRY,
    ENTRY_WORDS,
    FAMILY,
    FIRST,
    GIVEN,
    KIND,
    LOOSE,
    NUMBERED,
    OPEN,
    WEAK,
)  # fmt: skip
from pipeline.matching.comparisons.name.entry_gains import LETTERS, bound_gains, entry_lengths
from pipeline.matching.comparisons.name.groups import MOST_FURTHER
from pipeline.matching.comparisons.name.name_levels import FAMILY_DIFFERS, SAME
from pipeline.matching.comparisons.name.own_tokens import MOST_GROWTH
from pipeline.matching.names import comparison
from pipeline.matching.names.comparison import CULTURE, NUMBERS_AGREE
from pipeline.matching.names.joined_words import ACRONYM_LETTER
from pipeline.matching.score.alternatives import ALTERNATIVES, GROUP, HOUSEHOLD, STRANGERS
from pipeline.matching.screening.rows import BitsOfRows, Flags, Index, Rows, Words, expand_counts, expand_pairs
from pipeline.records.entity_types import PERSON, TYPES

STEP = 32
"""Hundredths of a bit between two states."""

MOST_BITS = 1 << 16
"""Hundredths of a bit beyond which no score goes (scoring.SCORE_LIMIT)."""

STEPS = MOST_BITS // STEP + 1

NO_NAME = 2 * STEPS
"""The state of entities one of which has no name. Of others it is the steps that their names weigh at most, and STEPS
more where these may agree as those of one thing do, not as relatives' at best (name_levels.FAMILY_DIFFERS)."""

TOGETHER = 1 << 18
"""Pairs of words that are compared at once: some 30 MB."""

SHORT_ACRONYM = 3
"""Words that an acronym of two letters may stand for: initials among them have no letter in it."""

_NEVER = -1 << 20
"""Hundredths of a bit of names that a side does not have."""

_ENTRY = np.uint32((1 << FIRST) - 1 << ENTRY)
_FAMILY, _GIVEN = np.uint32(1 << FAMILY), np.uint32(1 << GIVEN)
_CONFLICTS = np.array(CONFLICTS, np.int32)
_PERSON = TYPES.index(PERSON.name)


def name_state(a: Rows, b: Rows) -> States:
    """What two rows' names are worth at most, as NO_NAME says."""
    words, other = a.byte("name_words"), b.byte("name_words")
    named = (words > 0) & (other > 0)
    state = np.where(named, np.int32(2 * STEPS - 1), np.int32(NO_NAME))
    closed = np.flatnonzero(named & (words != OPEN) & (other != OPEN) & (a.byte("type") == b.byte("type")))
    sizes = a.byte("name_entries")[closed].astype(np.int64) * b.byte("name_entries")[closed]
    for some in _cut(closed, sizes):
        state[some] = _bound_names(_Names(a.take(some)), _Names(b.take(some)))
    return state


def _cut(some: Index, sizes: Index) -> Iterator[Index]:
    """Parts of no more than TOGETHER in all, but for one that is larger."""
    if len(some):
        yield from np.split(some, np.flatnonzero(np.diff(np.cumsum(sizes) // TOGETHER)) + 1)


class _Names:
    """The names of rows: where their entries lie, and how many these and the distinct words are, by row."""

    def __init__(self, rows: Rows) -> None:
        self.table, self.starts, self.places = rows.table, rows.name_starts, rows.name_places
        self.words, self.entries = (rows.byte(part).astype(np.int64) for part in ("name_words", "name_entries"))
        self.first = np.cumsum(self.entries) - self.entries
        """The first entry of each row, counted through all."""
        self.initials = rows.words("initials")[0]
        self.persons = rows.byte("type") == _PERSON


def _bound_names(one: _Names, other: _Names) -> States:
    """The state of the names of both sides, each row with the one at its place."""
    gains = _Gains(_Finds(one), _Finds(other))
    zero = np.zeros_like(one.words)
    _find_gains(one, other, zero, zero, one.words, other.words, gains)
    _find_gains(one, other, one.words, zero, one.entries - one.words, other.words, gains, joined=True)
    _find_gains(one, other, zero, other.words, one.words, other.entries - other.words, gains, joined=True)
    sides = _Placed(one, gains.one, other.initials), _Placed(other, gains.other, one.initials)
    worth, worth_other = _weigh_names(*sides), _weigh_names(*reversed(sides))
    return _combine(worth, worth_other, _may_be_other_kinds(one.initials, other.initials))


class _Finds:
    """The most hundredths of a bit that each entry of a side finds, counted through all rows, and whether in a run."""

    def __init__(self, names: _Names) -> None:
        count = int(names.entries.sum())
        self.bits: BitsOfRows = np.zeros(count, np.int32)
        self.joined: Flags = np.zeros(count, np.bool_)

    def take(self, entries: Index, bits: BitsOfRows, *, joined: bool) -> None:
        """Take in what some entries find, which may repeat."""
        np.maximum.at(self.bits, entries, bits)
        if joined:
            self.joined[entries[bits > 0]] = True


class _Gains(NamedTuple):
    """What the entries of both sides find in each other."""

    one: _Finds
    other: _Finds


def _find_gains(
    one: _Names,
    other: _Names,
    skipped: Index,
    skipped_other: Index,
    count: Index,
    count_other: Index,
    gains: _Gains,
    *,
    joined: bool = False,
) -> None:
    """Take in what so many entries of each side, behind those skipped, find in each other.

    `joined`: those of one side are runs, which agree in all or in nothing.
    """
    pair, row, column = expand_pairs(count, count_other)
    if not len(pair):
        return
    if joined or skipped.any():
        row, column = row + skipped[pair], column + skipped_other[pair]
    left, right = one.starts[pair] + ENTRY_WORDS * row, other.starts[pair] + ENTRY_WORDS * column
    alike, bits = bound_gains(one.table, other.table, left, right, joined=joined)
    pair = pair[alike]
    gains.one.take(one.first[pair] + row[alike], bits, joined=joined)
    gains.other.take(other.first[pair] + column[alike], bits, joined=joined)


class _Placed:
    """The places of all names of a side: the `row` of each, whether it is of a `run`, the bits that it `found`.

    `acronyms` are the bits of words that may abbreviate some of the other side's, of which the `initials` are known;
    `starts` are the first places of names, `rows` those of rows, `first_names` the first names of rows.
    """

    def __init__(self, names: _Names, finds: _Finds, initials: Words) -> None:
        self.row, place = expand_counts(names.places)
        self.flags = names.table[(names.starts + ENTRY_WORDS * names.entries)[self.row] + place]
        entry = (self.flags & _ENTRY).astype(np.int64)
        self.run: Flags = entry >= names.words[self.row]
        self.acronyms = self._weigh_acronyms(names, entry, initials)
        at = names.first[self.row] + entry
        self.found = np.maximum(finds.bits[at], self.acronyms)
        self.joined: Flags = finds.joined[at] | (self.acronyms > 0)
        self.starts, self.rows = np.flatnonzero(self.flagged(FIRST)), np.flatnonzero(place == 0)
        self.first_names = np.searchsorted(self.starts, self.rows)
        self.numbered: Flags = np.bincount(self.row, self.flagged(NUMBERED), len(names.places)) > 0
        self.abbreviates: Flags = np.bincount(self.row, self.acronyms > 0, len(names.places)) > 0
        self.persons = names.persons

    def _weigh_acronyms(self, names: _Names, entry: Index, initials: Words) -> BitsOfRows:
        found = np.zeros(len(entry), np.int32)
        may = np.flatnonzero(self.flagged(ACRONYM))
        at = names.starts[self.row[may]] + ENTRY_WORDS * entry[may]
        fits = names.table[at] & LETTERS & ~initials[self.row[may]] == 0
        count = np.maximum(entry_lengths(names.table[at + 2]), SHORT_ACRONYM)
        found[may] = np.where(fits, np.int32(ACRONYM_LETTER) * count, 0)
        return found

    def flagged(self, bit: int) -> Flags:
        """Whether each place has a flag."""
        return _has_flag(self.flags, bit)

    def sum_by_name(self, values: NDArray[np.int32] | Flags) -> BitsOfRows:
        """The sum of each name's places."""
        total: BitsOfRows = np.add.reduceat(values, self.starts, dtype=np.int32)
        return total

    def most_by_row(self, of_names: BitsOfRows) -> BitsOfRows:
        """The most of each row's names."""
        most: BitsOfRows = np.maximum.reduceat(of_names, self.first_names)
        return most

    def any_by_row(self, of_names: Flags) -> Flags:
        """Whether any of each row's names is so."""
        found: Flags = np.logical_or.reduceat(of_names, self.first_names)
        return found


class _Worth(NamedTuple):
    """What the names of a side are worth at most, row by row.

    `free` are the bits of the best name that nothing contradicts for certain, `held` those of the best other;
    `heaviest` is the least that a contradiction takes from the latter. `agree` says of either whether two of its words
    may agree, `single` whether the only word of a name may. `acronyms` are the bits of the words of one name that may
    abbreviate some of the other side's.
    """

    free: BitsOfRows
    held: BitsOfRows
    heaviest: BitsOfRows
    free_agree: Flags
    held_agree: Flags
    single: Flags
    acronyms: BitsOfRows


def _weigh_names(side: _Placed, other: _Placed) -> _Worth:
    agrees = (side.found > 0) & ~side.run
    owner = side.row[side.starts]
    first = side.flags[side.starts]
    words = side.sum_by_name(agrees)
    bits = side.sum_by_name(np.where(side.run, side.found, np.maximum(side.found + np.int32(CULTURE), 0)))
    bits -= np.int32(CULTURE) * (words > 0)
    numbered = _has_flag(first, NUMBERED) & other.numbered[owner]
    bits += np.where(numbered & ~side.persons[owner], np.int32(NUMBERS_AGREE), 0)
    bits -= np.where(_has_flag(first, WEAK), np.int32(comparison.WEAK), 0)
    costs = np.where(side.found > 0, 0, _CONFLICTS[side.flags >> np.uint32(KIND)])
    heaviest = np.minimum.reduceat(costs, side.starts)
    joined = (side.sum_by_name(side.joined) > 0) | other.abbreviates[owner]
    held = (heaviest < 0) & ~_has_flag(first, LOOSE) & ~joined
    agree = (words + numbered >= 2) | joined
    single = (side.sum_by_name(~side.run) == 1) & (words > 0)
    return _Worth(
        side.most_by_row(np.where(held, _NEVER, bits)),
        side.most_by_row(np.where(held, bits, _NEVER)),
        side.most_by_row(np.where(held, heaviest, _NEVER)),
        side.any_by_row(agree & ~held),
        side.any_by_row(agree & held),
        side.any_by_row(single),
        side.most_by_row(side.sum_by_name(side.acronyms)),
    )


def _has_flag(flags: Words, bit: int) -> Flags:
    found: Flags = flags & np.uint32(1 << bit) != 0
    return found


def _may_be_other_kinds(one: Words, other: Words) -> Flags:
    """Whether a family name may stand beside a given name of the other side, which says nothing."""
    found: Flags = (one & _FAMILY != 0) & (other & _GIVEN != 0) | (one & _GIVEN != 0) & (other & _FAMILY != 0)
    return found


def _combine(one: _Worth, other: _Worth, other_kinds: Flags) -> States:
    """The state of the best two names: those that something contradicts on both sides weigh less."""
    free, held = one.free + other.acronyms, one.held + other.acronyms
    other_free, other_held = other.free + one.acronyms, other.held + one.acronyms
    against = np.maximum(one.heaviest, other.heaviest)
    pairs = (
        np.minimum(free, np.maximum(other_free, other_held)),
        np.minimum(held, other_free),
        np.minimum(held, other_held) + against,
    )
    same = one.single & other.single
    same |= one.free_agree & (other.free_agree | other.held_agree) | one.held_agree & other.free_agree
    same |= one.held_agree & other.held_agree & other_kinds
    steps = np.clip(-(-np.maximum.reduce(pairs) // STEP), 0, STEPS - 1)
    state: States = steps + np.where(same, STEPS, 0)
    return state


def _most_by_state(table: Table) -> BitsArray:
    """By state: the bits of the names package, bent as the model says; against companions the best of the level."""
    strongest = strongest_from(table)
    found = np.zeros((ALTERNATIVES, NO_NAME + 1), np.int32)
    for level, first in ((FAMILY_DIFFERS, 0), (SAME, STEPS)):
        found[:, first : first + STEPS] = strongest[:, level, None]
        found[STRANGERS, first : first + STEPS] = [apply_curve(STEP * step, table.curve) for step in range(STEPS)]
    found[HOUSEHOLD, STEPS:NO_NAME] = np.maximum(found[HOUSEHOLD, STEPS:NO_NAME] + MOST_GROWTH, 0)
    found[GROUP, STEPS:NO_NAME] += MOST_FURTHER
    return found


NAME_BOUND = Bound(name_state, _most_by_state)
