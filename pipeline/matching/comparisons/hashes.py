"""What rows of sketches hold in place of values: hashes, and sets of letters."""

from __future__ import annotations

from functools import lru_cache
from string import ascii_lowercase
from zlib import crc32

from anyascii import anyascii


def hash_text(text: str, size: int) -> int:
    """0 to `size` - 1, the same on every machine."""
    return crc32(text.encode()) % size


def letter_set(text: str) -> int:
    """The set of the letters a to z of a text, as bits."""
    found = 0
    for letter in set(text):
        found |= _BITS.get(letter, 0)
    return found


_BITS = {letter: 1 << at for at, letter in enumerate(ascii_lowercase)}


@lru_cache(maxsize=1 << 14)
def in_ascii(text: str) -> str:
    """The text in Latin letters without accents."""
    return text if text.isascii() else anyascii(text).casefold()
