"""The sketch of a case, in 32-bit words, from which what it scores with another at most is found by arithmetic.

The number of its rows comes first, and whether the case is hit-only (SketchHead), then a row for each entity, then the
words of each one's names. This holds too little to tell what agrees, but enough to tell what can't. What it holds of a
field is said beside the field's comparison (`encode`); encoded.WORDS and encoded.BYTES say where it lies.
pipeline.matching.screening.screening reads it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from functools import lru_cache
from operator import itemgetter
from struct import Struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons import other_names
from pipeline.matching.comparisons.address import encode_addresses
from pipeline.matching.comparisons.birth_date import encode_birth_dates
from pipeline.matching.comparisons.birth_place import encode_birth_place
from pipeline.matching.comparisons.catalogue import CATALOGUE, of_type
from pipeline.matching.comparisons.comparison import Comparison
from pipeline.matching.comparisons.name import encoding
from pipeline.matching.comparisons.number_ends import encode_kinds, encode_numbers
from pipeline.matching.comparisons.persons import encode_gender, encode_nationalities
from pipeline.matching.comparisons.phone import encode_phones
from pipeline.matching.encoded import (
    BYTES,
    ROW_WORDS,
    WORD_BYTES,
    WORD_COUNT,
    WORDS,
    Flags,
    NamesPart,
    SketchHead,
    WordArray,
)
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.ragged import Index
from pipeline.records.entity_types import TYPES

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
    first = SketchHead.rows.put(len(entities)) | SketchHead.hidden.put(hit_only)
    return b"".join([array("I", [first]).tobytes(), *rows, array("I", words).tobytes()])


@lru_cache(maxsize=len(TYPES))
def without_room(entity_type: str) -> tuple[Comparison, ...]:
    """A type's comparisons of which a row only tells whether there is a value: bit k of `others` for the k-th."""
    return tuple(
        comparison
        for comparison in of_type(entity_type)
        if comparison.sketched and entity_type not in comparison.bounded
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


def _encode_kinds(entity: EntityPrint) -> tuple[int, ...]:
    kinds = TYPES.index(entity.type), _others(entity), encode_kinds(entity)
    return *kinds, encode_gender(entity), encode_nationalities(entity)


_WRITERS: tuple[tuple[Callable[[EntityPrint], tuple[int, ...]], tuple[str, ...]], ...] = (
    (encode_phones, ("phones",)),
    (encode_numbers, ("identifiers",)),
    (encode_birth_dates, ("born",)),
    (encode_birth_place, ("birth_place",)),
    (
        encode_addresses,
        ("door_numbers", "areas", "city", "address", "city_length", "postcode", "postcode_end", "house"),
    ),
    (other_names.encode, ("heard",)),
    (_encode_kinds, ("type", "others", "numbers", "gender", "nations")),
)
"""What writes which parts of a row."""

_OF_NAMES = ("initials", "names", "name_words", "name_entries")
"""The parts that _make_row writes behind those of _WRITERS."""


def _slots(parts: Iterable[str]) -> list[tuple[str, int]]:
    return [(part, nth) for part in parts for nth in range(WORDS.get(part, 1))]


_WRITTEN = _slots([*(part for _, parts in _WRITERS for part in parts), *_OF_NAMES])
_IN_ORDER = itemgetter(*[_WRITTEN.index(slot) for slot in _slots([*WORDS, *BYTES])])
"""Puts values as they were written into the order in which a row holds them."""

_PACK = Struct(f"={WORD_COUNT}I{len(BYTES)}B").pack


def _make_row(entity: EntityPrint, names: encoding.NameWords, start: int) -> bytes:
    """The words of names begin `start` words behind the first row."""
    values = [value for encode, _ in _WRITERS for value in encode(entity)]
    placed = NamesPart.places.put(names.places) | NamesPart.start.put(start)
    values += names.initials, placed, names.distinct, names.entries
    return _PACK(*_IN_ORDER(values))


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
    counts[held] = SketchHead.rows.take(first)
    hidden = np.zeros(len(starts), np.bool_)
    hidden[held] = SketchHead.hidden.lies_in(first)
    return Sketches(words, starts + 1, counts, hidden)


def join_sketches(sketches: list[bytes]) -> Sketches:
    """Put sketches, as bytes, one after the other."""
    sizes = np.array([len(sketch) // WORD_BYTES for sketch in sketches], np.int64)
    words = np.frombuffer(b"".join([*sketches, bytes(WORD_BYTES * ROW_WORDS)]), np.uint32)
    return find_rows(words, np.cumsum(sizes) - sizes, sizes)
