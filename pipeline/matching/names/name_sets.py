"""Sets of names as arrays: each word once, and the words of all names side by side.

The set of one entity is made when its names are first compared, and kept for a while, since a case meets ten others and
more. A set of many entities is made when one entity is compared with all of them, as in a search.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.names.comparison import CONFLICT, is_single
from pipeline.matching.names.joined_words import Run, acronym_of, write_together
from pipeline.matching.names.prints import NamePrint, TokenPrint, Tokens, may_be_acronym
from pipeline.matching.names.shapes import IntegerArray, Marked, RunTable, Shapes, grow_runs
from pipeline.matching.names.spellings import letters_of

_KEPT = 4096
"""Sets that are kept, of 9 KB each if they have three names and more. When there are more, all are dropped."""

_KINDS = {kind: number for number, kind in enumerate(CONFLICT)}
"""Numbers of the kinds of words."""
_COSTS = np.array([cost if kind != "patronymic" else 0 for kind, cost in CONFLICT.items()], np.int32)
"""What a word of each kind takes at most where it is left over on one side and another word on the other: a patronymic
nothing, since it contradicts nothing but another one (comparison.py), and these come last."""


class NameSet:
    """Names with at least one word each.

    `tokens` holds each word once, by its text, and `shapes` their shapes. `words` holds the words of all names side by
    side, as indices into `tokens`: name i has `counts[i]` words from `starts[i]` on, and `owners` gives the name at
    each position.
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
        self.shapes = Shapes(self.tokens)

    @cached_property
    def _kinds(self) -> NDArray[np.int8]:
        """The kind of the word at each place, by its number in _KINDS."""
        return np.array([_KINDS[token.kind] for name in self.names for token in name.tokens], np.int8)

    @cached_property
    def costs(self) -> IntegerArray:
        """The most that the word at each position takes if it is left over, in hundredths of a bit (_COSTS)."""
        found: IntegerArray = _COSTS[self._kinds]
        return found

    @cached_property
    def with_family(self) -> Marked:
        """Which names have a family name."""
        return self._mark_kinds("family")

    @cached_property
    def with_given(self) -> Marked:
        """Which names have a given name or an initial."""
        return self._mark_kinds("given") | self._mark_kinds("initial")

    def _mark_kinds(self, kind: str) -> Marked:
        return np.logical_or.reduceat(self._kinds == _KINDS[kind], self.starts)

    @cached_property
    def weak(self) -> Marked:
        """Which names are nicknames."""
        return np.array([name.weak for name in self.names])

    @cached_property
    def single(self) -> Marked:
        """Which names are single words, whose agreement says less."""
        return np.array([is_single(name) for name in self.names])

    @cached_property
    def numbered(self) -> list[int]:
        """The indices of the names with numbers."""
        return [at for at, name in enumerate(self.names) if name.numbers]

    @cached_property
    def first(self) -> list[int]:
        """The position of each name's first word."""
        return [int(start) for start in self.starts]

    @cached_property
    def initials(self) -> list[str]:
        """The acronym of each name."""
        return [acronym_of(name.tokens) for name in self.names]

    @cached_property
    def acronyms(self) -> list[tuple[int, str]]:
        """The words that may be acronyms: their indices and Latin forms."""
        return [(at, token.forms[0]) for at, token in enumerate(self.tokens) if may_be_acronym(token)]

    @cached_property
    def longest(self) -> int:
        """The number of letters of the longest word."""
        return int(self.shapes.lengths.max())

    @cached_property
    def scripts(self) -> set[str]:
        """The scripts of all words."""
        return {token.script for token in self.tokens}

    @cached_property
    def runs(self) -> RunTable:
        """All runs of neighbouring words, with the particles before them."""
        shapes, words = self.shapes, self.words
        lengths, letters, spans = shapes.lengths[words], shapes.letters[words], shapes.spans[:, words]
        glued = [
            (at, len(before), letters_of(before))
            for name, first in zip(self.names, self.first, strict=True)
            for at, before in enumerate(name.glue, first)
            if before
        ]
        starts_run = np.zeros(len(words), bool)
        if glued:
            places, more, of_glue = map(list, zip(*glued, strict=True))
            starts_run[places] = True
            lengths[places] += more
            spans[:, places] += more
            letters[places] |= np.array(of_glue, np.uint64)
        return grow_runs(lengths, letters, spans, starts_run, (self.starts + self.counts)[self.owners])

    def run_at(self, number: int) -> Run:
        """The run at an index of `runs`."""
        found = self._runs.get(number)
        if found is None:
            found = self._runs[number] = Run(*self._run_words(number))
        return found

    def joined_at(self, number: int) -> str:
        """The words of a run, written together."""
        return write_together(*self._run_words(number))

    def spell_runs(self, numbers: NDArray[np.intp]) -> list[str]:
        """The likeliest Latin forms of the words of some runs, written together."""
        starts, spelt = self.runs.starts[numbers], self._spelt
        stops = starts + self.runs.sizes[numbers]
        return ["".join(spelt[start:stop]) for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]

    @cached_property
    def _spelt(self) -> list[str]:
        """The likeliest Latin form of the word at each place."""
        forms = [token.forms[0] for token in self.tokens]
        return [forms[word] for word in self.words.tolist()]

    def _run_words(self, number: int) -> tuple[Tokens, tuple[str, ...]]:
        """The words of a run, and the particles before each."""
        owner = self.run_owner(number)
        start = int(self.runs.starts[number]) - self.first[owner]
        stop = start + int(self.runs.sizes[number])
        name = self.names[owner]
        return name.tokens[start:stop], name.glue[start:stop]

    def run_owner(self, number: int) -> int:
        """The index of the name to which a run belongs."""
        return int(self.owners[self.runs.starts[number]])

    @cached_property
    def run_scripts(self) -> IntegerArray:
        """The script of each run's first word (shapes.script_number)."""
        found: IntegerArray = self.shapes.scripts[self.words[self.runs.starts]]
        return found

    def holders(self, word: int) -> NDArray[np.intp]:
        """The indices of the names that have a word."""
        return np.unique(self.owners[self.words == word])


_sets: dict[int, NameSet] = {}
"""By the id of the tuple of names, which the set holds, so that no other object gets this id."""


def name_set(names: tuple[NamePrint, ...]) -> NameSet:
    """The set of an entity's names, which is kept for the next comparison of the entity."""
    found = _sets.get(id(names))
    if found is None:
        if len(_sets) >= _KEPT:
            _sets.clear()
        found = _sets[id(names)] = NameSet(names)
    return found
