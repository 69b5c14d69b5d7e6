"""Bounds the worth of each name of many entities by what its words and runs find in the names of other entities."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons.name.encoding import (
    ACRONYM,
    CONFLICTS,
    ENTRY,
    ENTRY_WORDS,
    FIRST,
    KIND,
    LETTER_BITS,
    LETTERS_SPELT,
    LOOSE,
    NUMBERED,
    SPELT,
    WEAK,
)
from pipeline.matching.comparisons.name.entry_gains import LETTERS, entry_lengths
from pipeline.matching.names import comparison
from pipeline.matching.names.comparison import CULTURE, NUMBERS_AGREE
from pipeline.matching.names.joined_words import ACRONYM_LETTER
from pipeline.matching.screening.rows import BitsOfRows, Flags, Index, Rows, WordArray, expand_counts
from pipeline.records.entity_types import PERSON, TYPES

SHORT_ACRONYM = 3
"""The most words that an acronym of two letters stands for: an initial among them need not have a letter in it."""

NEVER = -1 << 20
"""Hundredths of a bit that stand for the names that a side does not have."""

_ENTRY = np.uint32((1 << FIRST) - 1 << ENTRY)
_KIND, _KINDS = np.uint32(KIND), np.uint32((1 << SPELT - KIND) - 1)
_LETTER = np.uint32((1 << LETTER_BITS) - 1)
_CONFLICTS = np.array(CONFLICTS, np.int32)
_PERSON = TYPES.index(PERSON.name)


class EntityNames:
    """The names of some rows: where their entries begin in the table, and per row the counts of entries and words."""

    def __init__(self, rows: Rows, some: Index) -> None:
        """`some`: the indices of the rows."""
        self.table, self.starts, self.places = rows.table, rows.name_starts[some], rows.name_places[some]
        self.words, self.entries = (rows.byte(part)[some].astype(np.int64) for part in ("name_words", "name_entries"))
        self.first = np.cumsum(self.entries) - self.entries
        """The first entry of each row, counted through all."""
        self.first_places = self.starts + ENTRY_WORDS * self.entries
        """The word of the table at which the places of each row begin."""
        self.initials = rows.words("initials")[0, some]
        self.persons = rows.byte("type")[some] == _PERSON
        self._rows, self._some = rows, some

    def take(self, some: Index) -> EntityNames:
        """The names of some of these rows."""
        return EntityNames(self._rows, self._some[some])


class Finds:
    """What each entry of a side finds at most, counted through all rows.

    `bits` are hundredths; `joined` says whether it finds any together with a run.
    """

    def __init__(self, names: EntityNames) -> None:
        count = int(names.entries.sum())
        self.bits: BitsOfRows = np.zeros(count, np.int32)
        self.joined: Flags = np.zeros(count, np.bool_)

    def take(self, entries: Index, bits: BitsOfRows, *, joined: bool) -> None:
        """Add what some entries find. An entry may come several times; its highest number counts."""
        np.maximum.at(self.bits, entries, bits)
        if joined:
            self.joined[entries[bits > 0]] = True


class PlacedNames:
    """The places of all names of a side, in order.

    With one item for each place:

    - `row` and `entry` say whose place it is and which entry stands there; `run` marks runs.
    - `found` is the hundredths of a bit that the entry finds at most; `joined` says whether it finds them with a run.
    - `acronyms` is the part of them for a word that may abbreviate words of the other side; 0 if it abbreviates none.

    `starts` has the first place of each name, `first_names` the first name of each row. `numbered`, `abbreviates`,
    `persons` and `distinct` are flags of each row.
    """

    def __init__(self, names: EntityNames, finds: Finds, others: EntityNames | None = None) -> None:
        self.row, place = expand_counts(names.places)
        self.flags = names.table[names.first_places[self.row] + place]
        entry = self.entry = (self.flags & _ENTRY).astype(np.int64)
        self.run: Flags = entry >= names.words[self.row]
        self.acronyms = np.zeros(len(entry), np.int32)
        if others is not None:
            self._weigh_acronyms(names, others)
        at = names.first[self.row] + entry
        self.found = np.maximum(finds.bits[at], self.acronyms)
        self.joined: Flags = finds.joined[at] | (self.acronyms > 0)
        self.starts = np.flatnonzero(self.flagged(FIRST))
        self.first_names = np.searchsorted(self.starts, np.flatnonzero(place == 0))
        self.numbered: Flags = np.bincount(self.row, self.flagged(NUMBERED), len(names.places)) > 0
        self.abbreviates: Flags = np.bincount(self.row, self.acronyms > 0, len(names.places)) > 0
        self.persons = names.persons
        self.distinct: Flags = np.bincount(self.row, ~self.run, len(names.places)) == names.words
        """For each row, whether no word stands in its names twice."""

    def _weigh_acronyms(self, names: EntityNames, others: EntityNames) -> None:
        """Bound the bits of acronyms. An organisation's has initials of neighbouring words, a person's of any words."""
        may = np.flatnonzero(self.flagged(ACRONYM))
        letters = names.table[names.starts[self.row[may]] + ENTRY_WORDS * self.entry[may]] & LETTERS
        may = may[letters & ~others.initials[self.row[may]] == 0]
        ordered = np.flatnonzero(~names.persons[self.row[may]])
        fits: Flags = np.ones(len(may), np.bool_)
        fits[ordered] = _abbreviate(self.flags[may[ordered]], self.row[may[ordered]], others)
        may = may[fits]
        hashes = names.table[names.starts[self.row[may]] + ENTRY_WORDS * self.entry[may] + 2]
        count = np.maximum(entry_lengths(hashes), SHORT_ACRONYM)
        self.acronyms[may] = np.int32(ACRONYM_LETTER) * count

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


class NameWorth(NamedTuple):
    """Upper limits of what the names of a side are worth, one item for each row; bits are in hundredths.

    Names are of two kinds: *held* ones, which have a word that certainly contradicts the other side, and *free* ones.

    - `free` and `held` are the bits of the best name of each kind; NEVER if there is none.
    - `heaviest` is the least that contradiction takes from a held name, and `left` the least number of its words that
      contradict.
    - `free_agree` and `held_agree` say whether two words of a name of this kind may agree, `single` whether the only
      word of a name may, and `words` how many words of a name may at most.
    - `only`: the row has a single name, which is held, without numbers and without a word twice.
    - `acronyms` are the bits of the words of one name that may abbreviate words of the other side.
    """

    free: BitsOfRows
    held: BitsOfRows
    heaviest: BitsOfRows
    left: BitsOfRows
    words: BitsOfRows
    only: Flags
    free_agree: Flags
    held_agree: Flags
    single: Flags
    acronyms: BitsOfRows


def weigh_names(side: PlacedNames, other: PlacedNames) -> NameWorth:
    """Bound the worth of a side's names when they meet those of the other side."""
    agrees = (side.found > 0) & ~side.run
    owner = side.row[side.starts]
    first = side.flags[side.starts]
    words = side.sum_by_name(agrees)
    bits = side.sum_by_name(np.where(side.run, side.found, np.maximum(side.found + np.int32(CULTURE), 0)))
    bits -= np.int32(CULTURE) * (words > 0)
    numbered = _has_flag(first, NUMBERED) & other.numbered[owner]
    bits += np.where(numbered & ~side.persons[owner], np.int32(NUMBERS_AGREE), 0)
    weak = _has_flag(first, WEAK)
    bits = np.where(weak, np.maximum(bits - np.int32(comparison.WEAK), 0), bits)
    costs = np.where(side.found > 0, 0, _CONFLICTS[side.flags >> _KIND & _KINDS])
    heaviest = np.minimum.reduceat(costs, side.starts)
    joined = (side.sum_by_name(side.joined) > 0) | other.abbreviates[owner]
    held = (heaviest < 0) & ~_has_flag(first, LOOSE) & ~joined & ~weak
    left = side.sum_by_name(costs < 0)
    agree = (words + numbered >= 2) | joined
    single = (side.sum_by_name(~side.run) == 1) & (words > 0)
    return NameWorth(
        side.most_by_row(np.where(held, NEVER, bits)),
        side.most_by_row(np.where(held, bits, NEVER)),
        side.most_by_row(np.where(held, heaviest, NEVER)),
        -side.most_by_row(np.where(held, -left, NEVER)),
        side.most_by_row(words),
        side.any_by_row(held) & side.distinct & (np.bincount(owner, minlength=len(side.persons)) == 1) & ~side.numbered,
        side.any_by_row(agree & ~held),
        side.any_by_row(agree & held),
        side.any_by_row(single),
        side.most_by_row(side.sum_by_name(side.acronyms)),
    )


def _abbreviate(words: WordArray, row: Index, others: EntityNames) -> Flags:
    """Whether each word may be an acronym of neighbouring words in the names of its `row` of the other side.

    `words` are the flags of their places, which hold their first letters.
    """
    count = others.places[row]
    word, place = expand_counts(count)
    at, left = others.first_places[row][word] + place, count[word] - place
    for nth in range(LETTERS_SPELT):
        wanted = _letter_at(words[word], nth)
        there = others.table[at + np.minimum(nth, left - 1)]
        alike = (left > nth) & (_letter_at(there, 0) == wanted)
        if nth:
            alike &= ~_has_flag(there, FIRST)
            alike |= wanted == 0
        word, at, left = word[alike], at[alike], left[alike]
    found: Flags = np.zeros(len(words), np.bool_)
    found[word] = True
    return found


def _letter_at(places: WordArray, nth: int) -> WordArray:
    """The nth letter of each word, counted from 0; 0 if the word ends before it."""
    letters: WordArray = places >> np.uint32(SPELT + LETTER_BITS * nth) & _LETTER
    return letters


def _has_flag(flags: WordArray, bit: int) -> Flags:
    found: Flags = flags & np.uint32(1 << bit) != 0
    return found
