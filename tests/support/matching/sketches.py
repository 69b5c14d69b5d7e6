"""Sketches for stores, which hold them without reading more than their number of rows."""

from __future__ import annotations

from struct import pack

from pipeline.matching.bounds.sketches import ROW_WORDS
from pipeline.matching.encoded import WORD_BYTES


def sketch_of(text: str, rows: int = 1) -> bytes:
    """A sketch of so many rows that say a text; b"" for none."""
    return pack("<I", rows) + text.encode().ljust(WORD_BYTES * ROW_WORDS) * rows if rows else b""
