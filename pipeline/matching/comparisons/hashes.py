"""What rows of sketches hold in place of values: hashes, and sets of letters."""

from __future__ import annotations

from functools import lru_cache
from zlib import crc32

from anyascii import anyascii


def hash_text(text: str, size: int) -> int:
    """0 to `size` - 1, the same on every machine."""
    return crc32(text.encode()) % size


def letter_set(text: str) -> int:
    """The set of the letters a to z of a text, as bits."""
    return sum({1 << ord(letter) - ord("a") for letter in text if "a" <= letter <= "z"})


@lru_cache(maxsize=1 << 14)
def in_ascii(text: str) -> str:
    """The text in Latin letters without accents."""
    return text if text.isascii() else anyascii(text).casefold()
