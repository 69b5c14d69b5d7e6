"""Upper bounds of the weight of pairs of names, without aligning their tokens, for one entity and many others at once.

Each word of a name counts with the best word of the other name, even if others count with the same one. If each side
has words without such a word, these contradict, except patronymics. Numbers and nicknames count as in comparison.py;
everything else only lowers the bits of a pair. Only this module puts the parts of the bound together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.names.comparison import (
    CULTURE,
    FURTHER_CONFLICT,
    NUMBER_MISSING,
    NUMBERS_AGREE,
    NUMBERS_DIFFER,
    WEAK,
)
from pipeline.matching.names.joined_words import BACK, FORTH, judge_runs, turn_ways
from pipeline.matching.names.name_runs import find_runs
from pipeline.matching.names.name_sets import NameSet
from pipeline.matching.names.prints import NamePrint
from pipeline.matching.names.run_tables import IntegerArray, Marked
from pipeline.matching.names.shapes import find_alike
from pipeline.matching.names.token_pairs import NOTHING, OTHER, PERSONAL, PairMemory

FEW = 6
"""Up to so many pairs of names of two entities cost less to align than to bound: six of organisations, nine of
people."""

AS_FAMILIES, AS_OTHERS = 1, 2
"""As what words of two names contradict each other: perhaps as family names, or not as these."""

Gains = IntegerArray
"""The most hundredths of a bit that a word of one side finds in a name of the other: shape (words, names)."""

PairMatrix = IntegerArray
"""A number for each pair of names: shape (names of one side, names of the other)."""


class PairBound(NamedTuple):
    """The bound of one pair of names; `a` and `b` are their indices.

    `bits` is the most that they weigh, in hundredths of a bit, 0 or more. `agreeing` is the largest possible number of
    words and numbers that agree. `contradict` is not 0 where some words contradict each other for certain, except a
    given and a family name. `joined` says where words may be written together or abbreviated (joined_words).
    """

    bits: int
    a: int
    b: int
    agreeing: int
    contradict: int
    joined: int


class _Finds(NamedTuple):
    """The most that the words of each name of one side find in each name of the other.

    `bits` is their sum, `found` and `left` are the numbers of words that find something and, but for patronymics,
    nothing, and `heaviest` is the strongest contradiction of the latter.
    """

    bits: PairMatrix
    found: PairMatrix
    left: PairMatrix
    heaviest: PairMatrix

    @property
    def turned(self) -> _Finds:
        """The same with the sides exchanged."""
        return _Finds(*[one.T for one in self])


def bound_pairs(a: NameSet, b: NameSet) -> list[PairBound]:
    """The bounds of all pairs of names in which words may agree, the highest first. In other pairs no word agrees.

    Both sides have a name or more.
    """
    return bound_each(a, b, [0], [False])[0]


def bound_each(a: NameSet, b: NameSet, firsts: Sequence[int], first: Sequence[bool]) -> list[list[PairBound]]:
    """The bounds (bound_pairs) of an entity and each of several entities.

    `b` holds the names of all of these; entity i has those from index `firsts[i]` on. `first[i]` says whether its names
    come first in its bounds.
    """
    parts = _bound_names(a, b)
    found: list[list[PairBound]] = [[] for _ in firsts]
    if parts is not None:
        bits, rows, columns, agreeing, contradict, joined = parts
        owners = np.searchsorted(firsts, columns, "right") - 1
        columns = columns - np.array(firsts)[owners]
        told = [part.tolist() for part in (owners, bits, rows, columns, agreeing, contradict, joined)]
        for at, most, i, j, agree, against, ways in zip(*told, strict=True):
            if first[at]:
                found[at].append(PairBound(most, j, i, agree, against, turn_ways(ways)))
            else:
                found[at].append(PairBound(most, i, j, agree, against, ways))
    for bounds in found:
        bounds.sort(reverse=True)
    return found


def _bound_names(a: NameSet, b: NameSet) -> tuple[NDArray[Any], ...] | None:
    """The fields of PairBound as arrays, of all pairs in which words may agree; None if there are none."""
    memory = PERSONAL if a.names[0].person else OTHER
    gains_a, gains_b = _find_gains(a, b, memory)
    joined_a, joined_b = _find_joined(a, b, gains_a, memory), _find_joined(b, a, gains_b, memory).T
    finds_a, finds_b = _find_words(a, gains_a), _find_words(b, gains_b).turned
    joined = (joined_a > 0) | (joined_b > 0)
    met = joined | (finds_a.found > 0)
    if not met.any():
        return None
    bits, contradict = _bound_apart(a, b, finds_a, finds_b)
    if joined.any():
        bits = np.where(joined, np.minimum(finds_a.bits + joined_b, finds_b.bits + joined_a), bits)
        contradict[joined] = 0
    agreeing = np.where(joined, finds_a.found + finds_b.found, np.minimum(finds_a.found, finds_b.found))
    bits, agreeing = _count_numbers(a, b, bits, agreeing)
    bits = np.maximum(bits - WEAK * _are_weak(a, b), 0)
    rows, columns = np.nonzero(met)
    ways = np.where(joined_a > 0, FORTH, 0) | np.where(joined_b > 0, BACK, 0)
    return bits[met], rows, columns, agreeing[met], contradict[met], ways[met]


def _find_gains(a: NameSet, b: NameSet, memory: PairMemory) -> tuple[Gains, Gains]:
    """The gains of each side's words in the names of the other side, single words alone."""
    gains = np.zeros((len(a.tokens), len(b.tokens)), np.int32)
    alike = find_alike(a.shapes, b.shapes)
    judged = memory.judge_all([(a.tokens[s], b.tokens[t]) for s, t in alike])
    for (s, t), pair in zip(alike, judged, strict=True):
        if pair is not NOTHING:
            gains[s, t] = pair.bits
    return _best_by_name(gains, b), _best_by_name(gains.T, a)


