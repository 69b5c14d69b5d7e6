"""Finds runs of neighbouring words that may be one word of another name: written together, or abbreviated.

All runs are compared with all words at once: within a script by their letters, across scripts by their likeliest Latin
forms.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist, cpdist

from pipeline.matching.names.joined_words import ALIKE_FORMS, ALIKE_SHARE, SLACK, Run, acronym_of
from pipeline.matching.names.name_sets import NameSet
from pipeline.matching.names.prints import MAX_ACRONYM
from pipeline.matching.names.run_tables import IntegerArray, Marked, RunTable
from pipeline.matching.names.shapes import script_number

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
        for word, number in _find_joined(one, many):
            yield HeldRun(word, many.run_owner(number), many.run_at(number))
        if one.scripts != many.scripts or len(one.scripts) > 1:
            for word, number in _find_across(one, many):
                yield HeldRun(word, many.run_owner(number), many.run_at(number))
    for word, form in one.acronyms:
        yield from _find_abbreviated(many, word, form)


def _find_joined(one: NameSet, many: NameSet) -> Iterator[tuple[int, int]]:
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
