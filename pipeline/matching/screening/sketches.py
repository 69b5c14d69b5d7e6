"""The sketch of a case: rows of bytes from which what it scores with another at most is found by arithmetic.

One row for each name of each person, one for each other entity. A row holds too little to tell what agrees, but enough
to tell what can't. What it holds of a field is said beside the field's comparison (`encode`); rows.WORDS and rows.BYTES
say where it lies. pipeline.matching.screening.screening reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from struct import Struct

from pipeline.matching.comparisons import address, birth_date, gender, nationality, numbers, phone
from pipeline.matching.comparisons.catalogue import CATALOGUE, of_type
from pipeline.matching.comparisons.levels import Comparison
from pipeline.matching.comparisons.name import encoding
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.screening.rows import BYTES, WORD_COUNT
from pipeline.records.entity_types import TYPES

_PACK = Struct(f"<{WORD_COUNT}I{len(BYTES)}B").pack

MAX_ROWS = 15
"""Rows of a sketch; a case with more names and entities has none, and is compared with all that it meets."""

UNSKETCHED = tuple(field for comparison in CATALOGUE if not comparison.sketched for field in comparison.fields)
"""Fields that bound nothing: a case with a value in one has no sketch."""


def make_sketch(entities: tuple[EntityPrint, ...]) -> bytes:
    """The rows one after the other; b"" where they can't bound a score."""
    if any(getattr(entity, field) for entity in entities for field in UNSKETCHED):
        return b""
    rows = [row for entity in entities for row in _make_rows(entity)]
    return b"".join(rows) if len(rows) <= MAX_ROWS else b""


@lru_cache(maxsize=len(TYPES))
def without_room(entity_type: str) -> tuple[Comparison, ...]:
    """A type's comparisons of which a row only tells whether there is a value: bit k of `others` for the k-th."""
    return tuple(
        comparison
        for comparison in of_type(entity_type)
        if comparison.sketched and entity_type not in comparison.bounded
    )


def _make_rows(entity: EntityPrint) -> Iterator[bytes]:
    """Parts in the order of rows.WORDS and rows.BYTES."""
    city, *place = address.encode(entity)
    values = (*phone.encode(entity), *numbers.encode(entity), birth_date.encode(entity), city)
    kinds = (TYPES.index(entity.type), _others(entity), gender.encode(entity), nationality.encode(entity))
    held = numbers.encode_kinds(entity)
    names = entity.names if entity.type == "person" else ()
    for at, name in enumerate(names or (None,)):
        tokens, named = encoding.encode(name)
        yield _PACK(*tokens, *values, *kinds, at == 0, *named, *place, held)


def _others(entity: EntityPrint) -> int:
    found = 0
    for field, least, bit in _fields(entity.type):
        value = getattr(entity, field)
        if value and (least < 2 or len(value) >= least):
            found |= bit
    return found


@lru_cache(maxsize=len(TYPES))
def _fields(entity_type: str) -> tuple[tuple[str, int, int], ...]:
    return tuple(
        (field, one.least, 1 << at) for at, one in enumerate(without_room(entity_type)) for field in one.fields
    )
