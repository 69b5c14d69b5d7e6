"""What the names of many pairs of rows weigh at most, without aligning their tokens.

Each token is given the best that it can find, even if others find the same; what contradicts or is missing is left out.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons.bounds import BitsArray, Bound, States, strongest_from
from pipeline.matching.comparisons.levels import Table, apply_curve
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
    OPEN,
    RARITY,
    RARITY_STEP,
    SOUND,
    UNLINED,
    WILD,
)  # fmt: skip
from pipeline.matching.comparisons.name.own_tokens import growth_of
from pipeline.matching.names import levels
from pipeline.matching.names.comparison import CULTURE
from pipeline.matching.names.joined_words import ACRONYM_LETTER, ALIKE_SHARE, SLACK
from pipeline.matching.names.outlines import MOST_EDITS
from pipeline.matching.names.token_pairs import INITIAL_BITS
from pipeline.matching.score.alternatives import ALTERNATIVES, HOUSEHOLD, STRANGERS
from pipeline.matching.screening.rows import TOKENS, BitsOfRows, Flags, Index, Rows, Words, expand_pairs

EDITS = np.array([-1, -1, -1, 1, *[MOST_EDITS] * (MOST_LENGTH - 3)], np.int32)
"""Edits at most that leave two words alike, by the letters of the shorter (token_levels): of two letters none does."""

ANY = 1 << 14
"""Hundredths of a bit that no names weigh."""

NO_NAME = ANY + 1

MOST_ACRONYM = 3
"""Letters of a person's name that may be an acronym (names.prints)."""

_LETTERS, _RARITY = np.uint32((1 << RARITY) - 1), np.uint32(RARITY)
_FORM, _SOUND, _BEGINNING = (np.uint32((1 << HASH_BITS[first]) - 1 << first) for first in (FORM, SOUND, BEGINNING))
_LENGTH, _LENGTHS = np.uint32(LENGTH), np.uint32(MOST_LENGTH)
_CLASS, _MANY = np.uint32(CLASSES), np.uint32(MANY)
_WILD, _UNLINED = np.uint32(1 << WILD), np.uint32(1 << UNLINED)
_STEP = np.int32(RARITY_STEP)


class _Names:
    """The name tokens of rows, in arrays of (TOKENS, rows)."""

    def __init__(self, rows: Rows) -> None:
        words = rows.words("letters")
        self.letters: Words = words & _LETTERS
        self.rarity: BitsOfRows = (words >> _RARITY).astype(np.int32)
        self.variants: Words = rows.words("variants")
        self.hashes: Words = rows.words("hashes")
        self.count = np.where(rows.byte("names") == OPEN, 0, rows.byte("names")).astype(np.int32)
        self.rows = rows

    @cached_property
    def lengths(self) -> BitsOfRows:
        return _token_lengths(self.hashes)


def name_state(a: Rows, b: Rows) -> States:
    """The bits of the names package, 0 to ANY, that two rows' names never exceed; NO_NAME where a side has none."""
    named = (a.byte("names") > 0) & (b.byte("names") > 0)
    return np.where(named, most_name_bits(a, b), NO_NAME)


def most_name_bits(a: Rows, b: Rows) -> BitsOfRows:
    """Hundredths of a bit, 0 or more, that the bits of two rows' names never exceed, where both have one."""
    names, other = _Names(a), _Names(b)
    bits = np.minimum(*_sum_gains(names, other))
    bits = np.minimum(_bound_joined(names, other, _bound_joined(other, names, bits)), ANY)
    bits[(a.byte("names") == OPEN) | (b.byte("names") == OPEN)] = ANY
    return bits


def _sum_gains(one: _Names, other: _Names) -> tuple[BitsOfRows, BitsOfRows]:
    """Sums of the most that each token of a side may give, by either side."""
    count = len(one.rows)
    pair, row, column = expand_pairs(one.count, other.count)
    left, right = row * np.int32(count) + pair, column * np.int32(count) + pair
    tokens = _pair_tokens(one, other, left, right)
    alike = _find_alike(tokens)
    gains = _bound_gains(_Tokens._make(part[alike] for part in tokens))
    return _total(left[alike], gains, count), _total(right[alike], gains, count)


