"""What sketches hold: the bit fields of their words, and many rows read at once (bounds.sketches).

In place of values a sketch holds hashes, and sets of letters.

A layout declares each field once, with its width. What packs a word (`put`), what reads it (`take`, `lies_in`), and the
largest value that it has room for (`most`) follow from that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property, lru_cache
from string import ascii_lowercase
from typing import ClassVar
from zlib import crc32

import numpy as np
from anyascii import anyascii
from numpy.typing import NDArray

from pipeline.matching.ragged import Index

BitsOfRows = NDArray[np.int32]
Flags = NDArray[np.bool_]
WordArray = NDArray[np.uint32]
Bytes = NDArray[np.uint8]

WORD_BYTES = 4


class Field:
    """A field of a 32-bit word: `width` bits from bit `first` on, which hold 0 to `most`.

    `bits` has all of them set.
    """

    __slots__ = ("_is_last", "_shift", "bits", "first", "most", "name", "width")

    def __init__(self, width: int = 1) -> None:
        self.name, self.first, self.width, self.most = "", 0, width, (1 << width) - 1

    def place(self, name: str, first: int) -> None:
        """Say where it lies; called once, by its layout."""
        self.name, self.first = name, first
        self._shift, self.bits = np.uint32(first), np.uint32(self.most << first)
        self._is_last = first + self.width == 8 * WORD_BYTES

    def put(self, value: int) -> int:
        """A word that has this value here, and else nothing. Raises ValueError where there is no room for it."""
        if value >> self.width:
            raise ValueError(f"{value} has no room in the {self.width} bits of {self.name}")
        return value << self.first

    def keep(self, value: int) -> int:
        """A word that has the lowest bits of a value here, as many as there is room for, and else nothing."""
        return (value & self.most) << self.first

    def read(self, word: int) -> int:
        """The value of one word."""
        return word >> self.first & self.most

    def take(self, words: WordArray) -> WordArray:
        """The value of each word."""
        if not self.first:
            return words & self.bits
        return (words if self._is_last else words & self.bits) >> self._shift

    def lies_in(self, words: WordArray) -> Flags:
        """Whether each word has any of these bits."""
        found: Flags = words & self.bits != 0
        return found


class Layout:
    """The fields of a word, from its lowest bit; a subclass declares them in order."""

    fields: ClassVar[tuple[Field, ...]]

    def __init_subclass__(cls) -> None:
        named = [(name, value) for name, value in vars(cls).items() if isinstance(value, Field)]
        taken = sum(field.width for _, field in named)
        if taken > 8 * WORD_BYTES:
            raise TypeError(f"{cls.__name__} takes {taken} bits of a word")
        first = 0
        for name, field in named:
            field.place(name, first)
            first += field.width
        cls.fields = tuple(field for _, field in named)


class SketchHead(Layout):
    """The first word of a sketch: the number of its rows, and whether the case is hit-only."""

    rows = Field(8)
    hidden = Field()


class NamesPart(Layout):
    """How many positions words have in an entity's names, and where the words of these begin in the sketch."""

    places = Field(12)
    start = Field(20)


class Rows(ABC):
    """Some rows of sketches, in any order; a row may occur several times.

    `table` holds the words of all sketches, `starts` for each row the word at which its sketch begins. Parts are named
    as the comparisons do that declare them (comparisons.comparison.RowParts).
    """

    table: WordArray
    starts: Index

    @abstractmethod
    def __len__(self) -> int:
        """How many there are."""

    @abstractmethod
    def words(self, part: str) -> WordArray:
        """A part in words: shape (words of the part, rows)."""

    @abstractmethod
    def byte(self, part: str) -> Bytes:
        """A part of one byte: shape (rows,)."""

    def take(self, some: Index) -> Rows:
        """Some of the rows, by index; parts are copied when they are read."""
        return _SomeRows(self, some)

    @cached_property
    def name_starts(self) -> Index:
        """The word of the table at which the words of each row's names begin."""
        return np.asarray(self.starts + NamesPart.start.take(self.words("names")[0]), np.int64)

    @cached_property
    def name_places(self) -> Index:
        """The number of positions of words in each row's names."""
        return np.asarray(NamesPart.places.take(self.words("names")[0]), np.int64)


class _SomeRows(Rows):
    def __init__(self, rows: Rows, some: Index) -> None:
        self.table, self.starts = rows.table, rows.starts[some]
        self._rows, self._some = rows, some

    def __len__(self) -> int:
        return len(self._some)

    def words(self, part: str) -> WordArray:
        return self._rows.words(part)[:, self._some]

    def byte(self, part: str) -> Bytes:
        return self._rows.byte(part)[self._some]


def hash_text(text: str, size: int) -> int:
    """0 to `size` - 1, the same on every machine."""
    return crc32(text.encode()) % size


def letter_set(text: str) -> int:
    """The set of the letters a to z of a text, as bits."""
    return sum(map(_BITS.__getitem__, _LETTERS.intersection(text)))


_BITS = {letter: 1 << at for at, letter in enumerate(ascii_lowercase)}
_LETTERS = frozenset(_BITS)


def in_ascii(text: str) -> str:
    """The text in Latin letters without accents."""
    return text if text.isascii() else _put_in_ascii(text)


@lru_cache(maxsize=1 << 14)
def _put_in_ascii(text: str) -> str:
    return anyascii(text).casefold()
