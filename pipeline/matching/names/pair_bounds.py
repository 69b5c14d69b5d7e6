"""What the names of two entities weigh at most, pair by pair, without aligning their tokens.

Each word of a name is given the best that it finds in the other, even if others find the same. Where each side has
words that find nothing, these contradict. Numbers and nicknames count as they do in comparison.py; whatever else two
names say only lowers their bits. This is the one place where the parts of the bound are put together.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from pipeline.matching.names.comparison import (
    CONFLICT,
    CULTURE,
    FURTHER_CONFLICT,
    NUMBER_MISSING,
    NUMBERS_AGREE,
    NUMBERS_DIFFER,
    WEAK,
    are_single_names,
)
from pipeline.matching.names.joined_words import judge_run
from pipeline.matching.names.name_sets import NameSet
from pipeline.matching.names.prints import NamePrint
from pipeline.matching.names.shapes import find_alike
from pipeline.matching.names.token_pairs import NOTHING, OTHER, PERSONAL, PairMemory

PATRONYMIC = "patronymic"

FEW = 6
"""Pairs of names of two entities that cost less to align than to bound: of organisations six, of people nine."""

Gains = dict[int, list[int]]
"""By the number of a word: most hundredths of a bit that it finds in each name of the other side, 0 for nothing."""

Place = tuple[int, int]
"""Two names, by their numbers."""

Joined = dict[Place, int]
"""Where a word of one name may be several of the other written together: the most that such words give."""


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
    """What the words of one name find in another at most.

    `bits` they give; `found` and `left` are how many find something and nothing, `heaviest` the contradiction of these.
    """

    bits: int
    found: int
    left: int
    heaviest: int


_NONE = _Finds(0, 0, 0, 0)


def bound_pairs(a: NameSet, b: NameSet) -> list[PairBound]:
    """The bounds of all pairs of names in which words may agree, the highest first; in other pairs none does.

    Both sides have a name.
    """
    memory = PERSONAL if a.names[0].person else OTHER
    gains_a, gains_b = _find_gains(a, b, memory)
    joined_a = _find_joined(a, b, gains_a, memory)
    joined_b = {(i, j): bits for (j, i), bits in _find_joined(b, a, gains_b, memory).items()}
    if not gains_a and not gains_b:
        return []
    finds_a = dict(_find_words(a, gains_a, len(b.names)))
    finds_b = {(i, j): finds for (j, i), finds in _find_words(b, gains_b, len(a.names))}
    bounds = [
        _bound_joined(place, finds_a.get(place, _NONE), finds_b.get(place, _NONE), joined_a, joined_b)
        if place in joined_a or place in joined_b
        else _bound_apart(place, finds_a[place], finds_b[place], a.kinds[place[0]], b.kinds[place[1]])
        for place in {**finds_a, **joined_a, **joined_b}
    ]
    bounds = [_count_rest(bound, a.names[bound.a], b.names[bound.b]) for bound in bounds]
    bounds.sort(reverse=True)
    return bounds


def _find_gains(a: NameSet, b: NameSet, memory: PairMemory) -> tuple[Gains, Gains]:
    """What the words of each side find in the names of the other, word by word."""
    gains_a: Gains = {}
    gains_b: Gains = {}
    for s, t in find_alike(a.shapes, b.shapes):
        pair = memory.judge(a.tokens[s], b.tokens[t])
        if pair is not NOTHING:
            _raise_gain(gains_a, s, b.holders[t], pair.bits, len(b.names))
            _raise_gain(gains_b, t, a.holders[s], pair.bits, len(a.names))
    return gains_a, gains_b


def _raise_gain(gains: Gains, word: int, names: list[int], bits: int, count: int) -> None:
    row = gains.get(word)
    if row is None:
        row = gains[word] = [0] * count
    for name in names:
        if bits > row[name]:
            row[name] = bits


def _find_joined(one: NameSet, many: NameSet, gains: Gains, memory: PairMemory) -> Joined:
    """What words of `one` may find in runs of `many`; it is noted under the words too."""
    joined: Joined = {}
    for s, held in many.find_runs(one):
        pair = judge_run(one.tokens[s], held.run, memory)
        if pair is not NOTHING:
            _raise_gain(gains, s, held.holders, pair.bits, len(many.names))
            for place in product(one.holders[s], held.holders):
                joined[place] = joined.get(place, 0) + pair.bits
    return joined


def _find_words(names: NameSet, gains: Gains, count: int) -> Iterator[tuple[Place, _Finds]]:
    """What the words of each name find in each of the `count` others, where they may find something."""
    for i, place in enumerate(names.places):
        rows = [gains.get(word) for word in place]
        if not any(rows):
            continue
        costs = [CONFLICT[token.kind] for token in names.names[i].tokens]
        for j in range(count):
            bits = found = heaviest = 0
            for row, cost in zip(rows, costs, strict=True):
                if row is not None and (gain := row[j]):
                    found += 1
                    if gain > -CULTURE:
                        bits += gain + CULTURE
                elif cost < heaviest:
                    heaviest = cost
            if found:
                yield (i, j), _Finds(bits - CULTURE, found, len(place) - found, heaviest)


def _bound_apart(place: Place, finds: _Finds, back: _Finds, kinds: frozenset[str], others: frozenset[str]) -> PairBound:
    """The bound of two names none of whose words are written together in the other."""
    bits, contradict = min(finds.bits, back.bits), False
    if finds.left and back.left and PATRONYMIC not in kinds and PATRONYMIC not in others:
        bits += max(finds.heaviest, back.heaviest) + FURTHER_CONFLICT * (min(finds.left, back.left) - 1)
        contradict = not (_may_be_other_kinds(kinds, others) or _may_be_other_kinds(others, kinds))
    return PairBound(bits, *place, min(finds.found, back.found), contradict, False)


def _bound_joined(place: Place, finds: _Finds, back: _Finds, joined: Joined, joined_back: Joined) -> PairBound:
    """The bound where words may be written together: nothing contradicts for certain."""
    bits = min(finds.bits + joined_back.get(place, 0), back.bits + joined.get(place, 0))
    return PairBound(bits, *place, finds.found + back.found, False, True)


def _may_be_other_kinds(kinds: frozenset[str], others: frozenset[str]) -> bool:
    """Whether a family name of one may stand beside a given name of the other, which says nothing."""
    return "family" in kinds and ("given" in others or "initial" in others)


def _count_rest(bound: PairBound, x: NamePrint, y: NamePrint) -> PairBound:
    """The bound with what numbers and nicknames say."""
    bits, i, j, agreeing, contradict, joined = bound
    if x.numbers and y.numbers:
        agreeing += 1
        if not x.person:
            bits += NUMBERS_AGREE if x.numbers == y.numbers else NUMBERS_DIFFER
    elif (x.numbers or y.numbers) and not x.person:
        bits += NUMBER_MISSING
    if x.weak or y.weak or are_single_names(x, y):
        bits -= WEAK
    return PairBound(max(bits, 0), i, j, agreeing, contradict, joined)
