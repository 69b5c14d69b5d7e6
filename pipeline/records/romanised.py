"""Spellings of Cyrillic words in Latin letters, as records write them: "gosudarstvennoye", "gosudarstvennoe".

Five systems, after their tables: BGN/PCGN 1947 with and without "ye", ICAO Doc 9303 (passports), ISO 9 without accents,
and Ukrainian. A word is spelt by one of them throughout.
"""

from __future__ import annotations

from functools import lru_cache

_BASE = dict(zip("абвгдезийклмнопрстуфцхыэіґўѓќљњћђџјѕѐѝ", "abvgdeziyklmnoprstufchyeigugklncddjdei", strict=True))
_COMMON = _BASE | {"ь": "", "ъ": "", "ё": "e", "є": "ye", "ї": "yi"}
_ENGLISH = _COMMON | {"ж": "zh", "ц": "ts", "х": "kh", "ч": "ch", "ш": "sh", "щ": "shch"}
_SYSTEMS = (
    _ENGLISH | {"ю": "yu", "я": "ya"},
    _ENGLISH | {"ю": "iu", "я": "ia", "й": "i", "є": "ie", "ї": "i"},
    _COMMON | {"ж": "z", "ц": "c", "х": "h", "ч": "c", "ш": "s", "щ": "sc", "ю": "ju", "я": "ja", "й": "j", "є": "je"},
    _ENGLISH | {"ю": "yu", "я": "ya", "г": "h", "и": "y"},
)
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
    return _spell(word, _SYSTEMS[0])


def _spell_once(spelt: str) -> str:
    for pair in _DOUBLED:
        spelt = spelt.replace(pair, pair[0])
    return spelt
