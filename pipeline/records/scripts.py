"""Scripts of characters and words, and look-alike letters that hide one script in another."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache

from rigour._core import codepoint_script

_LATIN_TO_CYRILLIC = dict(zip("aeopcyxijshdkmtbnq", "аеорсухіјѕһԁкмтвпԛ", strict=True))
_CYRILLIC_TO_LATIN = dict(zip("аеорсухіјѕһԁкмтвнԛ", "aeopcyxijshdkmtbhq", strict=True))
_GREEK_TO_LATIN = dict(zip("αβεζηικμνορτυχγ", "abezhikmvoptuxy", strict=True))
_LATIN_TO_GREEK = dict(zip("abezhikmnvoptuxy", "αβεζηικμννορτυχγ", strict=True))
_LOOKALIKES = {
    ("Cyrillic", "Latin"): str.maketrans(_CYRILLIC_TO_LATIN),
    ("Latin", "Cyrillic"): str.maketrans(_LATIN_TO_CYRILLIC),
    ("Greek", "Latin"): str.maketrans(_GREEK_TO_LATIN),
    ("Latin", "Greek"): str.maketrans(_LATIN_TO_GREEK),
}
"""Letter pairs that look alike in lower or upper case (Unicode UTS 39 confusables, the letters found in names)."""

MARKS = "".join(chr(code) for code in range(0x300, 0x11A9A) if unicodedata.category(chr(code)) in ("Mn", "Mc"))
"""Vowel signs and other marks that belong to the letter before them: they part no words, though `\\w` lacks them."""

UNPARTED = frozenset(("Han", "Hiragana", "Katakana", "Hangul"))
"""Scripts whose names are written without blanks."""

_ALPHABETS = ("Latin", "Cyrillic", "Greek")
_NEUTRAL = (None, "Common", "Inherited", "Unknown")


@lru_cache(maxsize=8192)
def script_of_letter(letter: str) -> str:
    """Unicode script name of one character; "" for digits, marks and punctuation."""
    script = codepoint_script(ord(letter))
    return "" if script is None or script in _NEUTRAL else script


def script_of(text: str) -> str:
    """The script most letters of `text` belong to ("" if it has none); the first one wins a tie."""
    if text.isascii():
        return "Latin" if text.lower() != text.upper() else ""
    return _script_of_most(text)


@lru_cache(maxsize=16384)
def _script_of_most(text: str) -> str:
    counts = Counter(script for letter in text if (script := script_of_letter(letter)))
    return counts.most_common(1)[0][0] if counts else ""


def has_mixed_alphabets(token: str) -> bool:
    """Whether one token mixes Latin, Cyrillic or Greek letters, which no orthography does."""
    if token.isascii():
        return False
    return len({script for letter in token if (script := script_of_letter(letter)) in _ALPHABETS}) > 1


def unmask(token: str, context: str = "Latin") -> str:
    """Replace look-alike letters by those of one script: the one that all letters can be of, else that of the majority.

    `context` decides between equals.
    """
    counts = Counter(script for letter in token if (script := script_of_letter(letter)) in _ALPHABETS)
    spelled = {target: _spelled_in(token, target, tuple(counts)) for target in counts}
    best = max(counts, key=lambda script: (not has_mixed_alphabets(spelled[script]), counts[script], script == context))
    return spelled[best]


def _spelled_in(token: str, target: str, sources: tuple[str, ...]) -> str:
    for source in sources:
        token = token.translate(_LOOKALIKES.get((source, target), {}))
    return token
