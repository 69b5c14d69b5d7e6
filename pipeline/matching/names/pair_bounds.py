"""Upper bounds of the weight of pairs of names, without aligning their tokens, for one entity and many others at once.

Each word of a name counts with the best word of the other name, even if others count with the same one. If each side
has words without such a word, these contradict, except patronymics. Numbers and nicknames count as in comparison.py;
everything else only lowers the bits of a pair. Only this module puts the parts of the bound together.

A run of neighbouring words may be one word of another name: written together, or abbreviated. All runs are compared
with all words at once: within a script by their letters, across scripts by their likeliest Latin forms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist, cpdist

from pipeline.matching.names.comparison import (
    CULTURE,
    FURTHER_CONFLICT,
    NUMBER_MISSING,
    NUMBERS_AGREE,
    NUMBERS_DIFFER,
    WEAK,
)
from pipeline.matching.names.joined_words import (
    ALIKE_FORMS,
    ALIKE_SHARE,
    BACK,
    FORTH,
    SLACK,
    Run,
    acronym_of,
    judge_runs,
    turn_ways,
)
from pipeline.matching.names.name_sets import NameSet
from pipeline.matching.names.prints import MAX_ACRONYM
from pipeline.matching.names.shapes import IntegerArray, Marked, RunTable, find_alike, script_number
from pipeline.matching.names.token_pairs import OTHER, PERSONAL, UNLIKE, PairMemory

_ROUNDING = 0.01
_LEAST_ALIKE_JOINED, _LEAST_ALIKE_FORMS = 1 - 1 / ALIKE_SHARE - _ROUNDING, ALIKE_FORMS - _ROUNDING
"""A little less than joined_words asks for, since rapidfuzz may round down when it compares many pairs at once."""


class HeldRun(NamedTuple):
    """A word, by index, a name, by index, and a run of that name for which the word may stand."""

    word: int
    name: int
    run: Run


def find_runs(one: NameSet, many: NameSet) -> Iterator[HeldRun]:
    """All runs of `many` that joined_words may take for a word of `one`.

    A run may have nearly the same letters, be in another script, or be abbreviated by the word.
    """
    if len(many.runs.starts):
        for word, number in _find_joined_runs(one, many):
            yield HeldRun(word, many.run_owner(number), many.run_at(number))
        if one.scripts != many.scripts or len(one.scripts) > 1:
            for word, number in _find_across(one, many):
                yield HeldRun(word, many.run_owner(number), many.run_at(number))
    for word, form in one.acronyms:
        yield from _find_abbreviated(many, word, form)


def _find_joined_runs(one: NameSet, many: NameSet) -> Iterator[tuple[int, int]]:
    """Words and runs of one script that are written alike, or of any two that are written the same."""
    words, runs = _find_alike(one, many.runs)
    if len(words):
        texts = [one.tokens[word].text for word in words.tolist()]
        joined = [many.joined_at(run) for run in runs.tolist()]
        alike = cpdist(texts, joined, scorer=Levenshtein.normalized_similarity)
        of_one_script = one.shapes.scripts[words] == many.run_scripts[runs]
        (kept,) = np.nonzero((alike >= _LEAST_ALIKE_JOINED) & (of_one_script | (alike == 1)))
        yield from zip(words[kept].tolist(), runs[kept].tolist(), strict=True)


def _find_alike(one: NameSet, table: RunTable) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Words and runs that differ in as few letters as joined words may. Most runs are longer than any word."""
    (short,) = np.nonzero(table.lengths - table.lengths // ALIKE_SHARE <= one.longest)
    lengths, run_lengths = one.shapes.lengths[:, None], table.lengths[short]
    edits = np.maximum(lengths, run_lengths) // ALIKE_SHARE
    alike: Marked = np.bitwise_count(one.shapes.letters[:, None] ^ table.letters[short]) <= 2 * edits
    alike &= np.abs(lengths - run_lengths) <= edits
    words, runs = np.nonzero(alike)
    return words, short[runs]


def _find_across(one: NameSet, many: NameSet) -> Iterator[tuple[int, int]]:
    """Words and runs of two scripts whose likeliest Latin forms are alike."""
    for script, other in product(one.scripts, many.scripts):
        if script != other:
            (words,) = np.nonzero(one.shapes.scripts == script_number(script))
            (runs,) = np.nonzero(many.run_scripts == script_number(other))
            fit = _fit_in_letters(one.shapes.spans[:, words], many.runs, runs)
            some = fit.any(0)
            if some.any():
                runs, fit = runs[some], fit[:, some]
                forms = [one.tokens[word].forms[0] for word in words.tolist()]
                alike = cdist(forms, many.spell_runs(runs), scorer=Levenshtein.normalized_similarity)
                rows, columns = np.nonzero(fit & (alike >= _LEAST_ALIKE_FORMS))
                yield from zip(words[rows].tolist(), runs[columns].tolist(), strict=True)


def _fit_in_letters(spans: IntegerArray, table: RunTable, runs: NDArray[np.intp]) -> Marked:
    """Whether words and runs may have as many letters in Latin forms, or the run has a word for each letter."""
    least, most = spans[:, :, None]
    fit: Marked = (table.least[runs] - SLACK <= most) & (least <= table.most[runs] + SLACK)
    fit |= table.sizes[runs] == least
    return fit


def _find_abbreviated(many: NameSet, word: int, form: str) -> Iterator[HeldRun]:
    """The runs that a word may abbreviate."""
    for number, (name, initials) in enumerate(zip(many.names, many.initials, strict=True)):
        if form in initials:
            for start, size in product(range(len(name.tokens)), range(1, MAX_ACRONYM + 1)):
                tokens = name.tokens[start : start + size]
                if len(tokens) == size and acronym_of(tokens) == form:
                    yield HeldRun(word, number, Run(tokens, name.glue[start : start + size]))


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
    weak = (a.weak[:, None] | b.weak) | (a.single[:, None] & b.single)
    bits = np.maximum(bits - WEAK * weak, 0)
    rows, columns = np.nonzero(met)
    ways = np.where(joined_a > 0, FORTH, 0) | np.where(joined_b > 0, BACK, 0)
    return bits[met], rows, columns, agreeing[met], contradict[met], ways[met]


def _find_gains(a: NameSet, b: NameSet, memory: PairMemory) -> tuple[Gains, Gains]:
    """The gains of each side's words in the names of the other side, single words alone."""
    gains = np.zeros((len(a.tokens), len(b.tokens)), np.int32)
    alike = find_alike(a.shapes, b.shapes)
    judged = memory.judge_all([(a.tokens[s], b.tokens[t]) for s, t in alike])
    for (s, t), pair in zip(alike, judged, strict=True):
        if pair is not UNLIKE:
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
        if pair is not UNLIKE:
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
            x, y = a.names[i], b.names[j]
            if not x.person:
                # a missing number on either side has been counted
                bits[i, j] += (NUMBERS_AGREE if x.numbers == y.numbers else NUMBERS_DIFFER) - 2 * NUMBER_MISSING
    return bits, agreeing
