"""Words and codes for gender, in the usual languages."""

from __future__ import annotations

from functools import lru_cache

_MALE = """
    m male man masculin masculine homme h männlich maennlich mann masculino hombre varón varon maschio maschile
    uomo mannelijk man mężczyzna mezczyzna mužský muž man mand mies férfi ferfi bărbat barbat masculin мужской муж
    м мужчина чоловіча чоловік ч άνδρας α erkek e ذكر זכר 男 남 남성 1
"""
_FEMALE = """
    f female woman feminin feminine féminin femme w weiblich frau femenino mujer femmina femminile donna feminino
    mulher vrouwelijk vrouw v kobieta k ženský žena kvinna kvinde nainen nő no femeie женский жен ж женщина жіноча
    жінка γυναίκα γ kadın kadin أنثى נקבה 女 여 여성 2
"""
_OTHER = """
    x other diverse divers d non-binary nonbinary intersex autre otro altro inne другой інша 9
"""
UNKNOWN = frozenset({"", "u", "0", "unknown", "unk", "n/a", "not known", "unspecified", "unbekannt", "inconnu", "<"})
"""Says that it is not known, which is an ordinary answer and no doubt."""


_WORDS = {
    word: name for name, words in (("male", _MALE), ("female", _FEMALE), ("other", _OTHER)) for word in words.split()
}


@lru_cache(maxsize=1024)
def gender(text: str) -> str | None:
    """male, female or other; "" where it says that it is not known; None for any other word.

    Digits are those of ISO/IEC 5218 (0 not known, 1 male, 2 female, 9 not applicable).
    """
    word = text.strip().casefold().rstrip(".")
    return "" if word in UNKNOWN else _WORDS.get(word)
