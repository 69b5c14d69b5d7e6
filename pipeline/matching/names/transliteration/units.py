"""Words cut into the units that a transliteration model aligns: one character a unit."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

_POINTS = re.compile("[\u0591-\u05c7\u064b-\u0652\u0640]")
_PINYIN = re.compile("(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]?)([a-zü]+)")
_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
_FINALS = (
    *("a", "ai", "an", "ang", "ao", "e", "ei", "en", "eng", "er", "i", "ia", "ian", "iang", "iao", "ie", "in", "ing"),
    *("iong", "iu", "o", "ong", "ou", "u", "ua", "uai", "uan", "uang", "ue", "ui", "un", "uo", "ü", "üe", "ve", "v"),
)
_PRIVATE = 0xE000
"""Pinyin parts are written as private-use characters, initials first: a unit is one character in every corridor."""
_PINYIN_UNITS = {part: chr(_PRIVATE + at) for at, part in enumerate((*(f"{x}-" for x in _INITIALS), *_FINALS))}
UNKNOWN = "?"
MAX_LENGTH = 24
"""Longer words are not aligned: names are shorter, and the cost grows with the square."""


@lru_cache(maxsize=65536)
def source_units(corridor: str, word: str) -> str:
    """Units of a word in a corridor's own script: jamo, initials and finals of pinyin, or letters without points."""
    if corridor == "chinese":
        return "".join(_pinyin_units(character) for character in word)
    if corridor == "korean":
        return unicodedata.normalize("NFD", word)
    if corridor == "japanese":
        return "".join(chr(ord(char) + 96) if "ぁ" <= char <= "ゖ" else char for char in word)
    return _POINTS.sub("", word.casefold().replace("ё", "е"))


@lru_cache(maxsize=16384)
def _pinyin_units(character: str) -> str:
    from pypinyin import lazy_pinyin

    parts = _PINYIN.fullmatch(lazy_pinyin(character)[0].lower())
    if not parts:
        return UNKNOWN
    initial, final = parts.groups()
    return (_PINYIN_UNITS[f"{initial}-"] if initial else "") + _PINYIN_UNITS.get(final, UNKNOWN)


@lru_cache(maxsize=131072)
def latin_letters(word: str) -> str:
    """Letters a to z of a Latin word: folded, without marks, apostrophes and hyphens."""
    if word.isascii() and word.isalpha() and word.islower():
        return word
    return "".join(char for char in anyascii(word.casefold()).lower() if "a" <= char <= "z")
