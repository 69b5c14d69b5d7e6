"""The outline of a name token: the letters of its spelling and its classes of variants, as bits of one integer.

An edit changes at most two letters of a word's set of letters. So two words whose sets differ in five letters are at
least three edits apart, and can be alike only by sound, variants or a common beginning. This tells most tokens apart,
at a fifth of the cost of their distance.
"""

from __future__ import annotations

from functools import lru_cache

from pipeline.matching.names.variants import classes_of

_ALPHABET = 64
_LETTERS = 26
_SPELLING = (1 << _LETTERS) - 1
_CLASSES = 26
"""Classes share as many bits; 52 in all are exact in every JSON reader."""

MOST_EDITS = 2
"""Edits of a spelling beyond which it is another word."""

BEGINNING = 3
"""Letters at least that a word cut short keeps."""


def outline_of(form: str) -> int:
    """The outline of a folded Latin spelling; 0, which says nothing, if it has other characters."""
    if len(form) < 2 or not (form.isascii() and form.isalpha()):
        return 0
    return letters_of(form) | sum({1 << number % _CLASSES for number in classes_of(form)}) << _LETTERS


@lru_cache(maxsize=1 << 14)
def letters_of(text: str) -> int:
    """The letters of a text, a bit each for those of one place of an alphabet of so many: a to z have one each."""
    return sum({1 << (ord(letter) - ord("a")) % _ALPHABET for letter in text})


def far_apart(one: int, other: int) -> bool:
    """Whether two words are too many edits apart and have no variant in common, by their outlines; neither is 0."""
    return ((one ^ other) & _SPELLING).bit_count() > 2 * MOST_EDITS and not (one & other) >> _LETTERS


def begin_alike(a: str, b: str) -> bool:
    """Whether one of two spellings may be the other cut short."""
    return a[:BEGINNING] == b[:BEGINNING]


def unlike_joined(word: int, parts: int, edits: int) -> bool:
    """Whether a word is more than some edits from what words of such letters (their outlines, or-ed) make together."""
    return ((word ^ parts) & _SPELLING).bit_count() > 2 * edits
