"""Upper bounds of the weight of pairs of names, without aligning their tokens, for many pairs of entities at once.

Each word of a name counts with the best word of the other name, even if others count with the same one. If each side
has words without such a word, these contradict, except patronymics. Numbers and nicknames count as in comparison.py;
everything else only lowers the bits of a pair. Only this module puts the parts of the bound together.

A run of neighbouring words may be one word of another name: written together, or abbreviated. All runs are compared
with all words at once: within a script by their letters, across scripts by their likeliest Latin forms.

Everything is laid flat: what one pair of entities has of something stands behind what the pairs before it have. So a
step costs as many calls for a thousand pairs as for one, and no object is made for what is ruled out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

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
)
from pipeline.matching.names.name_sets import NameSet
from pipeline.matching.names.prints import MAX_ACRONYM, NamePrint, Names
from pipeline.matching.names.shapes import IntegerArray, are_alike
from pipeline.matching.names.token_pairs import OTHER, PERSONAL, UNLIKE, PairMemory
from pipeline.matching.operations import DONE
from pipeline.matching.ragged import Index, expand_counts, expand_pairs, lay_out

IN_ARRAYS = 10
"""Pairs of words that are compared in arrays in the time of one operation."""

_ROUNDING = 0.01
_LEAST_ALIKE_JOINED, _LEAST_ALIKE_FORMS = 1 - 1 / ALIKE_SHARE - _ROUNDING, ALIKE_FORMS - _ROUNDING
"""A little less than joined_words asks for, since rapidfuzz may round down when it compares many pairs at once."""

FEW = 6
"""Up to so many pairs of names of two entities cost less to align than to bound: six of organisations, nine of
people."""

AS_FAMILIES, AS_OTHERS = 1, 2
"""As what words of two names contradict each other: perhaps as family names, or not as these."""

_BitsArray = NDArray[np.int32]
"""Hundredths of a bit."""


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


class Bounds:
    """The bounds of the names of many pairs of entities.

    `fields` has a list for each field of PairBound. Those of pair i are from `starts[i]` to `starts[i + 1]`, the
    highest first. They are of pairs of names in which words may agree; in other pairs none does.
    """

    def __init__(self, starts: IntegerArray, fields: Sequence[NDArray[Any]]) -> None:
        self.starts: list[int] = starts.tolist()
        self.fields: list[list[int]] = [field.tolist() for field in fields]

    def of_pair(self, pair: int) -> list[PairBound]:
        """The bounds of one pair of entities."""
        some = slice(self.starts[pair], self.starts[pair + 1])
        return list(map(PairBound, *[field[some] for field in self.fields]))


class HeldRun(NamedTuple):
    """A term of a NameSet, a name, and a run of that name for which the term's word may stand.

    `pair` is the pair of entities to which both belong.
    """

    pair: int
    term: int
    name: int
    run: Run


class _NamePairs(NamedTuple):
    """Pairs of names of a NameSet: the pair of entities of each, and the names of either side."""

    pair: Index
    a: Index
    b: Index

    def take(self, some: Index) -> _NamePairs:
        """Some of them, by index."""
        return _NamePairs(*[part[some] for part in self])

    @property
    def turned(self) -> _NamePairs:
        """The same from the other side."""
        return _NamePairs(self.pair, self.b, self.a)


class _Finds(NamedTuple):
    """The most that the words of a name find in another name, for some pairs of names.

    `bits` is their sum, `found` and `left` are the numbers of words that find something and, but for patronymics,
    nothing, and `heaviest` is the strongest contradiction of the latter. `joined` is what words give as runs.
    """

    bits: _BitsArray
    found: _BitsArray
    left: _BitsArray
    heaviest: _BitsArray
    joined: _BitsArray

    def take(self, some: Index) -> _Finds:
        """Those of some of the pairs."""
        return _Finds(*[part[some] for part in self])


def bound_pairs(a: Names, b: Names) -> list[PairBound]:
    """The bounds of all pairs of names of two entities of one type, each of which has a name."""
    return bound_all([(a, [b])]).of_pair(0)


def bound_all(met: Sequence[tuple[Names, Sequence[Names]]]) -> Bounds:
    """The bounds of the names of some entities with those of each entity that it meets, pair by pair in this order.

    All entities are of one type, and each has a name. Those that one meets are laid out as one, since they have words
    in common.
    """
    names = NameSet([*(one for one, _ in met), *(list(chain.from_iterable(others)) for _, others in met)])
    a, b = np.arange(2 * len(met)).reshape(2, -1)
    memory = PERSONAL if names.names[0].person else OTHER
    forth, back = Side(names, a, b), Side(names, b, a)
    _find_gains(forth, back, memory)
    forth.find_joined(memory)
    back.find_joined(memory)
    pairs = forth.pair_names()
    finds_a, joined_b = forth.sum_words(pairs), back.joined_at(pairs.turned)
    (some,) = np.nonzero((finds_a.found > 0) | (finds_a.joined > 0) | (joined_b > 0))
    pairs, finds_a = pairs.take(some), finds_a.take(some)
    finds_b = back.sum_words(pairs.turned)
    bits, agreeing, contradict = _bound_words(names, pairs, finds_a, finds_b)
    bits, agreeing = _count_numbers(names, pairs, bits, agreeing)
    weak = names.weak[pairs.a] | names.weak[pairs.b] | (names.single[pairs.a] & names.single[pairs.b])
    bits = np.maximum(bits - WEAK * weak, 0)
    ways = np.where(finds_a.joined > 0, FORTH, 0) | np.where(finds_b.joined > 0, BACK, 0)
    other = lay_out(np.array([len(one) for _, others in met for one in others], np.int64))
    number = pairs.b - names.held.starts[len(met)]
    pair = np.searchsorted(other.starts, number, "right") - 1
    row, column = pairs.a - names.held.starts[pairs.pair], number - other.starts[pair]
    order = np.lexsort((-column, -row, -bits, pair))
    starts = np.searchsorted(pair[order], np.arange(len(other.starts) + 1))
    return Bounds(starts, [part[order] for part in (bits, row, column, agreeing, contradict, ways)])


class Side:
    """One side of pairs of entities of a NameSet: its words (those of `one`), and the other side's names (`many`).

    `gains` are the most hundredths of a bit that each term of `one` finds in each name of `many`, `joined` what terms
    of each name of `one` give together as runs of each name of `many`. Those of a pair of entities stand side by side.
    """

    def __init__(self, names: NameSet, one: Index, many: Index) -> None:
        self.names, self.one, self.many = names, one, many
        self._width = names.held.counts[many]
        terms, held = names.termed.counts[one] * self._width, names.held.counts[one] * self._width
        self.gains, self.joined = np.zeros(int(terms.sum()), np.int32), np.zeros(int(held.sum()), np.int32)
        first_name = names.held.starts[many]
        self._gains_at = terms.cumsum() - terms - names.termed.starts[one] * self._width - first_name
        self._joined_at = held.cumsum() - held - names.held.starts[one] * self._width - first_name

    def _place_gains(self, pair: Index, term: Index, name: Index) -> Index:
        """Where the gains of terms in names stand."""
        found: Index = self._gains_at[pair] + term * self._width[pair] + name
        return found

    def _place_joined(self, pairs: _NamePairs) -> Index:
        """Where `joined` of pairs of names stand."""
        found: Index = self._joined_at[pairs.pair] + pairs.a * self._width[pairs.pair] + pairs.b
        return found

    def pair_names(self) -> _NamePairs:
        """All pairs of names."""
        starts, counts = self.names.held
        pair, row, column = expand_pairs(counts[self.one], counts[self.many])
        return _NamePairs(pair, starts[self.one[pair]] + row, starts[self.many[pair]] + column)

    def joined_at(self, pairs: _NamePairs) -> _BitsArray:
        """What words of the one name give together as runs of the other, for some pairs of names."""
        return self.joined[self._place_joined(pairs)]

    def raise_gains(self, pair: Index, term: Index, other: Index, bits: _BitsArray) -> None:
        """Take what terms find in terms of the other side, each for all names that have it."""
        at, name = self._names_with(other)
        np.maximum.at(self.gains, self._place_gains(pair[at], term[at], name), bits[at])

    def _names_with(self, term: Index) -> tuple[Index, Index]:
        """Each name that has one of some terms: the index of the term among them, and the name."""
        spans, names = self.names.holders
        at, nth = expand_counts(spans.counts[term])
        return at, names[spans.starts[term[at]] + nth]

    def sum_words(self, pairs: _NamePairs) -> _Finds:
        """What the words of the one name find in the other, for some pairs of names."""
        names = self.names
        counts = names.places.counts[pairs.a]
        at, nth = expand_counts(counts)
        place = names.places.starts[pairs.a][at] + nth
        first, width = self._gains_at[pairs.pair] + pairs.b, self._width[pairs.pair]
        gains = self.gains[first[at] + names.term_at[place] * width[at]]
        got = gains > 0
        costs, starts = np.where(got, 0, names.costs[place]), counts.cumsum() - counts
        bits = np.add.reduceat(np.maximum(gains + CULTURE, 0), starts)
        found = np.add.reduceat(got, starts, dtype=np.int32)
        left = np.add.reduceat(costs < 0, starts, dtype=np.int32)
        heaviest = np.minimum.reduceat(costs, starts)
        return _Finds(np.where(found > 0, bits - CULTURE, 0), found, left, heaviest, self.joined_at(pairs))

    # --- words written together, or abbreviated

    def find_joined(self, memory: PairMemory) -> None:
        """Find what words give as runs, which raises gains, too."""
        held = list(self.find_runs())
        words = [self.names.tokens[at] for at in self.names.terms[[one.term for one in held]].tolist()] if held else []
        judged = judge_runs([(word, one.run) for word, one in zip(words, held, strict=True)], memory)
        told = [
            (one.pair, one.term, one.name, pair.bits)
            for one, pair in zip(held, judged, strict=True)
            if pair is not UNLIKE
        ]
        if told:
            pair, term, name, bits = np.array(told, np.int64).T
            np.maximum.at(self.gains, self._place_gains(pair, term, name), bits)
            at, holder = self._names_with(term)
            np.add.at(self.joined, self._place_joined(_NamePairs(pair[at], holder, name[at])), bits[at])

    def find_runs(self) -> Iterator[HeldRun]:
        """All runs of `many` that joined_words may take for a word of `one`.

        A run may have nearly the same letters, be in another script, or be abbreviated by the word.
        """
        names = self.names
        if len(names.runs.starts):
            pair, nth = expand_counts(names.ran.counts[self.many])
            run = names.ran.starts[self.many[pair]] + nth
            for found in (self._find_written_alike(pair, run), self._find_across(pair, run)):
                for at, term, number in zip(*[part.tolist() for part in found], strict=True):
                    yield HeldRun(at, term, int(names.run_names[number]), names.run_at(number))
        yield from self._find_abbreviated()

    def _with_terms(self, pair: Index, run: Index) -> tuple[Index, Index, Index]:
        """Each of some runs of pairs with each term of `one`: the pair, the term, the run."""
        starts, counts = self.names.termed
        at, nth = expand_counts(counts[self.one[pair]])
        DONE.operations += len(at) // IN_ARRAYS
        return pair[at], starts[self.one[pair[at]]] + nth, run[at]

    def _find_written_alike(self, pair: Index, run: Index) -> tuple[Index, ...]:
        """Words and runs of one script that are written alike, or of any two that are written the same.

        They differ in as few letters as joined words may. Most runs are longer than any word.
        """
        names, runs, shapes = self.names, self.names.runs, self.names.shapes
        lengths = shapes.lengths[names.terms]
        longest = np.maximum.reduceat(lengths, names.termed.starts)[self.one[pair]]
        may_be = runs.lengths[run] - runs.lengths[run] // ALIKE_SHARE <= longest
        found = self._with_terms(pair[may_be], run[may_be])
        term, run = found[1:]
        length, run_length = lengths[term], runs.lengths[run]
        edits = np.maximum(length, run_length) // ALIKE_SHARE
        (near,) = np.nonzero(np.abs(length - run_length) <= edits)
        letters = shapes.letters[names.terms[term[near]]] ^ runs.letters[run[near]]
        near = near[np.bitwise_count(letters) <= 2 * edits[near]]
        pair, term, run = (part[near] for part in found)
        if not len(near):
            return pair, term, run
        words = names.terms[term]
        alike = _compare_texts(
            [names.tokens[at].text for at in words.tolist()], [names.joined_at(at) for at in run.tolist()]
        )
        of_one_script = shapes.scripts[words] == names.run_scripts[run]
        kept = (alike >= _LEAST_ALIKE_JOINED) & (of_one_script | (alike == 1))
        return pair[kept], term[kept], run[kept]

    def _find_across(self, pair: Index, run: Index) -> tuple[Index, ...]:
        """Words and runs of two scripts whose likeliest Latin forms are alike.

        They have as many letters in Latin forms, or the run has a word for each letter.
        """
        names, runs, shapes = self.names, self.names.runs, self.names.shapes
        if shapes.scripts.min() == shapes.scripts.max():
            return pair[:0], pair[:0], run[:0]
        scripts = shapes.scripts[names.terms]
        least, most = (of.reduceat(scripts, names.termed.starts)[self.one[pair]] for of in (np.minimum, np.maximum))
        may_be = (least != names.run_scripts[run]) | (most != names.run_scripts[run])
        pair, term, run = self._with_terms(pair[may_be], run[may_be])
        apart = scripts[term] != names.run_scripts[run]
        found = pair[apart], term[apart], run[apart]
        term, run = found[1:]
        words = names.terms[term]
        least, most = shapes.spans[:, words]
        fit = (runs.least[run] - SLACK <= most) & (least <= runs.most[run] + SLACK)
        fit |= runs.sizes[run] == least
        pair, term, run = (part[fit] for part in found)
        if not len(pair):
            return pair, term, run
        each, at = np.unique(words[fit] * len(runs.starts) + run, return_inverse=True)
        each_word, each_run = (part.tolist() for part in np.divmod(each, len(runs.starts)))
        spelt = {one: names.spell_run(one) for one in set(each_run)}
        alike = _compare_texts([names.tokens[one].forms[0] for one in each_word], [spelt[one] for one in each_run])
        kept = (alike >= _LEAST_ALIKE_FORMS)[at]
        return pair[kept], term[kept], run[kept]

    def _find_abbreviated(self) -> Iterator[HeldRun]:
        """Words, and the runs that they may abbreviate."""
        names = self.names
        may_abbreviate = names.acronyms[names.terms]
        if not may_abbreviate.any():
            return
        starts, counts = names.termed
        pair, nth = expand_counts(counts[self.one])
        term = starts[self.one[pair]] + nth
        some = may_abbreviate[term]
        firsts, held = names.held.starts[self.many].tolist(), self._width.tolist()
        for at, number in zip(pair[some].tolist(), term[some].tolist(), strict=True):
            form = names.tokens[names.terms[number]].forms[0]
            for name in range(firsts[at], firsts[at] + held[at]):
                if form in names.initials[name]:
                    yield from (HeldRun(at, number, name, run) for run in _runs_abbreviated(names.names[name], form))


def _compare_texts(some: Sequence[str], others: Sequence[str]) -> NDArray[np.float32]:
    """How similar texts are, each with its counterpart, from 0 to 1."""
    return cpdist(some, others, scorer=Levenshtein.normalized_similarity)


def _runs_abbreviated(name: NamePrint, form: str) -> Iterator[Run]:
    """The runs of a name that have these first letters."""
    for start, size in product(range(len(name.tokens)), range(1, MAX_ACRONYM + 1)):
        tokens = name.tokens[start : start + size]
        if len(tokens) == size and acronym_of(tokens) == form:
            yield Run(tokens, name.glue[start : start + size])


def _find_gains(forth: Side, back: Side, memory: PairMemory) -> None:
    """Find what single words of two sides have in common, for both."""
    names, (starts, counts) = forth.names, forth.names.termed
    pair, row, column = expand_pairs(counts[forth.one], counts[forth.many])
    DONE.operations += len(pair) // IN_ARRAYS
    term, other = starts[forth.one[pair]] + row, starts[forth.many[pair]] + column
    words, held = names.terms[term], names.terms[other]
    (alike,) = np.nonzero(are_alike(names.shapes, words, held))
    pairs, at = np.unique(words[alike] * len(names.tokens) + held[alike], return_inverse=True)
    some, others = (part.tolist() for part in np.divmod(pairs, len(names.tokens)))
    DONE.operations += len(some)
    judged = memory.judge_all([(names.tokens[s], names.tokens[t]) for s, t in zip(some, others, strict=True)])
    bits = np.array([one.bits for one in judged], np.int32)[at]
    (likely,) = np.nonzero(bits)
    pair, term, other, bits = pair[alike[likely]], term[alike[likely]], other[alike[likely]], bits[likely]
    forth.raise_gains(pair, term, other, bits)
    back.raise_gains(pair, other, term, bits)


def _bound_words(
    names: NameSet, pairs: _NamePairs, finds: _Finds, back: _Finds
) -> tuple[_BitsArray, _BitsArray, _BitsArray]:
    """The bounds of pairs by their words, the numbers of words that agree, and which contradict for certain.

    Where words may be written together, nothing contradicts for certain.
    """
    contradict = (finds.left > 0) & (back.left > 0)
    further = np.maximum(np.minimum(finds.left, back.left) - 1, 0)
    heaviest = np.maximum(finds.heaviest, back.heaviest) + FURTHER_CONFLICT * further
    apart = np.minimum(finds.bits, back.bits) + np.where(contradict, heaviest, 0)
    joined = (finds.joined > 0) | (back.joined > 0)
    bits = np.where(joined, np.minimum(finds.bits + back.joined, back.bits + finds.joined), apart)
    agreeing = np.where(joined, finds.found + back.found, np.minimum(finds.found, back.found))
    family, given = names.with_family, names.with_given
    parted = (family[pairs.a] & given[pairs.b]) | (given[pairs.a] & family[pairs.b])
    how = np.where(family[pairs.a] & family[pairs.b], AS_FAMILIES, AS_OTHERS)
    return bits, agreeing, np.where(contradict & ~parted & ~joined, how, 0)


def _count_numbers(
    names: NameSet, pairs: _NamePairs, bits: _BitsArray, agreeing: _BitsArray
) -> tuple[_BitsArray, _BitsArray]:
    """The bounds and the numbers of what agrees, after counting the numbers in names."""
    a, b = names.numbered[pairs.a], names.numbered[pairs.b]
    if not a.any() and not b.any():
        return bits, agreeing
    (both,) = np.nonzero(a & b)
    agreeing[both] += 1
    if not names.names[0].person:
        bits = bits + np.where(a ^ b, NUMBER_MISSING, 0)
        for at, x, y in zip(both.tolist(), pairs.a[both].tolist(), pairs.b[both].tolist(), strict=True):
            bits[at] += NUMBERS_AGREE if names.names[x].numbers == names.names[y].numbers else NUMBERS_DIFFER
    return bits, agreeing
