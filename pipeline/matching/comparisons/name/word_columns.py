"""Words of many names in columns, so that a few array comparisons rule out most pairs of a word with all others.

The pairs that remain include every pair for which entry_gains gives bits, and a few more. entry_gains then bounds the
bits of each, at ten times the cost.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons.name.encoding import (
    BEGINNING,
    CLASSES,
    FOLDED_CLASSES,
    INITIAL,
    MANY,
    RARITY,
    RARITY_STEPS,
    SOUND,
    UNLINED,
    WILD,
)
from pipeline.matching.comparisons.name.entry_gains import (
    BEGINNINGS,
    EDITS,
    LETTERS,
    SOUNDS,
    entry_lengths,
    fold_classes,
    kept_classes,
)
from pipeline.matching.names import levels
from pipeline.matching.names.outlines import MOST_EDITS
from pipeline.matching.names.token_pairs import INITIAL_BITS
from pipeline.matching.screening.rows import BitsOfRows, Flags, Index, WordArray

NOTHING = 1 << 15
"""Stands for a hash of a word so frequent that agreeing by this hash gives no bits."""

EDIT_CHANGES = 2
"""The letters that one edit changes in a set of letters."""

_FURTHER_CLASSES = CLASSES // FOLDED_CLASSES
"""A class is kept by its number modulo this and modulo FOLDED_CLASSES, which have no divisor in common."""
_STEPS = np.array(RARITY_STEPS, np.int32)
_FOLDED = np.uint64(FOLDED_CLASSES)
_ALL_CLASSES = np.uint64((1 << FOLDED_CLASSES + _FURTHER_CLASSES) - 1)
_ALL_FOLDED = np.uint64((1 << FOLDED_CLASSES) - 1)
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
    steps = (letters >> np.uint32(RARITY)).astype(np.int32)
    rarity = _STEPS[steps]
    any_other = (steps == INITIAL) | (hashes & np.uint32(1 << WILD) != 0)
    unlined = hashes & np.uint32(1 << UNLINED) != 0
    lengths = entry_lengths(hashes)
    edits = EDITS[lengths]
    near = 0 if joined else np.where(rarity > levels.COST[levels.NEAR], EDIT_CHANGES * edits, 0)
    edited = (rarity > levels.COST[levels.EDIT]) & (edits == MOST_EDITS)
    kinds = np.where(unlined & (classes != 0), _ALL_CLASSES, _read_classes(classes))
    return WordColumns(
        row,
        letters & LETTERS,
        lengths.astype(np.int8),
        np.maximum(near, np.where(edited, EDIT_CHANGES, 0)).astype(np.uint8),
        np.where(unlined, EDIT_CHANGES * MOST_EDITS, 0).astype(np.uint8),
        _take_hash(hashes, SOUNDS, SOUND, rarity > levels.COST[levels.SOUND]),
        _take_hash(hashes, BEGINNINGS, BEGINNING, (rarity > levels.COST[levels.NEAR]) & (not joined)),
        np.where(rarity > levels.COST[levels.VARIANT], kinds, np.uint64(0)),
        np.where(steps == INITIAL, np.int32(INITIAL_BITS), rarity),
        any_other,
    )


def _read_classes(words: WordArray) -> NDArray[np.uint64]:
    """The sets of classes. Of more than CLASSES_KEPT only the numbers modulo FOLDED_CLASSES are known."""
    further = np.zeros(len(words), np.uint64)
    for kept in kept_classes(words):
        bit = np.uint64(1) << ((kept - np.uint32(1)) % np.uint32(_FURTHER_CLASSES)).astype(np.uint64)
        further |= np.where(kept != 0, bit, np.uint64(0))
    further = np.where(words & np.uint32(MANY) != 0, _ALL_FURTHER, further)
    return fold_classes(words).astype(np.uint64) | further << _FOLDED


def _take_hash(hashes: WordArray, bits: np.uint32, first: int, tells: Flags) -> NDArray[np.uint16]:
    """A part of the hashes; NOTHING where `tells` is false."""
    return np.where(tells, (hashes & bits) >> np.uint32(first), np.uint32(NOTHING)).astype(np.uint16)


def find_like(words: WordColumns, at: int, others: WordColumns) -> Flags:
    """Which of `others` may be like the word at index `at`."""
    apart = np.bitwise_count(others.letters ^ words.letters[at])
    edits = apart + np.abs(others.lengths - words.lengths[at]).view(np.uint8)
    found: Flags = (edits <= others.edits) & (edits <= words.edits[at])
    found |= apart <= others.open_edits
    if words.open_edits[at]:
        found |= apart <= words.open_edits[at]
    for column, hashed in ((others.sounds, words.sounds[at]), (others.beginnings, words.beginnings[at])):
        if hashed != NOTHING:
            found |= column == hashed
    if words.any_other[at]:
        return np.ones(len(others.row), np.bool_)
    found |= others.any_other
    if words.classes[at]:
        both = others.classes & words.classes[at]
        found |= (both & _ALL_FOLDED != 0) & (both > _ALL_FOLDED)
    return found
