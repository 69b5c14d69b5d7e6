"""What rows of a screen hold of numbers: both ends of two of each entity, hashed.

Phones have two places, and identifiers, VINs and plates share two. One edit leaves one end of a long enough number as
it is. So two numbers whose ends both differ are two edits apart or more, which is what bounds their comparisons: none
of them may call numbers near that are further apart (identifier.MOST_EDITS).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.alternatives import ALTERNATIVES
from pipeline.matching.comparisons.comparison import (
    BitsArray,
    Bound,
    RowParts,
    SmallBits,
    States,
    Table,
    strongest_from,
)
from pipeline.matching.encoded import Field, Flags, Layout, Rows, hash_text
from pipeline.matching.fingerprint import CONFUSABLE_CLASSES, EntityPrint

VIN = "vin"
OTHER = "identifier"
NUMBERS = (VIN, "plate", OTHER)
"""Comparisons of identifiers by what they are of; those of the last one are of no other's kind."""

ELSEWHERE = frozenset(NUMBERS) - {OTHER}
"""Types of identifiers with a comparison of their own."""

MOST_EDITS = 1
"""Edits, or exchanges of neighbours, of two numbers that are near."""

SHORTEST = 5
"""Characters of a VIN from which one edit leaves an end as it is; plates and identifiers are near from as many on."""

NUMBERS_KEPT = 2
"""Numbers of an entity of which a row holds both ends; more are left open."""


class Ends(Layout):
    """Hashes of both ends of a number, from 1; 0 for no number."""

    ending = Field(16)
    beginning = Field(16)


ANY_NUMBER = Ends.ending.put(Ends.ending.most) | Ends.beginning.put(Ends.beginning.most)
"""In place of both ends: nothing is known of the numbers. No hash is as large."""


class EndsState(IntEnum):
    """Two numbers may agree whole, at one end, or not at all; or a side has none."""

    WHOLE = 0
    HALVED = 1
    APART = 2
    UNKNOWN = 3


def encode_ends(values: list[tuple[str, str]]) -> tuple[int, int]:
    """The Ends of each number, by its beginning and end; 0 for none."""
    if len(values) > NUMBERS_KEPT:
        return ANY_NUMBER, ANY_NUMBER
    found = [
        Ends.beginning.put(1 + hash_text(beginning, Ends.beginning.most - 1))
        | Ends.ending.put(1 + hash_text(ending, Ends.ending.most - 1))
        for beginning, ending in values
    ]
    first, second = (*found, 0, 0)[:NUMBERS_KEPT]
    return first, second


def compare_ends(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> States:
    """WHOLE, HALVED, APART or UNKNOWN, by the ends of two entities' numbers: (NUMBERS_KEPT, pairs) of each."""
    whole, alike = np.zeros((2, one.shape[1]), np.bool_)
    for mine in filter(np.any, one):
        known = mine != 0
        for theirs in filter(np.any, other):
            apart = mine ^ theirs
            alike |= ~(Ends.beginning.lies_in(apart) & Ends.ending.lies_in(apart)) & known
            whole |= (apart == 0) & known
    state = np.where(whole, EndsState.WHOLE, np.where(alike, EndsState.HALVED, EndsState.APART))
    state[(one[0] == ANY_NUMBER) | (other[0] == ANY_NUMBER)] = EndsState.WHOLE
    return np.where((one[0] == 0) | (other[0] == 0), EndsState.UNKNOWN, state)


def encode_numbers(entity: EntityPrint) -> tuple[int, int]:
    """One wrong character of five or more leaves the first two as they are, or the last two; * and ? are any."""
    if not entity.identifiers:
        return 0, 0
    values = [identifier.value.translate(CONFUSABLE_CLASSES) for identifier in entity.identifiers]
    short = any(len(one.value) < SHORTEST for one in entity.identifiers if one.type == VIN)
    if short or any("*" in value or "?" in value for value in values):
        return ANY_NUMBER, ANY_NUMBER
    return encode_ends([(value[:2], value[-2:]) for value in values])


def encode_kinds(entity: EntityPrint) -> int:
    """The set of NUMBERS that an entity has."""
    if not entity.identifiers:
        return 0
    kinds = {identifier.type if identifier.type in ELSEWHERE else OTHER for identifier in entity.identifiers}
    return sum(1 << at for at, kind in enumerate(NUMBERS) if kind in kinds)


NUMBER_PARTS = RowParts(
    {"identifiers": 2, "numbers": 0},
    lambda entity: (*encode_numbers(entity), encode_kinds(entity)),
    {"numbers": SmallBits(len(NUMBERS))},
)


def number_state(a: Rows, b: Rows) -> States:
    """What the ends of two entities' numbers leave open (WHOLE and others), and which of NUMBERS both have."""
    return number_ends(a, b) << len(NUMBERS) | (a.byte("numbers") & b.byte("numbers"))


def number_ends(a: Rows, b: Rows) -> States:
    """WHOLE, HALVED, APART or UNKNOWN, whatever the numbers are of."""
    return compare_ends(a.words("identifiers"), b.words("identifiers"))


def may_share_number(a: Rows, b: Rows) -> Flags:
    """Whether two entities may have a number in common."""
    found: Flags = number_ends(a, b) == EndsState.WHOLE
    return found


def number_bound(kind: str, levels: Mapping[EndsState, int]) -> Bound:
    """The bound of one of NUMBERS by its strongest level where numbers may agree whole, at one end, or not at all."""
    return Bound(number_state, partial(_bounds_by_state, NUMBERS.index(kind), levels))


def _bounds_by_state(kind: int, levels: Mapping[EndsState, int], table: Table) -> BitsArray:
    """0 in states in which a side has no number of the kind, or no number at all."""
    has = np.arange(1 << len(NUMBERS)) >> kind & 1
    strongest, nothing = strongest_from(table), np.zeros((ALTERNATIVES, 1 << len(NUMBERS)), np.int32)
    by_state = [strongest[:, levels[state], None] * has if state in levels else nothing for state in EndsState]
    return np.concatenate(by_state, 1).astype(np.int32)
