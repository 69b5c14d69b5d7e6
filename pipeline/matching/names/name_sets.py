"""The names of some entities as arrays: each word once, and the words of all names side by side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.names.comparison import CONFLICT, is_single
from pipeline.matching.names.joined_words import Run, acronym_of, spell, write_together
from pipeline.matching.names.prints import NamePrint, TokenPrint, Tokens, may_be_acronym
from pipeline.matching.names.shapes import IntegerArray, Marked, RunTable, Shapes, grow_runs
from pipeline.matching.names.spellings import letters_of
from pipeline.matching.ragged import Index, Ragged, lay_out

_KINDS = {kind: number for number, kind in enumerate(CONFLICT)}
"""Numbers of the kinds of words."""
_COSTS = np.array([cost if kind != "patronymic" else 0 for kind, cost in CONFLICT.items()], np.int32)
"""What a word of each kind takes at most where it is left over on one side and another word on the other: a patronymic
nothing, since it contradicts nothing but another one (comparison.py), and these come last."""


class NameSet:
    """The names of some entities. Each entity has a name, and each name a word.

    `tokens` holds each word once, by its text, and `shapes` their shapes. `words` holds the words of all names side by
    side, as indices into `tokens`: those of name i are at `places`, and `owners` gives the name at each place. Entity i
    has the names at `held`. A *term* is a word of an entity, however many of its names have it: `terms` are those of
    all entities, as indices into `tokens`, those of entity i at `termed`, and `term_at` gives the term at each place.
    """

    def __init__(self, entities: Sequence[Sequence[NamePrint]]) -> None:
        self.names = [name for names in entities for name in names]
        self._joined: dict[int, Run] = {}
        self.tokens: list[TokenPrint] = []
        known: dict[str, int] = {}
        terms: list[int] = []
        term_at: list[int] = []
        term_counts: list[int] = []
        for entity in entities:
            own: dict[str, int] = {}
            first = len(terms)
            for token in chain.from_iterable([name.tokens for name in entity]):
                text = token.text
                term = own.get(text)
                if term is None:
                    term = own[text] = len(terms)
                    at = known.get(text)
                    if at is None:
                        at = known[text] = len(self.tokens)
                        self.tokens.append(token)
                    terms.append(at)
                term_at.append(term)
            term_counts.append(len(terms) - first)
        self.terms, self.term_at = np.array(terms, np.int64), np.array(term_at, np.int64)
        self.termed = lay_out(np.array(term_counts, np.int64))
        self.words = self.terms[self.term_at]
        self.places = lay_out(np.array([len(name.tokens) for name in self.names], np.int64))
        self.owners = np.arange(len(self.names)).repeat(self.places.counts)
        self.held = lay_out(np.array([len(names) for names in entities], np.int64))
        self.entities = np.arange(len(entities)).repeat(self.held.counts)
        """The entity of each name."""
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
        return np.logical_or.reduceat(self._kinds == _KINDS[kind], self.places.starts)

    @cached_property
    def weak(self) -> Marked:
        """Which names are nicknames."""
        return np.array([name.weak for name in self.names])

    @cached_property
    def single(self) -> Marked:
        """Which names are single words, whose agreement says less."""
        return np.array([is_single(name) for name in self.names])

    @cached_property
    def numbered(self) -> Marked:
        """Which names have numbers."""
        return np.array([bool(name.numbers) for name in self.names])

    @cached_property
    def initials(self) -> list[str]:
        """The acronym of each name."""
        return [acronym_of(name.tokens) for name in self.names]

    @cached_property
    def acronyms(self) -> Marked:
        """Which tokens may be acronyms."""
        return np.array([may_be_acronym(token) for token in self.tokens])

    @cached_property
    def holders(self) -> tuple[Ragged, Index]:
        """The names that have each term: where they stand, and the names."""
        order = np.argsort(self.term_at, kind="stable")
        terms, names = self.term_at[order], self.owners[order]
        new = np.ones(len(names), np.bool_)
        new[1:] = (terms[1:] != terms[:-1]) | (names[1:] != names[:-1])
        return lay_out(np.bincount(terms[new], minlength=len(self.terms))), names[new]

    @cached_property
    def runs(self) -> RunTable:
        """All runs of neighbouring words, with the particles before them, those of an entity side by side."""
        shapes, words = self.shapes, self.words
        lengths, letters, spans = shapes.lengths[words], shapes.letters[words], shapes.spans[:, words]
        glued = [
            (at, len(before), letters_of(before))
            for name, first in zip(self.names, self.places.starts.tolist(), strict=True)
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
        found = grow_runs(lengths, letters, spans, starts_run, (self.places.starts + self.places.counts)[self.owners])
        order = np.argsort(found.starts, kind="stable")
        return RunTable(**{name: part[order] for name, part in found._asdict().items()})

    @cached_property
    def run_names(self) -> Index:
        """The name to which each run belongs."""
        return self.owners[self.runs.starts]

    @cached_property
    def run_scripts(self) -> IntegerArray:
        """The script of each run's first word (shapes.script_number)."""
        found: IntegerArray = self.shapes.scripts[self.words[self.runs.starts]]
        return found

    @cached_property
    def ran(self) -> Ragged:
        """Where each entity's runs stand."""
        return lay_out(np.bincount(self.entities[self.run_names], minlength=len(self.held.counts)))

    def run_at(self, number: int) -> Run:
        """The run at an index of `runs`."""
        found = self._joined.get(number)
        if found is None:
            found = self._joined[number] = Run(*self._run_words(number))
        return found

    def joined_at(self, number: int) -> str:
        """The words of a run, written together."""
        return write_together(*self._run_words(number))

    def spell_run(self, number: int) -> str:
        """The likeliest Latin forms of the words of a run, written together."""
        return spell(self._run_words(number)[0])

    def _run_words(self, number: int) -> tuple[Tokens, tuple[str, ...]]:
        """The words of a run, and the particles before each."""
        owner = int(self.run_names[number])
        start = int(self.runs.starts[number] - self.places.starts[owner])
        stop = start + int(self.runs.sizes[number])
        name = self.names[owner]
        return name.tokens[start:stop], name.glue[start:stop]