class _Tokens(NamedTuple):
    """Pairs of tokens, a field an array over all pairs.

    `edits` are letters that one of both has, `gap` the difference of their lengths and `shorter` the lesser length;
    `apart` are the bits of hashes in which they differ, `either` those that either has; `rarity` is that of the less
    rare; `initial` says whether one is an initial, `related` whether they are variants.
    """

    edits: NDArray[np.uint8]
    gap: BitsOfRows
    shorter: BitsOfRows
    apart: Words
    either: Words
    rarity: BitsOfRows
    initial: Flags
    related: Flags


def _pair_tokens(one: _Names, other: _Names, left: Index, right: Index) -> _Tokens:
    hashes, others = one.hashes.ravel()[left], other.hashes.ravel()[right]
    steps, other_steps = one.rarity.ravel()[left], other.rarity.ravel()[right]
    length, other_length = _token_lengths(hashes), _token_lengths(others)
    return _Tokens(
        edits=np.bitwise_count(one.letters.ravel()[left] ^ other.letters.ravel()[right]),
        gap=np.abs(length - other_length),
        shorter=np.minimum(length, other_length),
        apart=hashes ^ others,
        either=hashes | others,
        rarity=np.minimum(steps, other_steps) * _STEP,
        initial=np.maximum(steps, other_steps) == INITIAL,
        related=_share_variants(one.variants.ravel()[left], other.variants.ravel()[right]),
    )


def _token_lengths(hashes: Words) -> BitsOfRows:
    return (hashes >> _LENGTH & _LENGTHS).astype(np.int32)


def _find_alike(of: _Tokens) -> Index:
    """Which pairs of tokens may give anything; an insertion changes one letter of the set, another edit two."""
    found = of.edits + of.gap <= 2 * EDITS[of.shorter]
    found |= (of.either & _UNLINED != 0) & (of.edits <= 2 * MOST_EDITS) & (of.gap <= MOST_EDITS)
    found |= (of.apart & _SOUND == 0) | (of.apart & _BEGINNING == 0) | (of.either & _WILD != 0)
    return np.flatnonzero(found | of.related | of.initial).astype(np.int32)


def _share_variants(one: Words, other: Words) -> Flags:
    """Whether tokens may have a class of variants in common."""
    found: Flags = np.zeros(len(one), np.bool_)
    both = np.flatnonzero((one != 0) & (other != 0))
    one, other = one[both], other[both]
    related: Flags = np.zeros(len(both), np.bool_)
    theirs = _kept(other)
    for mine in _kept(one):
        related |= (mine != 0) & np.logical_or.reduce([mine == each for each in theirs])
    many = np.flatnonzero((one | other) & _MANY)
    related[many] |= _fold_classes(one[many]) & _fold_classes(other[many]) != 0
    found[both] = related
    return found


def _fold_classes(words: Words) -> Words:
    """Sets of classes, modulo FOLDED_CLASSES."""
    told = np.zeros_like(words)
    for kept in _kept(words):
        told |= np.where(kept != 0, np.uint32(1) << (kept - np.uint32(1)) % np.uint32(FOLDED_CLASSES), np.uint32(0))
    return np.where(words & _MANY != 0, words & ~_MANY, told)


def _kept(words: Words) -> list[Words]:
    return [words >> np.uint32(CLASS_BITS * at) & _CLASS for at in range(CLASSES_KEPT)]


def _bound_gains(of: _Tokens) -> BitsOfRows:
    """Most bits of pairs of tokens that may be alike."""
    found = _level(levels.NEAR, of.rarity)
    for level, reached in (
        (levels.EDIT, (of.edits + of.gap <= 2) & (EDITS[of.shorter] == MOST_EDITS)),
        (levels.SOUND, of.apart & _SOUND == 0),
        (levels.VARIANT, of.related),
        (levels.SAME, ((of.apart & _FORM == 0) & (of.edits == 0)) | (of.either & (_WILD | _UNLINED) != 0)),
    ):
        found = np.where(reached, np.maximum(found, _level(level, of.rarity)), found)
    return np.where(of.initial, np.int32(INITIAL_BITS), found)


