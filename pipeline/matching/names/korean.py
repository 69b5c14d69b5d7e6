"""Korean syllables in Latin letters: Kyong and Yong are one letter apart, and two names.

A syllable has several spellings (Revised, McCune-Reischauer, the North's, and what people use: Jeong, Chong, Jung), and
a spelling may stand for several syllables. Two spellings without a syllable in common are of two names.
"""

from __future__ import annotations

from functools import cache
from itertools import product

_INITIALS = {
    "g": ("g", "k"), "kk": ("kk", "gg"), "n": ("n",), "d": ("d", "t"), "r": ("r", "l"), "m": ("m",), "b": ("b", "p"),
    "s": ("s", "sh"), "ss": ("ss",), "": ("",), "j": ("j", "ch"), "ch": ("ch",), "k": ("k",), "t": ("t",), "p": ("p",),
    "h": ("h",),
}  # fmt: skip
_MEDIALS = {
    "a": ("a", "ah"), "ae": ("ae",), "ya": ("ya",), "eo": ("eo", "o", "u"), "yeo": ("yeo", "yo", "yu", "you"),
    "o": ("o", "oh"), "wa": ("wa",), "oe": ("oe",), "yo": ("yo",), "u": ("u", "oo"), "wo": ("wo", "weo"),
    "wi": ("wi",), "yu": ("yu", "yoo"), "eu": ("eu", "u"), "ui": ("ui", "eui"), "i": ("i", "ee"), "e": ("e",),
    "ye": ("ye",),
}  # fmt: skip
_FINALS = {"": ("",), "k": ("k", "g"), "n": ("n",), "l": ("l",), "m": ("m",), "p": ("p", "b"), "ng": ("ng",)}
_OPEN = frozenset(("e", "ye", "oe", "ui", "wi"))
"""Vowels after which names have no final consonant."""
_SOFT = frozenset(("i", "ya", "yeo", "yo", "yu", "ye"))
"""Vowels before which the South drops an r or n at a word's beginning (Ri and I, Ryong and Yong)."""


def are_other_syllables(one: str, other: str) -> bool:
    """Whether two Latin spellings are of Korean syllables and have no syllable in common; symmetric."""
    spelled = _spellings()
    a, b = spelled.get(one), spelled.get(other)
    return a is not None and b is not None and a.isdisjoint(b)


@cache
def _spellings() -> dict[str, frozenset[str]]:
    """The syllables, in the South's pronunciation, for which each spelling may stand."""
    found: dict[str, set[str]] = {}
    for initial, medial, final in product(_INITIALS, _MEDIALS, _FINALS):
        if final and medial in _OPEN:
            continue
        parts = _INITIALS[initial], _MEDIALS[medial], _FINALS[final]
        for spelling in map("".join, product(*parts)):
            found.setdefault(spelling, set()).add(f"{_southern(initial, medial)}-{medial}-{final}")
    return {spelling: frozenset(syllables) for spelling, syllables in found.items()}


def _southern(initial: str, medial: str) -> str:
    if initial not in ("r", "n"):
        return initial
    return "" if medial in _SOFT else "n"
