"""What rows of sketches hold of an entity's identifiers, VINs and plates, which share two places."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from msgspec import structs

from pipeline.matching.alternatives import ALTERNATIVES
from pipeline.matching.comparisons.bounds import BitsArray, Bound, States, strongest_from
from pipeline.matching.comparisons.ends import ANY_NUMBER, WHOLE, compare_ends, encode_ends
from pipeline.matching.comparisons.levels import ComparisonResult, Table, stronger_of
from pipeline.matching.fingerprint import CONFUSABLE_CLASSES, EntityPrint, IdentifierPrint
from pipeline.records.entity_types import ENTITY_TYPES
from pipeline.records.vehicles import decode_vin

if TYPE_CHECKING:
    from pipeline.matching.encoded import Flags, Rows

VIN = "vin"
OTHER = "identifier"
NUMBERS = (VIN, "plate", OTHER)
"""Comparisons of identifiers by what they are of; those of the last one are of no other's kind."""

ELSEWHERE = frozenset(NUMBERS) - {OTHER}
"""Types of identifiers with a comparison of their own."""

OWN = {row.name: row.own_number for row in ENTITY_TYPES if row.own_number}
"""For a type of entity the type of number that each bears for life, and no other in the world."""

SHORTEST = 5
"""Characters of a VIN from which one edit leaves an end as it is; plates and identifiers are near from as many on."""


def encode(entity: EntityPrint) -> tuple[int, int]:
    """One wrong character of five or more leaves the first two as they are, or the last two; * and ? are any."""
    values = [identifier.value.translate(CONFUSABLE_CLASSES) for identifier in entity.identifiers]
    short = any(len(identifier.value) < SHORTEST for identifier in entity.identifiers if identifier.type == VIN)
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
    """What the ends of two entities' numbers leave open (ends.WHOLE and others), and which of NUMBERS both have."""
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


def share_own_number(a: EntityPrint, b: EntityPrint) -> bool:
    """Whether two things of one type have a number in common that is each one's own, with nothing wrong in it.

    A ship keeps its IMO number, a company its LEI, a vehicle its VIN, whatever they are called, painted or plated: with
    such a number in common a differing name is that of one thing renamed. A number whose check digit fails may be
    anybody's; of a VIN, which outside North America and China has none, the form must be right.
    """
    own = OWN.get(a.type)
    if own is None:
        return False
    theirs = {other.value for other in b.identifiers if other.type == own}
    return any(one.type == own and one.value in theirs and _is_right(one) for one in a.identifiers)


def _is_right(number: IdentifierPrint) -> bool:
    return number.valid == 1 or (number.valid == -1 and number.type == VIN and decode_vin(number.value) is not None)


def number_value(entity: EntityPrint, index: int) -> str:
    """The number with its country."""
    found = entity.identifiers[index]
    return found.value + (f" ({found.country})" if found.country else "")


def best_number(
    a: EntityPrint, b: EntityPrint, kind: str, table: Table, level_of: Callable[[IdentifierPrint, IdentifierPrint], int]
) -> ComparisonResult | None:
    """The best pair of two entities' identifiers of one type."""
    if not a.identifiers or not b.identifiers:
        return None
    best: ComparisonResult | None = None
    for i, j in product(range(len(a.identifiers)), range(len(b.identifiers))):
        p, q = a.identifiers[i], b.identifiers[j]
        if p.type == kind and q.type == kind:
            level = level_of(p, q)
            best = stronger_of(table.result(level, table.weights[level], i, j), best)
    if best is not None and kind == OWN.get(a.type) and share_own_number(a, b):
        return structs.replace(best, settles=True)
    return best
