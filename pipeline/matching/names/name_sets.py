"""Names of one entity, or of many of one type, as arrays: each word once, and the words of all names side by side.

Made when an entity of several names is first compared, and kept for a while: a case meets ten others and more. Those of
many entities are made where one is held against all of them, as a question is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.names.comparison import CONFLICT, is_single
from pipeline.matching.names.joined_words import Run, acronym_of, spell
from pipeline.matching.names.outlines import letters_of
from pipeline.matching.names.prints import NamePrint, TokenPrint, letter_span, may_be_acronym
from pipeline.matching.names.run_tables import IntegerArray, Letters, Marked, RunTable, grow_runs
from pipeline.matching.names.shapes import ShapeTable, shape_of

_KEPT = 4096
"""Entities whose sets are kept, 9 KB each where they have three names and more; then all are forgotten."""

_PATRONYMIC, _FAMILY, _GIVEN = frozenset({"patronymic"}), frozenset({"family"}), frozenset({"given", "initial"})
"""Kinds of words."""


class InScript(NamedTuple):
    """Words, or runs of words, of one script: their numbers, and their likeliest Latin forms."""

    numbers: NDArray[np.intp]
    forms: list[str]


class NameSet:
    """Names, of which each has a word.

    `tokens` holds each word once, by its text, `shapes` their shapes. The words of all names stand side by side in
    `words`, by their numbers in `tokens`: those of a name from its `starts`, as many as its `counts`. `owners` gives
    the name of each of these places.
    """

    def __init__(self, names: Sequence[NamePrint]) -> None:
        self.names = names
        self._runs: dict[int, Run] = {}
        self.tokens: list[TokenPrint] = []
        known: dict[str, int] = {}
        words: list[int] = []
        for name in names:
            for token in name.tokens:
                at = known.setdefault(token.text, len(self.tokens))
                if at == len(self.tokens):
                    self.tokens.append(token)
                words.append(at)
        self.words = np.array(words, np.int32)
        self.counts = np.array([len(name.tokens) for name in names], np.int32)
        self.starts = self.counts.cumsum() - self.counts
        self.owners = np.arange(len(names)).repeat(self.counts)
        self.shapes: ShapeTable = np.array([shape_of(token) for token in self.tokens], np.uint64).T

    @cached_property
    def costs(self) -> IntegerArray:
        """What the word at each place takes at most where it contradicts another, in hundredths of a bit."""
        return np.array([CONFLICT[token.kind] for name in self.names for token in name.tokens], np.int32)

    @cached_property
    def with_patronymic(self) -> Marked:
        """Names with a father's name."""
        return self._mark_kinds(_PATRONYMIC)

    @cached_property
    def with_family(self) -> Marked:
        """Names with a family name."""
        return self._mark_kinds(_FAMILY)

    @cached_property
    def with_given(self) -> Marked:
        """Names with a given name or an initial."""
        return self._mark_kinds(_GIVEN)

    def _mark_kinds(self, kinds: frozenset[str]) -> Marked:
        return np.array([not kinds.isdisjoint([token.kind for token in name.tokens]) for name in self.names])

    @cached_property
    def weak(self) -> Marked:
        """Nicknames."""
        return np.array([name.weak for name in self.names])

    @cached_property
    def single(self) -> Marked:
        """Names of one word, which say less of each other."""
        return np.array([is_single(name) for name in self.names])

    @cached_property
    def numbered(self) -> list[int]:
        """The names with numbers."""
        return [at for at, name in enumerate(self.names) if name.numbers]

    @cached_property
    def first(self) -> list[int]:
        """The first place of each name."""
        return [int(start) for start in self.starts]

    @cached_property
    def initials(self) -> list[str]:
        """What abbreviates each name."""
        return [acronym_of(name.tokens) for name in self.names]

    @cached_property
    def acronyms(self) -> list[tuple[int, str]]:
        """Words that may abbreviate others, by their numbers."""
        return [(at, token.forms[0]) for at, token in enumerate(self.tokens) if may_be_acronym(token)]

    @cached_property
    def lengths(self) -> IntegerArray:
        """Letters of each word."""
        return np.array([len(token.text) for token in self.tokens], np.int32)

    @cached_property
    def longest(self) -> int:
        """Letters of the longest word."""
        return max([len(token.text) for token in self.tokens])

    @cached_property
    def letters(self) -> Letters:
        """Which letters each word has."""
        return np.array([letters_of(token.text) for token in self.tokens], np.uint64)

    @cached_property
    def spans(self) -> IntegerArray:
        """The least and the most letters of each word in its Latin forms: two rows."""
        return np.array([letter_span(token) for token in self.tokens], np.int32).T

    @cached_property
    def scripts(self) -> set[str]:
        """The scripts of all words."""
        return {token.script for token in self.tokens}

    @cached_property
    def runs(self) -> RunTable:
        """All runs of neighbouring words, with the particles before them."""
        lengths, letters = self.lengths[self.words], self.letters[self.words]
        spans, glued = self.spans[:, self.words], np.zeros(len(self.words), bool)
        for name, first in zip(self.names, self.first, strict=True):
            for at, before in enumerate(name.glue, first):
                if before:
                    glued[at] = True
                    lengths[at] += len(before)
                    spans[:, at] += len(before)
                    letters[at] |= np.uint64(letters_of(before))
        return grow_runs(lengths, letters, spans, glued, (self.starts + self.counts)[self.owners])

    def run_at(self, number: int) -> Run:
        """A run of `runs`, by its number."""
        found = self._runs.get(number)
        if found is None:
            start, end = self._run_span(number)
            name = self.names[self.run_owner(number)]
            found = self._runs[number] = Run(name.tokens[start:end], name.glue[start:end])
        return found

    def _run_span(self, number: int) -> tuple[int, int]:
        """Which words of its name a run takes."""
        start = int(self.runs.starts[number]) - self.first[self.run_owner(number)]
        return start, start + int(self.runs.sizes[number])

    def run_owner(self, number: int) -> int:
        """The number of the name that a run is of."""
        return self.run_owners[number]

    @cached_property
    def run_owners(self) -> list[int]:
        """The names of all runs, by number."""
        owners: list[int] = self.owners[self.runs.starts].tolist()
        return owners

    @cached_property
    def words_by_script(self) -> dict[str, InScript]:
        """All words by their scripts."""
        return _part_by_script([token.script for token in self.tokens], [token.forms[0] for token in self.tokens])

    @cached_property
    def runs_by_script(self) -> dict[str, InScript]:
        """All runs by the scripts of their first words."""
        spans = [(self.names[self.run_owner(run)].tokens, self._run_span(run)) for run in range(len(self.runs.starts))]
        runs = [tokens[start:end] for tokens, (start, end) in spans]
        return _part_by_script([tokens[0].script for tokens in runs], [spell(tokens) for tokens in runs])

    def holders(self, word: int) -> NDArray[np.intp]:
        """The names that have a word, by number."""
        return np.unique(self.owners[self.words == word])


def _part_by_script(scripts: list[str], forms: list[str]) -> dict[str, InScript]:
    found: dict[str, tuple[list[int], list[str]]] = {}
    for number, (script, form) in enumerate(zip(scripts, forms, strict=True)):
        numbers, spelt = found.setdefault(script, ([], []))
        numbers.append(number)
        spelt.append(form)
    return {script: InScript(np.array(numbers), spelt) for script, (numbers, spelt) in found.items()}


_sets: dict[int, NameSet] = {}
"""By the tuple of names that they are of; the sets hold these, so that no other takes their place in memory."""


def name_set(names: tuple[NamePrint, ...]) -> NameSet:
    """The set of an entity's names, kept for when the same entity is compared again."""
    found = _sets.get(id(names))
    if found is None:
        if len(_sets) >= _KEPT:
            _sets.clear()
        found = _sets[id(names)] = NameSet(names)
    return found
