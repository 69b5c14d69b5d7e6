"""Rows of sketches, gathered column by column, and pairs of what they hold."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.screening.sketches import BYTES, SMALL

Bits = NDArray[np.int32]
Flags = NDArray[np.bool_]
Index = NDArray[np.int32]
Words = NDArray[np.uint32]
Small = NDArray[np.uint8]

_AT = {name: at for at, name in enumerate(BYTES)}


class Rows:
    """Some rows of a table of sketches, in the order of their numbers, which may repeat."""

    def __init__(self, table: Words, numbers: Index) -> None:
        self._taken = table.take(numbers, axis=0)
        self.words: Words = np.ascontiguousarray(self._taken[:, :SMALL].T)

    def __len__(self) -> int:
        return len(self._taken)

    @cached_property
    def _small(self) -> Small:
        return np.ascontiguousarray(self._taken.view(np.uint8)[:, 4 * SMALL :].T)

    def small(self, name: str) -> Small:
        """One of sketches.BYTES of each row."""
        found: Small = self._small[_AT[name]]
        return found


def expanded(rows: Index, columns: Index) -> tuple[Index, Index, Index]:
    """Every row with every column of each pair, by row: number of the pair, row and column, all from 0."""
    sizes = rows * columns
    pair = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    within = np.arange(len(pair), dtype=np.int32) - (np.cumsum(sizes, dtype=np.int32) - sizes)[pair]
    width = columns[pair]
    row = within // width
    return pair, row, within - row * width
