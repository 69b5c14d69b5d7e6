"""What the names of two entities weigh at most, pair by pair, without aligning their tokens; so of one and many others.

Each word of a name is given the best that it finds in the other, even if others find the same. Where each side has
words that find nothing, these contradict. Numbers and nicknames count as they do in comparison.py; whatever else two
names say only lowers their bits. This is the one place where the parts of the bound are put together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipeline.matching.names.comparison import (
    CULTURE,
    FURTHER_CONFLICT,
    NUMBER_MISSING,
    NUMBERS_AGREE,
    NUMBERS_DIFFER,
    WEAK,
)
from pipeline.matching.names.joined_words import judge_run
from pipeline.matching.names.name_runs import find_runs
from pipeline.matching.names.name_sets import NameSet
from pipeline.matching.names.prints import NamePrint
from pipeline.matching.names.run_tables import IntegerArray, Marked
from pipeline.matching.names.shapes import find_alike
from pipeline.matching.names.token_pairs import NOTHING, OTHER, PERSONAL, PairMemory

FEW = 6
"""Pairs of names of two entities that cost less to align than to bound: of organisations six, of people nine."""

Gains = IntegerArray
"""Most hundredths of a bit that a word of one side finds in a name of the other, 0 for nothing: a row for each word."""

PairMatrix = IntegerArray
"""A number for each pair of names: a row for each of one side."""


class PairBound(NamedTuple):
    """What two names, by their numbers, never exceed.

    `bits`: hundredths of a bit, 0 or more. `agreeing`: pairs of words or numbers that agree, at most. `contradict`:
    whether some contradict each other for certain, other than as a given and a family name. `joined`: whether words
    written together, or abbreviated, may agree.
    """

    bits: int
    a: int
    b: int
    agreeing: int
    contradict: bool
    joined: bool


class _Finds(NamedTuple):
    """What the words of each name of one side find in each of the other at most.

    `bits` they give; `found` and `left` are how many find something and nothing, `heaviest` the contradiction of these.
    """

    bits: PairMatrix
    found: PairMatrix
    left: PairMatrix
    heaviest: PairMatrix

    @property
    def turned(self) -> _Finds:
        """The same with the sides in the other order."""
        return _Finds(*[one.T for one in self])


def bound_pairs(a: NameSet, b: NameSet) -> list[PairBound]:
    """The bounds of all pairs of names in which words may agree, the highest first; in other pairs none does.

    Both sides have a name. `b` may be of many entities.
    """
    memory = PERSONAL if a.names[0].person else OTHER
    gains_a, gains_b = _find_gains(a, b, memory)
    joined_a, joined_b = _find_joined(a, b, gains_a, memory), _find_joined(b, a, gains_b, memory).T
    finds_a, finds_b = _find_words(a, gains_a), _find_words(b, gains_b).turned
    joined = (joined_a > 0) | (joined_b > 0)
    met = joined | (finds_a.found > 0)
    if not met.any():
        return []
    bits, contradict = _bound_apart(a, b, finds_a, finds_b)
    if joined.any():
        bits = np.where(joined, np.minimum(finds_a.bits + joined_b, finds_b.bits + joined_a), bits)
        contradict &= ~joined
    agreeing = np.where(joined, finds_a.found + finds_b.found, np.minimum(finds_a.found, finds_b.found))
    bits, agreeing = _count_numbers(a, b, bits, agreeing)
    bits = np.maximum(bits - WEAK * _are_weak(a, b), 0)
    rows, columns = np.nonzero(met)
    parts = (bits[met], rows, columns, agreeing[met], contradict[met], joined[met])
    return sorted(map(PairBound, *[part.tolist() for part in parts]), reverse=True)


def _find_gains(a: NameSet, b: NameSet, memory: PairMemory) -> tuple[Gains, Gains]:
    """What the words of each side find in the names of the other, word by word."""
    gains = np.zeros((len(a.tokens), len(b.tokens)), np.int32)
    for s, t in find_alike(a.shapes, b.shapes):
        pair = memory.judge(a.tokens[s], b.tokens[t])
        if pair is not NOTHING:
            gains[s, t] = pair.bits
    return _best_by_name(gains, b), _best_by_name(gains.T, a)


def _best_by_name(gains: IntegerArray, names: NameSet) -> Gains:
    """Of what words find in words of some names, the best in each name."""
    return np.maximum.reduceat(gains[:, names.words], names.starts, axis=1)


def _find_joined(one: NameSet, many: NameSet, gains: Gains, memory: PairMemory) -> PairMatrix:
    """The most that words of `one` give as several of `many` written together; it is noted under the words too."""
    joined = np.zeros((len(one.names), len(many.names)), np.int32)
    for word, name, run in find_runs(one, many):
        pair = judge_run(one.tokens[word], run, memory)
        if pair is not NOTHING:
            gains[word, name] = max(gains[word, name], pair.bits)
            joined[one.holders(word), name] += pair.bits
    return joined


def _find_words(side: NameSet, gains: Gains) -> _Finds:
    """What the words of each name find in each of the other side."""
    gains = gains[side.words]
    got = gains > 0
    bits = np.add.reduceat(np.maximum(gains + CULTURE, 0), side.starts)
    found = np.add.reduceat(got, side.starts, dtype=np.int32)
    heaviest = np.minimum.reduceat(np.where(got, 0, side.costs[:, None]), side.starts)
    return _Finds(np.where(found > 0, bits - CULTURE, 0), found, side.counts[:, None] - found, heaviest)


def _bound_apart(a: NameSet, b: NameSet, finds: _Finds, back: _Finds) -> tuple[PairMatrix, Marked]:
    """The bounds of names none of whose words are written together in the other, and which of them contradict."""
    bits = np.minimum(finds.bits, back.bits)
    contradict = (finds.left > 0) & (back.left > 0) & ~(a.with_patronymic[:, None] | b.with_patronymic)
    further = np.maximum(np.minimum(finds.left, back.left) - 1, 0)
    heaviest = np.maximum(finds.heaviest, back.heaviest) + FURTHER_CONFLICT * further
    apart = (a.with_family[:, None] & b.with_given) | (a.with_given[:, None] & b.with_family)
    return bits + np.where(contradict, heaviest, 0), contradict & ~apart


def _count_numbers(a: NameSet, b: NameSet, bits: PairMatrix, agreeing: PairMatrix) -> tuple[PairMatrix, PairMatrix]:
    """Bounds, and how much agrees, with what numbers say."""
    first, second = a.numbered, b.numbered
    if not first and not second:
        return bits, agreeing
    bits, agreeing = bits.copy(), agreeing.copy()
    if not a.names[0].person:
        bits[first] += NUMBER_MISSING
        bits[:, second] += NUMBER_MISSING
    for i in first:
        for j in second:
            agreeing[i, j] += 1
            bits[i, j] += _weigh_numbers(a.names[i], b.names[j])
    return bits, agreeing


def _weigh_numbers(x: NamePrint, y: NamePrint) -> int:
    """What numbers that both have say beyond what each would, were it missing."""
    if x.person:
        return 0
    return (NUMBERS_AGREE if x.numbers == y.numbers else NUMBERS_DIFFER) - 2 * NUMBER_MISSING


def _are_weak(a: NameSet, b: NameSet) -> Marked:
    """Pairs of which one is a nickname, or both are of one word."""
    return (a.weak[:, None] | b.weak) | (a.single[:, None] & b.single)
