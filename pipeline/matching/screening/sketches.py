"""The sketch of a case, in 32-bit words, from which what it scores with another at most is found by arithmetic.

The number of its rows comes first, with HIDDEN where the case is hit-only, then a row for each entity, then the words
of each one's names. This holds too little to tell what agrees, but enough to tell what can't. What it holds of a field
is said beside the field's comparison (`encode`); encoded.WORDS and encoded.BYTES say where it lies.
pipeline.matching.screening.screening reads it.
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from struct import Struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons import (
    address_rows,
    birth_date_rows,
    birth_place_rows,
    number_rows,
    other_names,
    person_rows,
)
from pipeline.matching.comparisons.catalogue import CATALOGUE, of_type
from pipeline.matching.comparisons.comparison import Comparison
from pipeline.matching.comparisons.name import encoding
from pipeline.matching.encoded import (
    BYTES,
    HIDDEN,
    ROW_WORDS,
    WORD_BYTES,
    WORD_COUNT,
    Flags,
    Index,
    WordArray,
    names_part,
)
from pipeline.matching.fingerprint import EntityPrint
from pipeline.records.entity_types import TYPES

_PACK = Struct(f"={WORD_COUNT}I{len(BYTES)}B").pack

MAX_ROWS = 15
"""Rows of a sketch; a case with more entities has none, and is compared with all that it meets."""

UNSKETCHED = tuple(field for comparison in CATALOGUE if not comparison.sketched for field in comparison.fields)
"""Fields that bound nothing: a case with a value in one has no sketch."""


def make_sketch(entities: tuple[EntityPrint, ...], *, hit_only: bool = False) -> bytes:
    """Its words; b"" where they can't bound a score. `hit_only` is whether others may know of the case alone (H2)."""
    if not 0 < len(entities) <= MAX_ROWS:
        return b""
    if any(getattr(entity, field) for entity in entities for field in UNSKETCHED):
        return b""
    rows: list[bytes] = []
    words: list[int] = []
    for entity in entities:
        names = encoding.encode(entity.names)
        rows.append(_make_row(entity, names, ROW_WORDS * len(entities) + len(words)))
        words += names.words
    first = len(entities) | (HIDDEN if hit_only else 0)
    return b"".join([array("I", [first]).tobytes(), *rows, array("I", words).tobytes()])


@lru_cache(maxsize=len(TYPES))
def without_room(entity_type: str) -> tuple[Comparison, ...]:
    """A type's comparisons of which a row only tells whether there is a value: bit k of `others` for the k-th."""
    return tuple(
        comparison
        for comparison in of_type(entity_type)
        if comparison.sketched and entity_type not in comparison.bounded
    )


def _make_row(entity: EntityPrint, names: encoding.NameWords, start: int) -> bytes:
    """Parts in the order of WORDS and BYTES; the words of names begin `start` words behind the first row."""
    numbered, areas, city, *place = address_rows.encode(entity)
    values = (
        *number_rows.encode_phones(entity),
        *number_rows.encode_numbers(entity),
        *birth_date_rows.encode(entity),
        *birth_place_rows.encode(entity),
    )
    kinds = (
        TYPES.index(entity.type),
        _others(entity),
        person_rows.encode_gender(entity),
        person_rows.encode_nationalities(entity),
    )
    placed = names_part(start, names.places)
    held = number_rows.encode_kinds(entity)
    heard = other_names.encode(entity)
    return _PACK(
        *values,
        numbered,
        areas,
        city,
        *heard,
        names.initials,
        placed,
        *kinds,
        names.distinct,
        names.entries,
        *place,
        held,
    )


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


class Sketches(NamedTuple):
    """The sketches of cases: all their words, and for each case where its first row begins and how many rows it has.

    `hidden` are the cases that are hit-only.
    """

    words: WordArray
    starts: Index
    counts: Index
    hidden: Flags

    def take_cases(self, cases: NDArray[np.intp] | NDArray[np.int64]) -> Sketches:
        """The sketches of some of the cases, by index; a case may be taken several times."""
        return Sketches(self.words, self.starts[cases], self.counts[cases], self.hidden[cases])


def find_rows(words: WordArray, starts: Index, sizes: Index) -> Sketches:
    """The sketches that begin at the words `starts` and have `sizes` words; a size of 0 means no sketch."""
    counts = np.zeros(len(starts), np.int64)
    held = np.flatnonzero(sizes)
    first = words[starts[held]]
    counts[held] = first & np.uint32(HIDDEN - 1)
    hidden = np.zeros(len(starts), np.bool_)
    hidden[held] = first >= HIDDEN
    return Sketches(words, starts + 1, counts, hidden)


def join_sketches(sketches: list[bytes]) -> Sketches:
    """Put sketches, as bytes, one after the other."""
    sizes = np.array([len(sketch) // WORD_BYTES for sketch in sketches], np.int64)
    words = np.frombuffer(b"".join([*sketches, bytes(WORD_BYTES * ROW_WORDS)]), np.uint32)
    return find_rows(words, np.cumsum(sizes) - sizes, sizes)
