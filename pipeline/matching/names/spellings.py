"""Spellings and short forms of one given or family name, and the outline that tells most other spellings apart.

Variants are Bill and William, Yusuf and Youssef, Petrov and Petrova. An outline has the letters of a spelling and its
classes of variants, as bits of one integer. An edit changes at most two letters of a word's set of letters. So two
words whose sets differ in five letters are at least three edits apart, and can be alike only by sound, variants or a
common beginning. This tells most tokens apart, at a fifth of the cost of their distance.
"""

from __future__ import annotations

import lzma
from functools import cache, lru_cache
from importlib.resources import files

import msgspec


def are_variants(a: str, b: str) -> bool:
    """Whether two folded Latin tokens belong to one class."""
    return not classes_of(a).isdisjoint(classes_of(b))


def classes_of(token: str) -> frozenset[int]:
    """The numbers of the classes to which a folded Latin token belongs, in this version of the data."""
    known = _classes()
    found = known.get(token)
    if found is None and token.endswith(("ie", "ey")):  # Peggie and Charley are spelt -y too
        found = known.get(f"{token[:-2]}y")
    return found or _NONE


@lru_cache(maxsize=32768)
def initials_of(token: str) -> frozenset[str]:
    """The first letters of a folded Latin token and of its short forms: B. may be Robert, who is called Bob."""
    members = (spellings()[number] for number in classes_of(token))
    return frozenset({token[:1], *(one[0] for group in members if len(group) <= _SHORT_FORMS for one in group)})


_NONE: frozenset[int] = frozenset()
_SHORT_FORMS = 12
"""Members of a class that is one name with its short forms; a larger one holds a name's spellings in many languages."""


@cache
def spellings() -> list[list[str]]:
    """The members of each class, by its number."""
    packed = files("pipeline.matching.names").joinpath("data/variants.json.xz").read_bytes()
    return msgspec.json.decode(lzma.decompress(packed), type=list[list[str]])


@cache
def _classes() -> dict[str, frozenset[int]]:
    members: dict[str, list[int]] = {}
    for number, group in enumerate(spellings()):
        for token in group:
            members.setdefault(token, []).append(number)
    return {token: frozenset(numbers) for token, numbers in members.items()}


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
    if len(form) < 2 or not (form.isascii() and form.isalpha() and form.islower()):
        return 0
    letters, classes = sum([1 << ord(letter) - ord("a") for letter in set(form)]), classes_of(form)
    return letters | (sum({1 << number % _CLASSES for number in classes}) << _LETTERS if classes else 0)


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
