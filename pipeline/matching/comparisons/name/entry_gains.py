"""Bounds the bits that two words, or a word and a run, give by their entries in sketches, for many pairs at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons.name.encoding import (
    BEGINNING,
    CLASS_BITS,
    CLASSES,
    CLASSES_KEPT,
    FOLDED_CLASSES,
    FORM,
    HASH_BITS,
    INITIAL,
    LENGTH,
    MANY,
    MOST_LENGTH,
    RARITY,
    RARITY_STEPS,
    SOUND,
    UNLINED,
    WILD,
)  # fmt: skip
from pipeline.matching.names import levels
from pipeline.matching.names.outlines import MOST_EDITS
from pipeline.matching.names.rarity import CEILING
from pipeline.matching.names.resemblance import RESEMBLANCE, SHORTEST_ALIKE
from pipeline.matching.names.token_pairs import INITIAL_BITS, SHORT_FORM_BITS
from pipeline.matching.screening.rows import BitsOfRows, Flags, Index, WordArray

EDITS = np.array([-1, -1, -1, 1, *[MOST_EDITS] * (MOST_LENGTH - 3)], np.int32)
"""The most edits that leave two words alike (token_levels), by the letters of the shorter word; -1 if none does."""

LETTERS = np.uint32((1 << RARITY) - 1)
"""The bits of an entry's letters."""

_RARITY = np.uint32(RARITY)
_FORM, SOUNDS, BEGINNINGS = (np.uint32((1 << HASH_BITS[first]) - 1 << first) for first in (FORM, SOUND, BEGINNING))
"""Bits of an entry's hashes."""
_LENGTH, _LENGTHS = np.uint32(LENGTH), np.uint32(MOST_LENGTH)
_CLASS, _MANY = np.uint32(CLASSES), np.uint32(MANY)
_OPEN_WORD = np.uint32(1 << WILD | 1 << UNLINED)
_WILD, _UNLINED = np.uint32(1 << WILD), np.uint32(1 << UNLINED)
_STEPS = np.array(RARITY_STEPS, np.int32)


class EntryGains(NamedTuple):
    """The indices of those pairs of entries that may give bits, and the hundredths of a bit that each gives at most."""

    pairs: Index
    bits: BitsOfRows


def bound_gains(table: WordArray, other: WordArray, left: Index, right: Index, *, joined: bool) -> EntryGains:
    """Bound the gains of pairs of entries, which begin at `left` in `table` and at `right` in `other`.

    `joined`: the entries of one side are runs, which agree as a whole or not at all.
    """
    alike = _find_alike(table, other, left, right)
    return EntryGains(alike, _bound_gains(_pair_tokens(table, other, left[alike], right[alike]), joined=joined))


def _find_alike(table: WordArray, other: WordArray, left: Index, right: Index) -> Index:
    """The indices of the pairs that may give bits. Letters and hashes rule out most of the others."""
    one, two = table[left], other[right]
    found: Flags = np.bitwise_count((one ^ two) & LETTERS) <= 2 * MOST_EDITS
    found |= np.maximum(one, two) >= np.uint32(INITIAL << RARITY)
    one, two = table[left + 1], other[right + 1]
    found |= (one != 0) & (two != 0)
    one, two = table[left + 2], other[right + 2]
    apart = one ^ two
    found |= (apart & SOUNDS == 0) | (apart & BEGINNINGS == 0) | ((one | two) & _WILD != 0)
    return np.flatnonzero(found)


class _Tokens(NamedTuple):
    """Pairs of entries; each field has one item for each pair.

    - `edits` counts the letters that only one of the two has;
    - `gap` is the difference of their lengths, `shorter` the lesser length;
    - `apart` has the bits in which their hashes differ, `either` those that are set in either;
    - `rarity` is that of the less rare word, in hundredths of a bit;
    - `initial` says whether one is an initial, `related` whether they may be variants, `within` whether one has all
      letters of the other.
    """

    edits: NDArray[np.uint8]
    gap: BitsOfRows
    shorter: BitsOfRows
    apart: WordArray
    either: WordArray
    rarity: BitsOfRows
    initial: Flags
    related: Flags
    within: Flags


