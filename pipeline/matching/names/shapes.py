"""The shape of a name token: by it most tokens that meet are told apart, of people and of organisations."""

from __future__ import annotations

from typing import NamedTuple
from zlib import crc32

from pipeline.matching.names.organisation_words import meanings
from pipeline.matching.names.outlines import BEGINNING, MOST_EDITS, letters_of
from pipeline.matching.names.prints import TokenPrint
from pipeline.matching.names.variants import classes_of

_PART = 40
"""Bits of each kind of value."""

_REMEMBERED = 50_000


class Shape(NamedTuple):
    """A token's letters, a bit each, and a bit for every value that makes words alike however they are spelt.

    These are its sound, its beginning, and its classes of variants or its meanings.
    """

    letters: int
    values: int


OPEN = Shape(0, -1)
"""The shape of a token that may be like any other: an initial, or one that is not plain."""

_people: dict[str, Shape] = {}
_organisations: dict[str, Shape] = {}
"""By the texts of words."""


def shape_of(token: TokenPrint) -> Shape:
    """The shape of a token, remembered."""
    shapes = _organisations if token.kind == "core" else _people
    found = shapes.get(token.text)
    if found is None:
        if len(shapes) >= _REMEMBERED:
            shapes.clear()
        found = shapes[token.text] = _make_shape(token)
    return found


def may_be_alike(one: Shape, others: list[Shape]) -> list[int]:
    """The places of those of many shapes that leave open whether their words are alike."""
    letters, values = one
    if values == -1:
        return list(range(len(others)))
    return [
        at for at, (theirs, known) in enumerate(others) if known & values or (theirs ^ letters).bit_count() <= _APART
    ]


_APART = 2 * MOST_EDITS
"""Letters in which words differ that are within MOST_EDITS of each other."""


def is_plain(token: TokenPrint) -> bool:
    """Whether a token is its own, only spelling, in the letters a to z."""
    text, forms = token.text, token.forms
    return forms[0] == text and len(forms) == 1 and text.isascii() and text.isalpha()


def _make_shape(token: TokenPrint) -> Shape:
    if token.kind == "initial" or len(token.text) < 2 or not is_plain(token):
        return OPEN
    values = {_place(token.sound), _PART + _place(token.text[:BEGINNING])}
    if token.kind == "core":
        values.update(2 * _PART + _place(meaning) for meaning in meanings(token.text))
    else:
        values.update(2 * _PART + number % _PART for number in classes_of(token.text))
    return Shape(letters_of(token.text), sum(1 << value for value in values))


def _place(text: str) -> int:
    return crc32(text.encode()) % _PART
