"""All names of one entity, with what they share: each word once, and each run of neighbouring words that may be one.

Made when an entity of several names is first compared, and kept for a while: a case meets ten others and more.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from pipeline.matching.names.joined_words import ALIKE_SHARE, SLACK, Run, acronym_of
from pipeline.matching.names.outlines import letters_of
from pipeline.matching.names.prints import MAX_ACRONYM, NamePrint, TokenPrint, letter_span, may_be_acronym
from pipeline.matching.names.shapes import shape_of

_KEPT = 4096
"""Entities whose sets are kept, 4 KB each; when there are more, all are forgotten."""

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
        self.shapes = [shape_of(token) for token in self.tokens]
        self._scripts = {token.script for token in self.tokens}

    def find_runs(self, token: TokenPrint) -> Iterator[HeldRun]:
        """All runs that joined_words may take for a word: alike in letters, its acronym, or in another script."""
        script = token.script
        if len(token.text) <= _MOST_LENGTH * _ALIKE:
            yield from (one for one in self._find_alike(token.text) if one.run.tokens[0].script == script)
        else:
            yield from (one for one in self._all_runs if one.run.tokens[0].script == script)
        if len(self._scripts) > 1 or script not in self._scripts:
            yield from self._find_across(token)
        if may_be_acronym(token) and any(token.forms[0] in initials for initials in self._initials):
            yield from (one for one in self._all_runs if acronym_of(one.run.tokens) == token.forms[0])

    def _find_alike(self, text: str) -> Iterator[HeldRun]:
        """Runs that differ from a text in one letter of ALIKE_SHARE: an edit changes two of the set of letters."""
        length = len(text)
        start, end = bisect_left(self._lengths, length * _ALIKE), bisect_right(self._lengths, length / _ALIKE)
        if start < end:
            letters = letters_of(text)
            for one in self._runs[start:end]:
                if (letters ^ one.letters).bit_count() <= 2 * (max(length, one.length) // ALIKE_SHARE):
                    yield one

    def _find_across(self, token: TokenPrint) -> Iterator[HeldRun]:
        """Runs in other scripts, by their Latin forms: of as many letters, or of as many words as it has letters."""
        shortest, longest = letter_span(token)
        for script, least, most, one in self._spans:
            if script != token.script:
                fits = least - SLACK <= longest and shortest <= most + SLACK
                if fits or len(one.run.tokens) == shortest:
                    yield one

    @cached_property
    def _spans(self) -> list[tuple[str, int, int, HeldRun]]:
        """Of each run the script, and the least and the most letters in Latin forms."""
        return [(one.run.tokens[0].script, *_count_letters(one.run), one) for one in self._all_runs]

    @cached_property
    def _initials(self) -> set[str]:
        return {acronym_of(name.tokens) for name in self.names}

    @cached_property
    def _all_runs(self) -> list[HeldRun]:
        return self._make_runs(None)

    @cached_property
    def _runs(self) -> list[HeldRun]:
        return self._make_runs(_MOST_LENGTH)

    @cached_property
    def _lengths(self) -> list[int]:
        return [one.length for one in self._runs]

    def _make_runs(self, most: int | None) -> list[HeldRun]:
        """Runs of two words and more, or of one with its particle, of so many letters at most; the shortest first."""
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
        return sorted(found.values(), key=_length_of)


def _length_of(one: HeldRun) -> int:
    return one.length


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
