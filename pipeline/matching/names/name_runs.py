"""Runs of neighbouring words in many names that may be one word of others: written together, or abbreviated.

All runs are held against all words at once, by how many letters they have and which. What is left is told by its words,
so that a run which many names have is looked at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from pipeline.matching.names.joined_words import ALIKE_FORMS, ALIKE_SHARE, SLACK, Run, acronym_of, spell
from pipeline.matching.names.name_sets import NameSet
from pipeline.matching.names.prints import MAX_ACRONYM, TokenPrint
from pipeline.matching.names.run_tables import Marked, RunTable


class HeldRun(NamedTuple):
    """A word, by its number, a run that it may be, and the names that have the run."""

    word: int
    run: Run
    holders: set[int]


def find_runs(one: NameSet, many: NameSet) -> Iterator[HeldRun]:
    """All runs of `many` that joined_words may take for a word of `one`.

    They are alike in letters, in another script, or abbreviated by it.
    """
    table = many.runs
    if len(table.starts):
        words, runs = _find_alike(one, table)
        if one.scripts != many.scripts or len(one.scripts) > 1:
            further, others = np.nonzero(_may_be_across(one, many, table))
            words, runs = np.concatenate((words, further)), np.concatenate((runs, others))
        for held in _hold_runs(many, table, words, runs):
            if _is_like(one.tokens[held.word], held.run):
                yield held
    for word, form in one.acronyms:
        yield from _find_abbreviated(many, word, form)


def _find_alike(one: NameSet, table: RunTable) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Words and runs that differ in as few letters as joined words do. Most runs are longer than any word."""
    (short,) = np.nonzero(table.lengths - table.lengths // ALIKE_SHARE <= one.longest)
    lengths, run_lengths = one.lengths[:, None], table.lengths[short]
    edits = np.maximum(lengths, run_lengths) // ALIKE_SHARE
    alike: Marked = np.bitwise_count(one.letters[:, None] ^ table.letters[short]) <= 2 * edits
    alike &= np.abs(lengths - run_lengths) <= edits
    words, runs = np.nonzero(alike)
    return words, short[runs]


def _may_be_across(one: NameSet, many: NameSet, table: RunTable) -> Marked:
    """Whether words and runs of two scripts have as many letters in Latin forms, or one word for each letter."""
    across: Marked = one.script_of[:, None] != many.script_of[many.words[table.starts]]
    if across.any():
        least, most = one.spans[:, :, None]
        across &= ((table.least - SLACK <= most) & (least <= table.most + SLACK)) | (table.sizes == least)
    return across


def _hold_runs(many: NameSet, table: RunTable, words: NDArray[np.intp], runs: NDArray[np.intp]) -> Iterable[HeldRun]:
    """Words with runs, each once however many names have it."""
    held: dict[tuple[object, ...], HeldRun] = {}
    numbers = many.words.tolist()
    starts, sizes = table.starts[runs].tolist(), table.sizes[runs].tolist()
    for word, start, size, number in zip(
        words.tolist(), starts, sizes, many.owners[table.starts[runs]].tolist(), strict=True
    ):
        at = start - many.first[number]
        glue = many.names[number].glue[at : at + size]
        key = (word, glue, *numbers[start : start + size])
        if key in held:
            held[key].holders.add(number)
        else:
            held[key] = HeldRun(word, Run(many.names[number].tokens[at : at + size], glue), {number})
    return held.values()


def _is_like(token: TokenPrint, run: Run) -> bool:
    """Whether a run in another script is like a word in its likeliest Latin form, or of as many letters."""
    tokens, glue = run
    if token.script == tokens[0].script:
        return True
    if Levenshtein.normalized_similarity(token.forms[0], spell(tokens)) >= ALIKE_FORMS:
        return True
    return len(token.text) == sum([len(one.text) for one in tokens]) + sum(map(len, glue))


def _find_abbreviated(many: NameSet, word: int, form: str) -> Iterator[HeldRun]:
    """The runs that a word may abbreviate."""
    for number, (name, initials) in enumerate(zip(many.names, many.initials, strict=True)):
        if form in initials:
            for start, size in product(range(len(name.tokens)), range(1, MAX_ACRONYM + 1)):
                tokens = name.tokens[start : start + size]
                if len(tokens) == size and acronym_of(tokens) == form:
                    yield HeldRun(word, Run(tokens, name.glue[start : start + size]), {number})
