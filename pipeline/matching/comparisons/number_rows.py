"""What rows of a screen hold of numbers: both ends of two of each entity, hashed.

Phones have two places, and identifiers, VINs and plates share two. One edit leaves one end of a long enough number as
it is. So two numbers whose ends both differ are two edits apart or more, which is what bounds their comparisons: none
of them may call numbers near that are further apart (identifier.MOST_EDITS).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.alternatives import ALTERNATIVES
from pipeline.matching.comparisons.bounds import NONE, BitsArray, Bound, States, bound_by_levels, strongest_from
from pipeline.matching.comparisons.identifier import ELSEWHERE, NUMBERS, OTHER, VIN
from pipeline.matching.comparisons.phone import DIFFERENT, SAME, TAIL
from pipeline.matching.comparisons.vehicle_numbers import SHORTEST
from pipeline.matching.encoded import Field, Layout, hash_text
from pipeline.matching.fingerprint import CONFUSABLE_CLASSES, EntityPrint

if TYPE_CHECKING:
    from pipeline.matching.comparisons.comparison import Table
    from pipeline.matching.encoded import Flags, Rows

NUMBERS_KEPT = 2
"""Numbers of an entity of which a row holds both ends; more are left open."""


class Ends(Layout):
    """Hashes of both ends of a number, from 1; 0 for no number."""

    ending = Field(16)
    beginning = Field(16)


ANY_NUMBER = Ends.ending.put(Ends.ending.most) | Ends.beginning.put(Ends.beginning.most)
"""In place of both ends: nothing is known of the numbers. No hash is as large."""

WHOLE, HALVED, APART, UNKNOWN = range(4)
"""Two numbers may agree whole, at one end, or not at all; or a side has none."""


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
    state = np.where(whole, WHOLE, np.where(alike, HALVED, APART))
    state[(one[0] == ANY_NUMBER) | (other[0] == ANY_NUMBER)] = WHOLE
    return np.where((one[0] == 0) | (other[0] == 0), UNKNOWN, state)


def encode_phones(entity: EntityPrint) -> tuple[int, int]:
    """One wrong digit leaves the first four as they are, or the last three; a common tail leaves the last three."""
    if not entity.phones:
        return 0, 0
    return encode_ends([(phone.national[:4], phone.national[-3:]) for phone in entity.phones])


def phone_state(a: Rows, b: Rows) -> States:
    """What the ends of two entities' phones leave open (WHOLE and others)."""
    return compare_ends(a.words("phones"), b.words("phones"))


def may_share_line(a: Rows, b: Rows) -> Flags:
    """Whether two entities may have the last digits of a phone in common (EntityPrint.selectors)."""
    return phone_state(a, b) <= HALVED


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


def number_state(a: Rows, b: Rows) -> States:
    """What the ends of two entities' numbers leave open (WHOLE and others), and which of NUMBERS both have."""
    return number_ends(a, b) << len(NUMBERS) | (a.byte("numbers") & b.byte("numbers"))


def number_ends(a: Rows, b: Rows) -> States:
    """WHOLE, HALVED, APART or UNKNOWN, whatever the numbers are of."""
    return compare_ends(a.words("identifiers"), b.words("identifiers"))


def may_share_number(a: Rows, b: Rows) -> Flags:
    """Whether two entities may have a number in common."""
    found: Flags = number_ends(a, b) == WHOLE
    return found


def number_bound(kind: str, whole: int, halved: int, apart: int) -> Bound:
    """The bound of one of NUMBERS by its strongest level where numbers may agree whole, at one end, or not at all."""
    bits = partial(_bounds_by_state, NUMBERS.index(kind), (whole, halved, apart))
    return Bound(number_state, bits, "identifiers")


def _bounds_by_state(kind: int, levels: tuple[int, int, int], table: Table) -> BitsArray:
    """0 in states in which a side has no number of the kind; those in which a side has no number at all come last."""
    has = np.arange(1 << len(NUMBERS)) >> kind & 1
    by_state = [strongest_from(table)[:, level, None] * has for level in levels]
    nothing = np.zeros((ALTERNATIVES, 1 << len(NUMBERS)), np.int32)
    return np.concatenate([*by_state, nothing], 1).astype(np.int32)


PHONE_BOUND = bound_by_levels(phone_state, (SAME, TAIL, DIFFERENT, NONE), "phones")
