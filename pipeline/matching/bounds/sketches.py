"""The sketch of a case, in 32-bit words, from which what it scores with another at most is found by arithmetic.

The number of its rows comes first, and whether the case is hit-only (SketchHead), then a row for each entity, then the
words of each one's names. This holds too little to tell what agrees, but enough to tell what can't. What it holds of a
field its comparison declares (RowParts); WORDS and BYTES follow from that. pipeline.matching.screening.screening reads
it.
"""

from __future__ import annotations

from array import array
from functools import cached_property, lru_cache
from operator import itemgetter
from struct import Struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons.catalogue import CATALOGUE, of_type
from pipeline.matching.comparisons.comparison import Comparison, RowParts
from pipeline.matching.comparisons.name import encoding
from pipeline.matching.encoded import WORD_BYTES, Bytes, Flags, NamesPart, Rows, SketchHead, WordArray
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


ROW_PARTS = (
    RowParts({"type": 0, "others": 0}, lambda entity: (TYPES.index(entity.type), _others(entity))),
    *dict.fromkeys(comparison.row_parts for comparison in CATALOGUE if comparison.row_parts),
)
"""What rows hold, but of names. `others` tells for which comparisons there is a value but no room (without_room)."""

_ALL_PARTS = (*ROW_PARTS, RowParts(encoding.PARTS, lambda _: ()))
_SIZES = {part: words for held in _ALL_PARTS for part, words in held.parts.items()}

WORDS = {part: words for part, words in _SIZES.items() if words}
"""Parts of a row in 32-bit words, in order, with the number of words of each."""

BYTES = tuple(part for part, words in _SIZES.items() if not words)
"""Parts in bytes, behind the words."""

WORD_COUNT = sum(WORDS.values())
ROW_WORDS = WORD_COUNT - -len(BYTES) // WORD_BYTES

_FIRST_WORD = dict(zip(WORDS, np.cumsum([0, *WORDS.values()]).tolist(), strict=False))
_SLOTS = [slot for held in _ALL_PARTS for slot in held.slots]
_IN_ORDER = itemgetter(*(_SLOTS.index((part, nth)) for part in (*WORDS, *BYTES) for nth in range(WORDS.get(part, 1))))
"""Puts values as they were written into the order in which a row holds them."""

_PACK = Struct(f"={WORD_COUNT}I{len(BYTES)}B{-len(BYTES) % WORD_BYTES}x").pack


def _make_row(entity: EntityPrint, names: encoding.NameWords, start: int) -> bytes:
    """The words of names begin `start` words behind the first row."""
    values = [value for held in ROW_PARTS for value in held.encode(entity)]
    placed = NamesPart.places.put(names.places) | NamesPart.start.put(start)
    values += names.initials, placed, names.distinct, names.entries
    return _PACK(*_IN_ORDER(values))


class SketchRows(Rows):
    """Rows of a table of sketches; `numbers` gives for each its index within the sketch that begins at `starts`."""

    def __init__(self, table: WordArray, starts: Index, numbers: Index) -> None:
        self.table, self.starts = table, starts
        at = starts + ROW_WORDS * numbers
        self._taken: WordArray = np.lib.stride_tricks.sliding_window_view(table, ROW_WORDS)[at]
        self._words: WordArray = np.ascontiguousarray(self._taken[:, :WORD_COUNT].T)

    def __len__(self) -> int:
        return len(self._taken)

    @cached_property
    def _bytes(self) -> Bytes:
        return np.ascontiguousarray(self._taken.view(np.uint8)[:, WORD_BYTES * WORD_COUNT :].T)

    def words(self, part: str) -> WordArray:
        """One of WORDS."""
        first = _FIRST_WORD[part]
        return self._words[first : first + WORDS[part]]

    def byte(self, part: str) -> Bytes:
        """One of BYTES."""
        found: Bytes = self._bytes[BYTES.index(part)]
        return found


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

    def take_rows(self, cases: Index, numbers: Index) -> SketchRows:
        """A row of each of some cases, by index, and by its index within the sketch."""
        return SketchRows(self.words, self.starts[cases], numbers)


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
