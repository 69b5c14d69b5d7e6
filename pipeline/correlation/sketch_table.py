"""The sketches of the cases of one store, in memory side by side, so that thousands of candidates are screened at once.

What changed since the last commit is known by pages, which the store on disk writes and reads back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.screening import Sketches
from pipeline.matching.sketches import MAX_ROWS, ROW_BYTES, WORDS

PAGE_BYTES = 4 * 4096 - 16
"""Four of LMDB's pages, less its header."""
ROWS_A_PAGE = PAGE_BYTES // ROW_BYTES
SPANS_A_PAGE = PAGE_BYTES // 4

COUNT_BITS = MAX_ROWS.bit_length()
"""A span: the first row, and in the low bits how many there are."""

FIRST_CAPACITY = 64


class Column:
    """A growing array of one item a row, with the pages that changed."""

    def __init__(self, width: int, a_page: int) -> None:
        self.items: NDArray[np.uint32] = np.zeros((FIRST_CAPACITY, width), np.uint32)
        self.count = 0
        self.changed: set[int] = set()
        self._a_page = a_page

    def put(self, at: int, items: NDArray[np.uint32]) -> None:
        """Set the items from `at` on, which is at most their count."""
        end = at + len(items)
        if end > len(self.items):
            grown = np.zeros((max(end, 2 * len(self.items)), self.items.shape[1]), np.uint32)
            grown[: self.count] = self.items[: self.count]
            self.items = grown
        self.items[at:end] = items
        self.count = max(self.count, end)
        self.changed.update(range(at // self._a_page, (end - 1) // self._a_page + 1))

    def pages(self) -> Iterator[tuple[int, bytes]]:
        """The pages that changed, by number."""
        for page in sorted(self.changed):
            start = page * self._a_page
            yield page, self.items[start : min(start + self._a_page, self.count)].tobytes()

    def load(self, pages: Iterable[memoryview]) -> None:
        """Take over all pages of what was written, in order."""
        for page in pages:
            self.put(self.count, np.frombuffer(page, np.uint32).reshape(-1, self.items.shape[1]))
        self.changed.clear()


class SketchTable:
    """Sketches by the sequence of their case: 0, 1, 2..., as cases come."""

    def __init__(self) -> None:
        self.rows, self.spans = Column(WORDS, ROWS_A_PAGE), Column(1, SPANS_A_PAGE)

    def put(self, sequence: int, sketch: bytes) -> None:
        """Set a case's sketch, in the place of the one before where it fits."""
        rows = np.frombuffer(sketch, np.uint32).reshape(-1, WORDS)
        start, count = self._span(sequence)
        if len(rows) > count:
            start = self.rows.count
        if len(rows):
            self.rows.put(start, rows)
        while self.spans.count < sequence:
            self.spans.put(self.spans.count, np.zeros((1, 1), np.uint32))
        self.spans.put(sequence, np.array([[start << COUNT_BITS | len(rows)]], np.uint32))

    def committed(self) -> None:
        """What changed has been written."""
        self.rows.changed.clear()
        self.spans.changed.clear()

    def _span(self, sequence: int) -> tuple[int, int]:
        span = int(self.spans.items[sequence, 0]) if sequence < self.spans.count else 0
        return span >> COUNT_BITS, span & ((1 << COUNT_BITS) - 1)

    def of(self, sequences: NDArray[np.uint32]) -> Sketches:
        """The sketches of some cases, in their order."""
        spans = self.spans.items[:, 0].take(sequences)
        counts = (spans & np.uint32((1 << COUNT_BITS) - 1)).astype(np.int32)
        return Sketches(self.rows.items, (spans >> np.uint32(COUNT_BITS)).astype(np.int32), counts)
