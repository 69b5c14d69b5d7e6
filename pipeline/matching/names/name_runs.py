"""Runs of neighbouring words in many names that may be one word of others: written together, or abbreviated.

All runs are held against all words at once: in one script by how many letters they have and which, across scripts by
their likeliest Latin forms.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from pipeline.matching.names.joined_words import ALIKE_FORMS, ALIKE_SHARE, SLACK, Run, acronym_of
from pipeline.matching.names.name_sets import NameSet
from pipeline.matching.names.prints import MAX_ACRONYM
from pipeline.matching.names.run_tables import IntegerArray, Marked, RunTable

_LEAST_ALIKE = ALIKE_FORMS - 0.01
"""A little less than joined_words asks for: where it is just reached, cdist may round it down."""


class HeldRun(NamedTuple):
    """A word, by its number, a name, by its number, and a run of that name which the word may be."""

    word: int
    name: int
    run: Run


def find_runs(one: NameSet, many: NameSet) -> Iterator[HeldRun]:
    """All runs of `many` that joined_words may take for a word of `one`.

    They are alike in letters, in another script, or abbreviated by it.
    """
    table = many.runs
    if len(table.starts):
        for word, number in zip(*_find_alike(one, table), strict=True):
            token, held = one.tokens[word], many.run_at(number)
            if token.script == held.tokens[0].script or token.text == held.joined:
                yield HeldRun(word, many.run_owner(number), held)
        if one.scripts != many.scripts or len(one.scripts) > 1:
            for word, number in _find_across(one, many):
                yield HeldRun(word, many.run_owner(number), many.run_at(number))
    for word, form in one.acronyms:
        yield from _find_abbreviated(many, word, form)


def _find_alike(one: NameSet, table: RunTable) -> tuple[list[int], list[int]]:
    """Words and runs that differ in as few letters as joined words do. Most runs are longer than any word."""
    (short,) = np.nonzero(table.lengths - table.lengths // ALIKE_SHARE <= one.longest)
    lengths, run_lengths = one.lengths[:, None], table.lengths[short]
    edits = np.maximum(lengths, run_lengths) // ALIKE_SHARE
    alike: Marked = np.bitwise_count(one.letters[:, None] ^ table.letters[short]) <= 2 * edits
    alike &= np.abs(lengths - run_lengths) <= edits
    words, runs = np.nonzero(alike)
    return words.tolist(), short[runs].tolist()


def _find_across(one: NameSet, many: NameSet) -> Iterator[tuple[int, int]]:
    """Words and runs of two scripts that are alike in their likeliest Latin forms."""
    for script, words in one.words_by_script.items():
        for other, runs in many.runs_by_script.items():
            if script != other:
                fit = _fit_in_letters(one.spans[:, words.numbers], many.runs, runs.numbers)
                if fit.any():
                    alike = cdist(words.forms, runs.forms, scorer=Levenshtein.normalized_similarity)
                    rows, columns = np.nonzero(fit & (alike >= _LEAST_ALIKE))
                    yield from zip(words.numbers[rows].tolist(), runs.numbers[columns].tolist(), strict=True)


def _fit_in_letters(spans: IntegerArray, table: RunTable, runs: NDArray[np.intp]) -> Marked:
    """Whether words and runs have as many letters in Latin forms, or one word for each letter."""
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
