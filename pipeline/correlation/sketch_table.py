"""The sketches of the cases of one store, in memory side by side, so that thousands of candidates are screened at once.

What changed since the last commit is known by pages, which the store on disk writes and reads back.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.screening.rows import ROW_BYTES
from pipeline.matching.screening.screening import Sketches
from pipeline.matching.screening.sketches import MAX_ROWS

PAGE_BYTES = 4 * 4096 - 16
"""Four of LMDB's pages, less its header."""
ROWS_A_PAGE = PAGE_BYTES // ROW_BYTES
SPAN_BYTES = 4
SPANS_A_PAGE = PAGE_BYTES // SPAN_BYTES

COUNT_BITS = MAX_ROWS.bit_length()
"""A span: the first row, and in the low bits how many there are."""

FIRST_CAPACITY = 64
GROWTH = 8
"""A full buffer grows by this part of it: room that is not used takes memory all the same."""


class PagedBuffer:
    """A growing buffer of items of one size, with the pages that changed."""

    def __init__(self, item_bytes: int, a_page: int) -> None:
        self.count = 0
        self.changed: set[int] = set()
        self._item_bytes, self._a_page = item_bytes, a_page
        self._buffer = bytearray(FIRST_CAPACITY * item_bytes)

    @property
    def items(self) -> NDArray[np.uint32]:
        """All items, and room for more, as words; valid until the next `put`."""
        return np.frombuffer(self._buffer, np.uint32).reshape(-1, self._item_bytes // 4)

    def get_item(self, at: int) -> bytes:
        """One item; nothing, where there is none."""
        return bytes(self._buffer[at * self._item_bytes : (at + 1) * self._item_bytes]) if at < self.count else b""

    def put_items(self, at: int, items: bytes | memoryview) -> None:
        """Set the items from `at` on, which is at most their count."""
        start, end = at * self._item_bytes, at * self._item_bytes + len(items)
        if end > len(self._buffer):
            room = len(self._buffer) // self._item_bytes
            grown = bytearray(max(end, (room + room // GROWTH) * self._item_bytes))
            grown[: len(self._buffer)] = self._buffer
            self._buffer = grown
        self._buffer[start:end] = items
        last = end // self._item_bytes
        self.count = max(self.count, last)
        self.changed.update(range(at // self._a_page, (last - 1) // self._a_page + 1))

    def changed_pages(self) -> Iterator[tuple[int, bytes]]:
        """The pages that changed, by number."""
        for page in sorted(self.changed):
            start = page * self._a_page
            end = min(start + self._a_page, self.count)
            yield page, bytes(self._buffer[start * self._item_bytes : end * self._item_bytes])

    def load_pages(self, pages: Iterable[memoryview]) -> None:
        """Take over all pages of what was written, in order."""
        if written := bytearray().join(pages):
            self._buffer, self.count = written, len(written) // self._item_bytes


class SketchTable:
    """Sketches by the sequence of their case: 0, 1, 2..., as cases come."""

    def __init__(self) -> None:
        self.rows, self.spans = PagedBuffer(ROW_BYTES, ROWS_A_PAGE), PagedBuffer(SPAN_BYTES, SPANS_A_PAGE)

    def put_sketch(self, sequence: int, sketch: bytes) -> None:
        """Set a case's sketch, in the place of the one before where it fits."""
        start, count = self._sketch_span(sequence)
        rows = len(sketch) // ROW_BYTES
        if rows > count:
            start = self.rows.count
        if rows:
            self.rows.put_items(start, sketch)
        if sequence > self.spans.count:
            self.spans.put_items(self.spans.count, bytes(SPAN_BYTES * (sequence - self.spans.count)))
        self.spans.put_items(sequence, (start << COUNT_BITS | rows).to_bytes(SPAN_BYTES, sys.byteorder))

    def mark_written(self) -> None:
        """What changed has been written."""
        self.rows.changed.clear()
        self.spans.changed.clear()

    def _sketch_span(self, sequence: int) -> tuple[int, int]:
        span = int.from_bytes(self.spans.get_item(sequence), sys.byteorder)
        return span >> COUNT_BITS, span & ((1 << COUNT_BITS) - 1)

    def get_sketches(self, sequences: NDArray[np.uint32]) -> Sketches:
        """The sketches of some cases, in their order; valid until the next `put`."""
        spans = self.spans.items[:, 0].take(sequences)
        counts = (spans & np.uint32((1 << COUNT_BITS) - 1)).astype(np.int32)
        return Sketches(self.rows.items, (spans >> np.uint32(COUNT_BITS)).astype(np.int32), counts)
