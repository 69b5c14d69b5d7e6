"""Rows of sketches: what lies where in them, and many of them gathered column by column."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

BitsOfRows = NDArray[np.int32]
Flags = NDArray[np.bool_]
Index = NDArray[np.int32]
Words = NDArray[np.uint32]
Bytes = NDArray[np.uint8]

TOKENS = 4
"""Name tokens of which a row has room."""

WORDS = {"letters": 4, "variants": 4, "hashes": 4, "phones": 2, "identifiers": 2, "born": 1, "city": 1}
"""Parts of a row in 32-bit words, in their order, with the number of words: a name's tokens have one each."""

BYTES = (
    "type", "others", "gender", "nations", "first", "names", "longest", "joined", "acronym", "glue",
    "address", "city_length", "postcode", "postcode_end", "house", "numbers",
)  # fmt: skip
"""Parts in bytes, behind the words. `first` marks an entity's first row, `others` tells which comparisons have a value
but no room (sketches.without_room); the other parts are those of the comparisons that encode them."""

WORD_COUNT = sum(WORDS.values())
ROW_WORDS = WORD_COUNT + len(BYTES) // 4
ROW_BYTES = 4 * ROW_WORDS

_FIRST_WORD = dict(zip(WORDS, np.cumsum([0, *WORDS.values()]).tolist(), strict=False))
_AT = {name: at for at, name in enumerate(BYTES)}


class Rows:
    """Some rows of a table of sketches, in the order of their numbers, which may repeat."""

    def __init__(self, table: Words, numbers: Index) -> None:
        self._taken = table.take(numbers, axis=0)
        self._words: Words = np.ascontiguousarray(self._taken[:, :WORD_COUNT].T)

    def __len__(self) -> int:
        return len(self._taken)

    @cached_property
    def _bytes(self) -> Bytes:
        return np.ascontiguousarray(self._taken.view(np.uint8)[:, 4 * WORD_COUNT :].T)

    def words(self, part: str) -> Words:
        """One of WORDS of each row: (words of the part, rows)."""
        first = _FIRST_WORD[part]
        return self._words[first : first + WORDS[part]]

    def byte(self, part: str) -> Bytes:
        """One of BYTES of each row."""
        found: Bytes = self._bytes[_AT[part]]
        return found


def expand_pairs(rows: Index, columns: Index) -> tuple[Index, Index, Index]:
    """Every row with every column of each pair, by row: number of the pair, row and column, all from 0."""
    sizes = rows * columns
    pair = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    within = np.arange(len(pair), dtype=np.int32) - (np.cumsum(sizes, dtype=np.int32) - sizes)[pair]
    width = columns[pair]
    row = within // width
    return pair, row, within - row * width