def _level(level: str, rarity: BitsOfRows) -> BitsOfRows:
    bits: BitsOfRows = np.clip(rarity - np.int32(levels.COST[level]), np.int32(0), np.int32(levels.LIMIT[level]))
    return bits


def _total(tokens: Index, gains: BitsOfRows, count: int) -> BitsOfRows:
    """The best of each token, summed, less what every agreeing one beyond the first costs."""
    flat = np.zeros(TOKENS * count, np.int32)
    np.maximum.at(flat, tokens, gains)
    best = flat.reshape(TOKENS, count)
    found: BitsOfRows = np.maximum(best + np.int32(CULTURE), 0).sum(0, dtype=np.int32)
    return found - np.int32(CULTURE) * best.any(0)


def _bound_joined(names: _Names, many: _Names, bits: BitsOfRows) -> BitsOfRows:
    """Most bits where tokens of `one` may be neighbouring tokens of `many` written together, or their initials."""
    longest, acronym = names.rows.byte("longest").astype(np.int32), names.rows.byte("acronym")
    may = np.flatnonzero((longest + SLACK >= many.rows.byte("joined")) | (acronym <= many.rows.byte("names")))
    if may.size:
        bits[may] = _bound_runs(names, many, may, bits[may])
    return bits


def _bound_runs(names: _Names, many: _Names, may: NDArray[np.intp], bits: BitsOfRows) -> BitsOfRows:
    """Two tokens written together leave none to agree with another; what is joined must nearly be the same."""
    parts, flags = np.bitwise_or.reduce(many.letters[:, may]), np.bitwise_or.reduce(many.hashes[:, may])
    letters, glue, joined = names.letters[:, may], many.rows.byte("glue")[may] != 0, many.rows.byte("joined")[may]
    unknown = glue | ((flags | names.hashes[:, may]) & (_WILD | _UNLINED) != 0)
    two = (many.count[may] == 2) & ~glue
    edits = np.bitwise_count(np.where(two, letters ^ parts, letters & ~parts))
    lengths = names.lengths[:, may]
    gap = np.where(two, np.abs(joined - lengths), 0)
    longer = np.where(two, np.maximum(joined, lengths), lengths + SLACK)
    alike = (edits + gap <= 2 * (longer // ALIKE_SHARE)) & (gap <= SLACK)
    own, theirs = (np.where(some == INITIAL, 0, some) * _STEP for some in (names.rarity[:, may], many.rarity[:, may]))
    rarity = np.minimum(own, theirs.sum(0, dtype=np.int32))
    most = np.where((edits == 0) | unknown, rarity, np.minimum(rarity, _level(levels.VARIANT, own)))
    gains = np.where((alike | unknown) & (names.hashes[:, may] != 0), most, 0).max(0)
    acronym = names.rows.byte("acronym")[may] <= many.count[may]
    gains += np.where(acronym, np.int32(MOST_ACRONYM * ACRONYM_LETTER), 0)
    found: BitsOfRows = np.where(two, np.maximum(bits, gains), bits + TOKENS * gains)
    return found


def _most(table: Table) -> BitsArray:
    """By the bits of the names package, bent as the model says; against companions the best of all levels.

    What agrees weighs at most the bits and what they cost for each token beyond the first (CULTURE), so a household has
    no more than the growth of that.
    """
    bits = range(NO_NAME)
    found = np.zeros((ALTERNATIVES, NO_NAME + 1), np.int32)
    found[:, :NO_NAME] = strongest_from(table)[:, :1]
    found[STRANGERS, :NO_NAME] = [max(0, apply_curve(most, table.curve)) for most in bits]
    growth = np.array([growth_of(most - CULTURE * (TOKENS - 1)) for most in bits], np.int32)
    found[HOUSEHOLD, :NO_NAME] = np.maximum(found[HOUSEHOLD, :NO_NAME] + growth, 0)
    return found


NAME_BOUND = Bound(name_state, _most)


def most_at_any_level(table: Table) -> BitsArray:
    """Most bits of names of which a row tells nothing: those of their tokens may come to ANY."""
    most: BitsArray = np.maximum(strongest_from(table)[:, 0] + np.int32(ANY), 0)
    return most
