"""All names of one entity, with what they share: each word once, and each run of neighbouring words that may be one.

Made when an entity of several names is first compared, and kept for a while: a case meets ten others and more.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from pipeline.matching.names.joined_words import ALIKE_FORMS, ALIKE_SHARE, SLACK, Run, acronym_of, spell
from pipeline.matching.names.outlines import letters_of
from pipeline.matching.names.prints import MAX_ACRONYM, NamePrint, TokenPrint, letter_span, may_be_acronym
from pipeline.matching.names.shapes import ShapeTable, shape_of

_KEPT = 4096
"""Entities whose sets are kept, 9 KB each where they have three names and more; then all are forgotten."""

_MOST_LENGTH = 20
"""Letters of runs that are found by their letters. Seldom is a word so long that it may be a longer one."""

_ALIKE = 1 - 1 / ALIKE_SHARE


class HeldRun(NamedTuple):
    """A run of words: the letters of it, how many and which, and the names that have it, by number."""

    length: int
    letters: int
    run: Run
    holders: list[int]


class NameSet:
    """The names of one entity.

    `tokens` holds each word once, by its text, `shapes` their shapes; `places` gives the words of each name by their
    numbers there, `kinds` their kinds, `holders` the names that have each word.
    """

    def __init__(self, names: tuple[NamePrint, ...]) -> None:
        self.names = names
        self.tokens: list[TokenPrint] = []
        self.holders: list[list[int]] = []
        self.places: list[list[int]] = []
        known: dict[str, int] = {}
        for number, name in enumerate(names):
            place = []
            for token in name.tokens:
                at = known.get(token.text)
                if at is None:
                    at = known[token.text] = len(self.tokens)
                    self.tokens.append(token)
                    self.holders.append([])
                if number not in self.holders[at]:
                    self.holders[at].append(number)
                place.append(at)
            self.places.append(place)
        self.kinds = [frozenset([token.kind for token in name.tokens]) for name in names]
        self.shapes: ShapeTable = np.array([shape_of(token) for token in self.tokens], np.uint64).T
        self._scripts = {token.script for token in self.tokens}

    def find_runs(self, one: NameSet) -> Iterator[tuple[int, HeldRun]]:
        """All runs that joined_words may take for a word of `one`, whose number comes first.

        They are alike in letters, in another script, or abbreviated by it.
        """
        runs, (lengths, letters) = self._runs, self._run_letters
        if runs:
            theirs, words = one._word_letters
            most = np.maximum(theirs[:, None], lengths) // ALIKE_SHARE
            alike = np.bitwise_count(words[:, None] ^ letters) <= 2 * most
            alike &= np.abs(theirs[:, None] - lengths) <= most
            yield from ((word, runs[at]) for word, at in np.argwhere(alike).tolist())
        for word in one._long_words:
            yield from ((word, run) for run in self._all_runs if run.length > _MOST_LENGTH)
        if len(self._scripts) > 1 or self._scripts != one._scripts:
            for word, token in enumerate(one.tokens):
                yield from ((word, run) for run in self._find_across(token))
        for word, form in one._acronyms:
            if any(form in initials for initials in self._initials):
                yield from ((word, run) for run in self._all_runs if acronym_of(run.run.tokens) == form)

    def _find_across(self, token: TokenPrint) -> Iterator[HeldRun]:
        """Runs in other scripts, by their Latin forms: of as many letters, or of as many words as it has letters."""
        shortest, longest = letter_span(token)
        form = token.forms[0]
        for script, least, most, spelled, one in self._spans:
            if script != token.script:
                fits = least - SLACK <= longest and shortest <= most + SLACK
                if (fits or len(one.run.tokens) == shortest) and (
                    Levenshtein.normalized_similarity(form, spelled) >= ALIKE_FORMS or one.length == len(token.text)
                ):
                    yield one

    @cached_property
    def _word_letters(self) -> tuple[NDArray[np.int32], NDArray[np.uint64]]:
        """Of each word how many letters, and which."""
        texts = [token.text for token in self.tokens]
        return np.array([len(text) for text in texts], np.int32), np.array(
            [letters_of(text) for text in texts], np.uint64
        )

    @cached_property
    def _run_letters(self) -> tuple[NDArray[np.int32], NDArray[np.uint64]]:
        """The same of each of the runs that are not too long."""
        runs = self._runs
        return np.array([run.length for run in runs], np.int32), np.array([run.letters for run in runs], np.uint64)

    @cached_property
    def _long_words(self) -> list[int]:
        """Words that may be runs of more than _MOST_LENGTH letters."""
        return [at for at, token in enumerate(self.tokens) if len(token.text) > _MOST_LENGTH * _ALIKE]

    @cached_property
    def _acronyms(self) -> list[tuple[int, str]]:
        """Words that may abbreviate others, by their numbers."""
        return [(at, token.forms[0]) for at, token in enumerate(self.tokens) if may_be_acronym(token)]

    @cached_property
    def _spans(self) -> list[tuple[str, int, int, str, HeldRun]]:
        """Of each run the script, the least and the most letters in Latin forms, and the likeliest of these."""
        return [
            (one.run.tokens[0].script, *_count_letters(one.run), spell(one.run.tokens), one) for one in self._all_runs
        ]

    @cached_property
    def _initials(self) -> set[str]:
        return {acronym_of(name.tokens) for name in self.names}

    @cached_property
    def _all_runs(self) -> list[HeldRun]:
        return self._make_runs(None)

    @cached_property
    def _runs(self) -> list[HeldRun]:
        return self._make_runs(_MOST_LENGTH)

    def _make_runs(self, most: int | None) -> list[HeldRun]:
        """Runs of two words and more, or of one with its particle, of so many letters at most."""
        lengths, letters = [len(token.text) for token in self.tokens], [letters_of(token.text) for token in self.tokens]
        found: dict[tuple[object, ...], HeldRun] = {}
        for number, (name, place) in enumerate(zip(self.names, self.places, strict=True)):
            glue = name.glue
            for start in range(len(place)):
                length = those = 0
                for end in range(start, min(start + MAX_ACRONYM, len(place))):
                    before = glue[end] if glue else ""
                    length += lengths[place[end]] + len(before)
                    those |= letters[place[end]] | (letters_of(before) if before else 0)
                    if most is not None and length > most:
                        break
                    if end > start or before:
                        particles = glue[start : end + 1]
                        key = (*place[start : end + 1], particles)
                        if key not in found:
                            run = Run(name.tokens[start : end + 1], particles)
                            found[key] = HeldRun(length, those, run, [number])
                        elif found[key].holders[-1] != number:
                            found[key].holders.append(number)
        return list(found.values())


def _count_letters(run: Run) -> tuple[int, int]:
    """The least and the most letters of a run in its Latin forms."""
    spans, particles = [letter_span(token) for token in run.tokens], sum(map(len, run.glue))
    return sum([least for least, _ in spans]) + particles, sum([most for _, most in spans]) + particles


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
