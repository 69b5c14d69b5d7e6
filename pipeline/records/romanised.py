"""Spellings of Cyrillic words in Latin letters, as records write them: "gosudarstvennoye", "gosudarstvennoe".

Five systems, after their tables: BGN/PCGN 1947 with and without "ye", ICAO Doc 9303 (passports), ISO 9 without accents,
and Ukrainian. A word is spelt by one of them throughout.
"""

from __future__ import annotations

from functools import lru_cache

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
