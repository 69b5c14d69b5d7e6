"""Bounds the names of one entity and of each entity of a crowd, where no word is like one of the other side's.

Most cases of a crowd share one value, and no name. If no word may give bits, what contradicts is known for each entity
in advance, whomever it meets (bound.weigh_names). The words of all names stand in columns, so that a few array
comparisons rule out most pairs of a word with all others. The pairs that remain include every pair for which
bound.bound_gains gives bits, and a few more.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons.comparison import States
from pipeline.matching.comparisons.name.bound import (
    EDITS,
    LOWEST,
    MOST_BITS,
    NO_NAME,
    STEP,
    STEPS,
    BestMatches,
    EntityNames,
    NameWorth,
    PlacedNames,
    combine_worths,
    entry_lengths,
    fold_classes,
    kept_classes,
    weigh_names,
)
from pipeline.matching.comparisons.name.encoding import (
    ENTRY_WORDS,
    INITIAL,
    OPEN,
    RARITY_STEPS,
    FoldedWordClasses,
    WordClasses,
    WordHashes,
    WordLetters,
    WordPlace,
)
from pipeline.matching.encoded import BitsOfRows, Field, Flags, Rows, WordArray
from pipeline.matching.names import levels
from pipeline.matching.names.comparison import CULTURE, NUMBERS_AGREE
from pipeline.matching.names.spellings import MOST_EDITS
from pipeline.matching.names.token_pairs import INITIAL_BITS
from pipeline.matching.ragged import Index, expand_counts

COMMON_HASH = 1 << 15
"""Stands for a hash of a word so frequent that agreeing by this hash gives no bits."""

EDIT_CHANGES = 2
"""The letters that one edit changes in a set of letters."""

_FURTHER_CLASSES = WordClasses.MODULUS // FoldedWordClasses.MODULUS
"""A class is kept by its number modulo this and modulo FoldedWordClasses.MODULUS, which have no divisor in common."""
_STEPS = np.array(RARITY_STEPS, np.int32)
_FOLDED = np.uint64(FoldedWordClasses.MODULUS)
_ALL_CLASSES = np.uint64((1 << FoldedWordClasses.MODULUS + _FURTHER_CLASSES) - 1)
_ALL_FOLDED = np.uint64((1 << FoldedWordClasses.MODULUS) - 1)
_ALL_FURTHER = np.uint64((1 << _FURTHER_CLASSES) - 1)


class WordColumns(NamedTuple):
    """Words, or runs of words; each field has one item for each.

    - `row` is the row that has it.
    - `edits`: two words may be alike if their sets of letters and their lengths together differ by no more than the
      lesser `edits` of both; `open_edits`: also if their sets differ by no more than the `open_edits` of either.
    - `classes` is the set of its classes of variants, by their numbers modulo two coprime moduli.
    - `gains` is the hundredths of a bit that it gives at most, whatever agrees with it.
    - `any_other` says whether it may be like any other word.
    """

    row: Index
    letters: WordArray
    lengths: NDArray[np.int8]
    edits: NDArray[np.uint8]
    open_edits: NDArray[np.uint8]
    sounds: NDArray[np.uint16]
    beginnings: NDArray[np.uint16]
    classes: NDArray[np.uint64]
    gains: BitsOfRows
    any_other: Flags


def read_columns(table: WordArray, row: Index, at: Index, *, joined: bool) -> WordColumns:
    """Read the entries that begin at the words `at` of a table; `row` has the row of each. `joined`: they are runs."""
    letters, classes, hashes = table[at], table[at + 1], table[at + 2]
    steps = WordLetters.rarity.take(letters).astype(np.int32)
    rarity = _STEPS[steps]
    any_other = (steps == INITIAL) | (WordHashes.wild.lies_in(hashes))
    unlined = WordHashes.unlined.lies_in(hashes)
    lengths = entry_lengths(hashes)
    edits = EDITS[lengths]
    near = 0 if joined else np.where(rarity > levels.COST[levels.NEAR], EDIT_CHANGES * edits, 0)
    edited = (rarity > levels.COST[levels.EDIT]) & (edits == MOST_EDITS)
    kinds = np.where(unlined & (classes != 0), _ALL_CLASSES, _read_classes(classes))
    return WordColumns(
        row,
        WordLetters.letters.take(letters),
        lengths.astype(np.int8),
        np.maximum(near, np.where(edited, EDIT_CHANGES, 0)).astype(np.uint8),
        np.where(unlined, EDIT_CHANGES * MOST_EDITS, 0).astype(np.uint8),
        _take_hash(hashes, WordHashes.sound, rarity > levels.COST[levels.SOUND]),
        _take_hash(hashes, WordHashes.beginning, (rarity > levels.COST[levels.NEAR]) & (not joined)),
        np.where(rarity > levels.COST[levels.VARIANT], kinds, np.uint64(0)),
        np.where(steps == INITIAL, np.int32(INITIAL_BITS), rarity),
        any_other,
    )


def _read_classes(words: WordArray) -> NDArray[np.uint64]:
    """The sets of classes. Of a FoldedWordClasses only the numbers modulo its own are known."""
    further = np.zeros(len(words), np.uint64)
    for kept in kept_classes(words):
        bit = np.uint64(1) << ((kept - np.uint32(1)) % np.uint32(_FURTHER_CLASSES)).astype(np.uint64)
        further |= np.where(kept != 0, bit, np.uint64(0))
    further = np.where(WordClasses.many.lies_in(words), _ALL_FURTHER, further)
    return fold_classes(words).astype(np.uint64) | further << _FOLDED


def _take_hash(hashes: WordArray, field: Field, tells: Flags) -> NDArray[np.uint16]:
    """One of the hashes; COMMON_HASH where `tells` is false."""
    return np.where(tells, field.take(hashes), np.uint32(COMMON_HASH)).astype(np.uint16)


def find_like(words: WordColumns, at: int, others: WordColumns) -> Flags:
    """Which of `others` may be like the word at index `at`."""
    apart = np.bitwise_count(others.letters ^ words.letters[at])
    edits = apart + np.abs(others.lengths - words.lengths[at]).view(np.uint8)
    found: Flags = (edits <= others.edits) & (edits <= words.edits[at])
    found |= apart <= others.open_edits
    if words.open_edits[at]:
        found |= apart <= words.open_edits[at]
    for column, hashed in ((others.sounds, words.sounds[at]), (others.beginnings, words.beginnings[at])):
        if hashed != COMMON_HASH:
            found |= column == hashed
    if words.any_other[at]:
        return np.ones(len(others.row), np.bool_)
    found |= others.any_other
    if words.classes[at]:
        both = others.classes & words.classes[at]
        found |= (both & _ALL_FOLDED != 0) & (both > _ALL_FOLDED)
    return found


_SOME = np.int32(1)
"""Hundredths of a bit: a word with less gives none, but does not contradict either."""

_MOST = (1 << 15) - 1
"""Hundredths of a bit to which worths are clipped before they are compared; names have -2000 at least."""


class _Abbreviations(NamedTuple):
    """Words that may abbreviate words of the other side: the row and the letters of each."""

    row: Index
    letters: WordArray


class CrowdNames:
    """The names of many rows, read once for all the entities that they are compared with.

    `worths` has the distinct worths, and `kind[row]` is the index of a row's. Two indices beyond them stand for names
    that have no room in the sketch, and for no name.
    """

    def __init__(self, rows: Rows) -> None:
        count = rows.byte("name_words")
        self.count, self.initials = len(rows), rows.words("initials")[0]
        named = np.flatnonzero((count > 0) & (count != OPEN))
        names = EntityNames(rows, named)
        placed = PlacedNames(names, BestMatches(names))
        nothing = np.zeros_like(names.words)
        self.words = _read_entries(names, named, nothing, names.words, joined=False)
        self.runs = _read_entries(names, named, names.words, names.entries - names.words, joined=True)
        self.abbreviations = _find_abbreviations(names, named, placed)
        self.numbered: Flags = np.zeros(self.count, np.bool_)
        self.numbered[named[placed.numbered & ~placed.persons]] = True
        self._named, self._placed = named, placed
        self.worths, kinds = _sort_worths(weigh_names(placed, placed))
        self.kind = np.where(count == OPEN, len(self.worths.free), len(self.worths.free) + 1)
        self.kind[named] = kinds

    @cached_property
    def ends(self) -> tuple[list[int], ...]:
        """Where the words, runs and abbreviations of each row begin, and those of the last one end."""
        bounds = np.arange(self.count + 1)
        owners = (self.words.row, self.runs.row, self.abbreviations.row)
        return tuple(np.searchsorted(owner, bounds).tolist() for owner in owners)

    @cached_property
    def repeating(self) -> Flags:
        """Which rows have a name that has a word twice."""
        placed = self._placed
        name = np.cumsum(WordPlace.first.lies_in(placed.flags))
        order = np.lexsort((placed.entry, name))
        twice = (np.diff(name[order]) == 0) & (np.diff(placed.entry[order]) == 0)
        found: Flags = np.zeros(self.count, np.bool_)
        found[self._named[placed.row[order][1:][twice]]] = True
        return found

    def worth(self, at: int) -> NameWorth:
        """Of one row, which has one."""
        kind = self.kind[at : at + 1]
        return NameWorth._make(part[kind] for part in self.worths)


def _read_entries(names: EntityNames, named: Index, skipped: Index, count: Index, *, joined: bool) -> WordColumns:
    """So many entries of each row behind those skipped."""
    owner, at = expand_counts(count)
    return read_columns(
        names.table, named[owner], (names.starts + ENTRY_WORDS * skipped)[owner] + ENTRY_WORDS * at, joined=joined
    )


def _find_abbreviations(names: EntityNames, named: Index, placed: PlacedNames) -> _Abbreviations:
    may = np.flatnonzero(WordPlace.acronym.lies_in(placed.flags))
    row = placed.row[may]
    spellings = names.table[names.starts[row] + ENTRY_WORDS * placed.entry[may]]
    return _Abbreviations(named[row], WordLetters.letters.take(spellings))


def _sort_worths(worths: NameWorth) -> tuple[NameWorth, NDArray[np.intp]]:
    """The distinct worths of names that find nothing, and which of them each row has."""
    parts = np.stack([worths.free, worths.held, worths.heaviest, worths.left], 1)
    packed = np.clip(parts, -_MOST, _MOST).astype(np.int16).view(np.int64)[:, 0]
    kinds, kind = np.unique(packed, return_inverse=True)
    free, held, heaviest, left = kinds.view(np.int16).reshape(-1, 4).T.astype(np.int32)
    nothing = np.zeros(len(kinds), np.int32)
    never = np.zeros(len(kinds), np.bool_)
    return NameWorth(free, held, heaviest, left, nothing, never, never, never, never, nothing), kind


def bound_names(some: CrowdNames, at: int, crowd: CrowdNames) -> States:
    """States of the names of one of some rows and of each of a crowd, none weaker than bound.name_state.

    Words that may be like any of the other's give all that they can give.
    """
    open_kind = len(some.worths.free)
    if some.kind[at] > open_kind:
        return np.full(crowd.count, NO_NAME, np.int32)
    if some.kind[at] == open_kind or some.repeating[at]:
        return np.where(crowd.kind > len(crowd.worths.free), np.int32(NO_NAME), np.int32(STEPS - 1))
    unlike = combine_worths(some.worth(at), crowd.worths, np.zeros(1, np.bool_)) % STEPS
    state: States = np.append(unlike, [STEPS - 1, NO_NAME]).astype(np.int32).take(crowd.kind)
    gains = _find_gains(some, at, crowd)
    found = np.flatnonzero(gains)
    alike = -((LOWEST - np.minimum(gains[found], MOST_BITS)) // STEP)
    state[found] = np.where(state[found] < NO_NAME, np.maximum(alike, state[found]), np.int32(NO_NAME))
    return state


def _find_gains(some: CrowdNames, at: int, crowd: CrowdNames) -> BitsOfRows:
    """The most that the words of one of some rows give beside each of a crowd's; 0 where none is like any."""
    gains = np.zeros(crowd.count, np.int32)
    words, runs, abbreviations = (range(ends[at], ends[at + 1]) for ends in some.ends)
    for columns, own, all_others in (
        (some.words, words, (crowd.words, crowd.runs)),
        (some.runs, runs, (crowd.words,)),
    ):
        for word in own:
            found = [others.row[np.flatnonzero(find_like(columns, word, others))] for others in all_others]
            gain = columns.gains[word] + np.int32(0 if columns is some.runs else CULTURE)
            gains[np.concatenate(found)] += max(gain, _SOME)
    gains[gains > 0] -= np.int32(CULTURE)
    if some.numbered[at]:
        gains[crowd.numbered] += np.int32(NUMBERS_AGREE)
    for letters in some.abbreviations.letters[abbreviations.start : abbreviations.stop]:
        gains[letters & ~crowd.initials == 0] = MOST_BITS
    row, letters = crowd.abbreviations
    gains[row[letters & ~some.initials[at] == 0]] = MOST_BITS
    return gains