def _pair_tokens(table: WordArray, other: WordArray, left: Index, right: Index) -> _Tokens:
    letters, others_letters = table[left], other[right]
    hashes, others = table[left + 2], other[right + 2]
    steps, other_steps = ((words >> _RARITY).astype(np.int32) for words in (letters, others_letters))
    length, other_length = entry_lengths(hashes), entry_lengths(others)
    both = letters & others_letters & LETTERS
    return _Tokens(
        edits=np.bitwise_count((letters ^ others_letters) & LETTERS),
        gap=np.abs(length - other_length),
        shorter=np.minimum(length, other_length),
        apart=hashes ^ others,
        either=hashes | others,
        rarity=_STEPS[np.minimum(steps, other_steps)],
        initial=np.maximum(steps, other_steps) == INITIAL,
        related=_share_variants(table[left + 1], other[right + 1]),
        within=(both == letters & LETTERS) | (both == others_letters & LETTERS),
    )


def entry_lengths(hashes: WordArray) -> BitsOfRows:
    """The number of letters of entries, from the words with their hashes; MOST_LENGTH stands for more."""
    return (hashes >> _LENGTH & _LENGTHS).astype(np.int32)


def _share_variants(one: WordArray, other: WordArray) -> Flags:
    """Whether words may have a class of variants in common."""
    found: Flags = np.zeros(len(one), np.bool_)
    both = np.flatnonzero((one != 0) & (other != 0))
    one, other = one[both], other[both]
    related: Flags = np.zeros(len(both), np.bool_)
    theirs = kept_classes(other)
    for mine in kept_classes(one):
        related |= (mine != 0) & np.logical_or.reduce([mine == each for each in theirs])
    many = np.flatnonzero((one | other) & _MANY)
    related[many] = fold_classes(one[many]) & fold_classes(other[many]) != 0
    found[both] = related
    return found


def fold_classes(words: WordArray) -> WordArray:
    """Sets of classes, modulo FOLDED_CLASSES."""
    told = np.zeros_like(words)
    for kept in kept_classes(words):
        told |= np.where(kept != 0, np.uint32(1) << (kept - np.uint32(1)) % np.uint32(FOLDED_CLASSES), np.uint32(0))
    return np.where(words & _MANY != 0, words & ~_MANY, told)


def kept_classes(words: WordArray) -> list[WordArray]:
    """The classes that are told one by one, each by its number and one more, 0 for none; nothing of sets of more."""
    return [words >> np.uint32(CLASS_BITS * at) & _CLASS for at in range(CLASSES_KEPT)]


def _bound_gains(of: _Tokens, *, joined: bool) -> BitsOfRows:
    """Most bits of pairs of entries that may be alike.

    An insertion changes one letter of the set and the length, another edit two letters.
    """
    edits = EDITS[of.shorter]
    near = (of.edits + of.gap <= 2 * edits) & (of.gap <= edits)
    near |= ((of.apart & BEGINNINGS == 0) & of.within) | (of.either & _OPEN_WORD != 0)
    found = np.where(near & ~joined, _level(levels.NEAR, of.rarity), 0)
    unlined = (of.either & _UNLINED != 0) & (of.edits <= 2 * MOST_EDITS) & (of.gap <= MOST_EDITS)
    for level, reached in (
        (levels.EDIT, (of.edits + of.gap <= 2) & (of.gap <= 1) & (edits == MOST_EDITS)),
        (levels.SOUND, of.apart & SOUNDS == 0),
        (levels.VARIANT, of.related),
        (levels.SAME, ((of.apart & _FORM == 0) & (of.edits == 0)) | unlined | (of.either & _WILD != 0)),
    ):
        found = np.where(reached, np.maximum(found, _level(level, of.rarity)), found)
    if joined:
        return np.where(of.initial, np.int32(0), found)
    same = of.within | (of.either & _OPEN_WORD != 0)
    return np.where(of.initial, np.where(same, np.int32(INITIAL_BITS), np.int32(SHORT_FORM_BITS)), found)


def _level(level: str, rarity: BitsOfRows) -> BitsOfRows:
    """The same as levels.level_bits, of many."""
    known = np.minimum(rarity, np.int32(CEILING))
    bits: BitsOfRows = np.clip(known - np.int32(levels.COST[level]), np.int32(0), np.int32(levels.LIMIT[level]))
    return bits + (rarity - known) if level in levels.COINED else bits


def may_resemble(table: WordArray, other: WordArray, left: Index, right: Index) -> Index:
    """Which pairs of words may be one with several slips (name_levels.RESEMBLANCE): each changes two of its letters."""
    of = _pair_tokens(table, other, left, right)
    slips = ((of.shorter + of.gap) * (1 - RESEMBLANCE)).astype(np.int32)
    found = (of.edits <= 2 * slips) & (of.gap <= slips) & (of.shorter >= SHORTEST_ALIKE)
    return np.flatnonzero(found | (of.shorter + of.gap >= MOST_LENGTH))
