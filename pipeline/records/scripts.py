"""Scripts of characters and words, look-alike letters that hide one script in another, and spellings in Latin letters.

Cyrillic words are spelt in Latin letters as records write them ("gosudarstvennoye", "gosudarstvennoe"), by five
systems after their tables: BGN/PCGN 1947 with and without "ye", ICAO Doc 9303 (passports), ISO 9 without accents, and
Ukrainian. A word is spelt by one of them throughout.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections import Counter
from functools import cache, lru_cache

import msgspec

from pipeline.records.vendored import read_table

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


class _Scripts(msgspec.Struct):
    """The first code point of each run of characters of one script, and that script; "" for what has none."""

    starts: list[int]
    names: list[str]


@lru_cache(maxsize=8192)
def script_of_letter(letter: str) -> str:
    """Unicode script name of one character; "" for digits, marks and punctuation."""
    runs = _scripts()
    return runs.names[bisect_right(runs.starts, ord(letter)) - 1]


@cache
def _scripts() -> _Scripts:
    return read_table("scripts", _Scripts)


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


ICAO_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "i",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "ie", "ы": "y", "ь": "", "э": "e", "ю": "iu",
    "я": "ia",
    "і": "i", "ґ": "g", "ў": "u", "є": "ie", "ї": "i", "ј": "j", "љ": "lj", "њ": "nj", "ђ": "d", "ћ": "c", "џ": "dz",
    "ѓ": "g", "ќ": "k", "ѕ": "dz",
}  # fmt: skip
"""ICAO Doc 9303 part 3, section 6 B, which Russian passports follow; it has the letters of other languages too."""

_ICAO = ICAO_CYRILLIC | {"ъ": ""}  # which words of names are seldom spelt with
_BGN = _ICAO | {"й": "y", "ю": "yu", "я": "ya", "є": "ye", "ї": "yi"}
_ISO = _ICAO | {
    "ж": "z", "й": "j", "х": "h", "ц": "c", "ч": "c", "ш": "s", "щ": "sc", "ю": "ju", "я": "ja", "є": "je", "ї": "yi",
}  # fmt: skip
_SYSTEMS = (_BGN, _ICAO, _ISO, _BGN | {"г": "h", "и": "y"})
_SOFT = frozenset("аеёиоуыэюяьъій")
"""Letters after which, as at the start of a word, BGN/PCGN has ye for е."""
_DOUBLED = ("nn", "ss", "ll", "kk", "mm", "tt")


@lru_cache(maxsize=8192)
def romanise_cyrillic(word: str) -> tuple[str, ...]:
    """The Latin spellings of a case-folded Cyrillic word: one for each system, in their order, so that some are equal.

    In the second half doubled consonants are spelt once, as hasty writers do. Letters of other scripts stay.
    """
    found = [_spell_bgn(word), *(_spell(word, letters) for letters in _SYSTEMS)]
    return (*found, *map(_spell_once, found))


def _spell(word: str, letters: dict[str, str]) -> str:
    return "".join([letters.get(letter, letter) for letter in word])


def _spell_bgn(word: str) -> str:
    for at in range(len(word) - 1, -1, -1):
        if word[at] in "её" and (at == 0 or word[at - 1] in _SOFT):
            word = f"{word[:at]}ye{word[at + 1 :]}"
    return _spell(word, _BGN)


def _spell_once(spelt: str) -> str:
    for pair in _DOUBLED:
        spelt = spelt.replace(pair, pair[0])
    return spelt
