"""The sketches of one store's cases side by side in memory, so that thousands of candidates are screened at once.

The table keeps track of the pages that changed since the last commit; the store on disk writes and reads pages.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.bounds.sketches import Sketches, find_rows
from pipeline.matching.encoded import WORD_BYTES

PAGE_BYTES = 4 * 4096 - 16
"""Four of LMDB's pages, less its header."""
WORDS_A_PAGE = PAGE_BYTES // WORD_BYTES
SPAN_BYTES = 8
"""Of the number that says where a sketch is, and of how many words (SIZE_BITS)."""
SPANS_A_PAGE = PAGE_BYTES // SPAN_BYTES

SIZE_BITS = 24
"""A span holds the first word of a sketch, and in the low SIZE_BITS bits the number of its words."""

FIRST_CAPACITY = 64
GROWTH = 8
"""A full buffer grows by an eighth: unused room takes memory, too."""


class PagedBuffer:
    """A growing buffer of items of one size that knows which of its pages changed."""

    def __init__(self, item_bytes: int, a_page: int) -> None:
        self.count = 0
        self.changed: set[int] = set()
        self._item_bytes, self._a_page = item_bytes, a_page
        self._buffer = bytearray(FIRST_CAPACITY * item_bytes)

    @property
    def items(self) -> NDArray[np.uint32]:
        """All items and unused room behind them: shape (items, words of each). Valid until the next put_items."""
        return np.frombuffer(self._buffer, np.uint32).reshape(-1, self._item_bytes // 4)

    def get_item(self, at: int) -> bytes:
        """One item; b"" if there is none at this index."""
        return bytes(self._buffer[at * self._item_bytes : (at + 1) * self._item_bytes]) if at < self.count else b""

    def put_items(self, at: int, items: bytes | memoryview) -> None:
        """Set the items from index `at` on; `at` is at most the number of items."""
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
        """The pages that changed, each with its number."""
        for page in sorted(self.changed):
            start = page * self._a_page
            end = min(start + self._a_page, self.count)
            yield page, bytes(self._buffer[start * self._item_bytes : end * self._item_bytes])

    def load_pages(self, pages: Iterable[memoryview]) -> None:
        """Load all pages that were written, in order."""
        if written := bytearray().join(pages):
            self._buffer, self.count = written, len(written) // self._item_bytes


class SketchTable:
    """The sketches of cases, by the sequence in the case number: 0, 1, 2..., as cases come."""

    def __init__(self) -> None:
        self.words, self.spans = PagedBuffer(WORD_BYTES, WORDS_A_PAGE), PagedBuffer(SPAN_BYTES, SPANS_A_PAGE)

    def put_sketch(self, sequence: int, sketch: bytes) -> None:
        """Set a case's sketch; it takes the place of the previous one if it is no longer."""
        start, size = self._sketch_span(sequence)
        words = len(sketch) // WORD_BYTES
        if words > size:
            start = self.words.count
        if words:
            self.words.put_items(start, sketch)
        if sequence > self.spans.count:
            self.spans.put_items(self.spans.count, bytes(SPAN_BYTES * (sequence - self.spans.count)))
        self.spans.put_items(sequence, (start << SIZE_BITS | words).to_bytes(SPAN_BYTES, sys.byteorder))

    def mark_written(self) -> None:
        """Note that all changed pages have been written."""
        self.words.changed.clear()
        self.spans.changed.clear()

    def _sketch_span(self, sequence: int) -> tuple[int, int]:
        span = int.from_bytes(self.spans.get_item(sequence), sys.byteorder)
        return span >> SIZE_BITS, span & ((1 << SIZE_BITS) - 1)

    def get_sketches(self, sequences: NDArray[np.uint32]) -> Sketches:
        """The sketches of some cases, in the order given; valid until the next put_sketch."""
        spans = self.spans.items.view(np.int64)[:, 0].take(sequences)
        return find_rows(self.words.items[:, 0], spans >> SIZE_BITS, spans & ((1 << SIZE_BITS) - 1))
