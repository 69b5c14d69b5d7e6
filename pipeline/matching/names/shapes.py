"""The shape of a name token: by it most tokens that meet are told apart, of people and of organisations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.names.organisation_words import meanings
from pipeline.matching.names.outlines import BEGINNING, MOST_EDITS, letters_of
from pipeline.matching.names.prints import TokenPrint
from pipeline.matching.names.variants import classes_of

_REMEMBERED = 50_000


class Shape(NamedTuple):
    """A token's letters, a bit each, and a bit for every value that makes words alike however they are spelt.

    `sounds`: how it sounds and begins; `senses`: its classes of variants, or its meanings.
    """

    letters: int
    sounds: int
    senses: int


_ALL = (1 << 64) - 1
OPEN = Shape(0, _ALL, _ALL)
"""The shape of a token that may be like any other: an initial, or one that is not plain."""

ShapeTable = NDArray[np.uint64]
"""Shapes of some tokens: a row for each part."""

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


def find_alike(some: ShapeTable, others: ShapeTable) -> list[list[int]]:
    """The places, in both tables, of pairs of tokens whose shapes leave open whether they are alike."""
    letters, sounds, senses = some[:, :, None]
    alike = np.bitwise_count(letters ^ others[0]) <= _APART
    alike |= (sounds & others[1] | senses & others[2]) != 0
    return np.argwhere(alike).tolist()


_APART = 2 * MOST_EDITS
"""Letters in which words differ that are within MOST_EDITS of each other."""


def is_plain(token: TokenPrint) -> bool:
    """Whether a token is its own, only spelling, in the letters a to z."""
    text, forms = token.text, token.forms
    return forms[0] == text and len(forms) == 1 and text.isascii() and text.isalpha()


def _make_shape(token: TokenPrint) -> Shape:
    if token.kind == "initial" or len(token.text) < 2 or not is_plain(token):
        return OPEN
    senses: Iterable[int] = classes_of(token.text)
    if token.kind == "core":
        senses = [crc32(meaning.encode()) for meaning in meanings(token.text)]
    sounds = 1 << crc32(token.sound.encode()) % 32 | 1 << 32 + crc32(token.text[:BEGINNING].encode()) % 32
    return Shape(letters_of(token.text), sounds, sum({1 << sense % 64 for sense in senses}))
