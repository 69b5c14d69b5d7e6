"""What a row of a screen holds of birth places, and the level that two rows leave open."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pipeline.matching.comparisons.birth_place import DIFFERENT, NEAR, NEAR_PLACE, SAME, WORD, PlaceWords, read_place
from pipeline.matching.comparisons.bounds import NONE, States, bound_by_levels
from pipeline.matching.encoded import Field, Layout, hash_text, letter_set
from pipeline.matching.fingerprint import EntityPrint

if TYPE_CHECKING:
    from pipeline.matching.encoded import Flags, Rows, WordArray

WORD_BITS = 32
"""A place's words have a bit each of so many."""


class PlacePart(Layout):
    """The letters of a part of a place, and how many it has; a place with more than there is room for is OPEN_PLACE.

    `bare`: the first part is a country, which leaves open whether two places are compared.
    """

    letters = Field(26)
    length = Field(5)
    bare = Field()


UNKNOWN = 4
"""The state of rows of which one has no place, beside the levels."""

OPEN_PLACE = ((1 << WORD_BITS) - 1, 0, 0)
"""A row that has no room for its places: they may be any."""


def encode(entity: EntityPrint) -> tuple[int, int, int]:
    """The place's words as bits, then the letters of its first part, and of all of them; 0 where there is none."""
    if entity.birth_places:
        return OPEN_PLACE
    return _encode_place(entity.birth_place) if entity.birth_place else (0, 0, 0)


@lru_cache(maxsize=1 << 16)
def _encode_place(text: str) -> tuple[int, int, int]:
    place = read_place(text)
    words = sum({1 << hash_text(word, WORD_BITS) for word in place.all.known})
    if not words or len(place.all.written) > PlacePart.length.most:
        return OPEN_PLACE
    return words, _encode_part(place.first) | PlacePart.bare.put(place.bare), _encode_part(place.all)


def _encode_part(part: PlaceWords) -> int:
    return PlacePart.letters.put(letter_set(part.written)) | PlacePart.length.put(len(part.written))


def birth_place_state(a: Rows, b: Rows) -> States:
    """The strongest level: SAME where a word may be in common, NEAR where letters leave it open; UNKNOWN."""
    (words, first, all_of), (others, other_first, other_all) = a.words("birth_place"), b.words("birth_place")
    near = _may_be_near(first, other_first) | _may_be_near(all_of, other_all)
    bare = PlacePart.bare.lies_in(first | other_first)
    state = np.where(near, NEAR, np.where(bare, UNKNOWN, DIFFERENT))
    state = np.where(words & others != 0, SAME, state)
    found: States = np.where((words == 0) | (others == 0), UNKNOWN, state)
    return found


def _may_be_near(one: WordArray, other: WordArray) -> Flags:
    """By rapidfuzz ratio: each letter that only one has is an insertion or deletion, of so many in all letters."""
    letters = PlacePart.length.take(one) + PlacePart.length.take(other)
    apart = np.bitwise_count(PlacePart.letters.take(one ^ other)).astype(np.uint32)
    near: Flags = 100 * apart <= (100 - NEAR_PLACE) * letters
    return near


BIRTH_PLACE_BOUND = bound_by_levels(birth_place_state, (SAME, NEAR, WORD, DIFFERENT, NONE), "birth_place")