def _best_by_name(gains: IntegerArray, names: NameSet) -> Gains:
    """The best of the gains of words in the words of each name."""
    return np.maximum.reduceat(gains[:, names.words], names.starts, axis=1)


def _find_joined(one: NameSet, many: NameSet, gains: Gains, memory: PairMemory) -> PairMatrix:
    """The most that words of `one` give as runs of `many`, by pair of names; `gains` are raised to that, too."""
    joined = np.zeros((len(one.names), len(many.names)), np.int32)
    found = list(find_runs(one, many))
    judged = judge_runs([(one.tokens[word], run) for word, _, run in found], memory)
    for (word, name, _), pair in zip(found, judged, strict=True):
        if pair is not NOTHING:
            gains[word, name] = max(gains[word, name], pair.bits)
            joined[one.holders(word), name] += pair.bits
    return joined


def _find_words(side: NameSet, gains: Gains) -> _Finds:
    """Sum the gains of the words of each name."""
    gains = gains[side.words]
    got = gains > 0
    bits = np.add.reduceat(np.maximum(gains + CULTURE, 0), side.starts)
    found = np.add.reduceat(got, side.starts, dtype=np.int32)
    costs = np.where(got, 0, side.costs[:, None])
    left = np.add.reduceat(costs < 0, side.starts, dtype=np.int32)
    heaviest = np.minimum.reduceat(costs, side.starts)
    return _Finds(np.where(found > 0, bits - CULTURE, 0), found, left, heaviest)


def _bound_apart(a: NameSet, b: NameSet, finds: _Finds, back: _Finds) -> tuple[PairMatrix, PairMatrix]:
    """The bounds of pairs without words written together, and which of these pairs contradict for certain."""
    bits = np.minimum(finds.bits, back.bits)
    contradict = (finds.left > 0) & (back.left > 0)
    further = np.maximum(np.minimum(finds.left, back.left) - 1, 0)
    heaviest = np.maximum(finds.heaviest, back.heaviest) + FURTHER_CONFLICT * further
    apart = (a.with_family[:, None] & b.with_given) | (a.with_given[:, None] & b.with_family)
    how = np.where(a.with_family[:, None] & b.with_family, AS_FAMILIES, AS_OTHERS)
    return bits + np.where(contradict, heaviest, 0), np.where(contradict & ~apart, how, 0)


def _count_numbers(a: NameSet, b: NameSet, bits: PairMatrix, agreeing: PairMatrix) -> tuple[PairMatrix, PairMatrix]:
    """The bounds and the numbers of what agrees, after counting the numbers in names."""
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
    """The bits of numbers that both names have, beyond those that each would have as a missing number."""
    if x.person:
        return 0
    return (NUMBERS_AGREE if x.numbers == y.numbers else NUMBERS_DIFFER) - 2 * NUMBER_MISSING


def _are_weak(a: NameSet, b: NameSet) -> Marked:
    """Which pairs have a nickname, or two single words."""
    return (a.weak[:, None] | b.weak) | (a.single[:, None] & b.single)
