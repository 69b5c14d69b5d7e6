"""Latin spellings reduced to what is heard: one form for the spellings that romanisation systems choose between.

`sound_of` keeps vowels in three classes and folds the spellings of one consonant ("Youssef", "Yusuf" -> "iusaf"...),
`skeleton_of` keeps only consonant classes. Both are ASCII; rules after the usual romanisations of Arabic, Russian,
Chinese, Hebrew and Japanese and the orthographies of Western Europe.
"""

from __future__ import annotations

import re
from functools import lru_cache

_CLUSTERS = {
    "shch": "S", "sjtj": "S", "tsch": "C", "tch": "C", "sch": "S", "sh": "S", "sz": "S", "cz": "C", "ch": "C",
    "tsh": "C", "tj": "C", "dzh": "J", "dj": "J", "dsch": "J", "zh": "J", "kh": "H", "gh": "g", "ph": "f",
    "th": "t", "dh": "d", "bh": "b", "ck": "k", "qu": "kv", "q": "k", "x": "ks", "ts": "z", "tz": "z", "cs": "C",
    "zs": "J", "gn": "n", "gu": "g", "ng": "n", "ce": "sa", "ci": "si", "cy": "si", "c": "k", "w": "v", "ou": "u",
    "oo": "u", "ow": "au", "oe": "a", "ue": "u", "ae": "a", "ee": "i", "ie": "i", "ei": "ai", "ey": "ai",
    "ay": "ai", "ai": "ai", "ij": "i", "iy": "i", "yi": "i", "ii": "i", "yy": "i", "y": "i", "j": "J", "e": "a",
    "o": "u", "h": "h",
}  # fmt: skip
_CLUSTER = re.compile("|".join(sorted(_CLUSTERS, key=len, reverse=True)))
_REPEATED = re.compile(r"(.)\1+")
_SILENT = re.compile(r"h(?![aiu])|(?<=[a-zA-Z])h(?=$)")
_CONSONANTS = str.maketrans("bpfvdtgkHhJCSzsmnlraiu", "bbffddkkkkCCCsSmnlr___".replace("S", "s"))
_VOWEL = re.compile("_+")


@lru_cache(maxsize=32768)
def sound_of(folded: str) -> str:
    """The sounds of an ASCII lower-case spelling, remembered."""
    return hear(folded)


def hear(folded: str) -> str:
    """The same of a spelling that seldom comes again."""
    clusters = _CLUSTER.sub(lambda found: _CLUSTERS[found[0]], folded)
    return _REPEATED.sub(r"\1", _SILENT.sub("", clusters))


@lru_cache(maxsize=32768)
def skeleton_of(folded: str) -> str:
    """Consonant classes of a spelling; a vowel at its start stays as "_"."""
    classes = sound_of(folded).translate(_CONSONANTS)
    return _REPEATED.sub(r"\1", classes[:1] + _VOWEL.sub("", classes[1:]))
