"""Latin spellings reduced to what is heard: one form for the spellings that romanisation systems choose between.

`sound_of` keeps vowels in three classes and folds the spellings of one consonant ("Youssef", "Yusuf" -> "iusaf"...),
`skeleton_of` keeps only consonant classes. Both are ASCII; rules after the usual romanisations of Arabic, Russian,
Chinese, Hebrew and Japanese and the orthographies of Western Europe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from string import ascii_letters, digits

_CLUSTERS = {
    "shch": "S", "sjtj": "S", "tsch": "C", "tch": "C", "sch": "S", "sh": "S", "sz": "S", "cz": "C", "ch": "C",
    "tsh": "C", "tj": "C", "dzh": "J", "dj": "J", "dsch": "J", "zh": "J", "kh": "H", "gh": "g", "ph": "f",
    "th": "t", "dh": "d", "bh": "b", "ck": "k", "qu": "kv", "q": "k", "x": "ks", "ts": "z", "tz": "z", "cs": "C",
    "zs": "J", "gn": "n", "gu": "g", "ng": "n", "ce": "sa", "ci": "si", "cy": "si", "c": "k", "w": "v", "ou": "u",
    "oo": "u", "ow": "au", "oe": "a", "ue": "u", "ae": "a", "ee": "i", "ie": "i", "ei": "ai", "ey": "ai",
    "ay": "ai", "ai": "ai", "ij": "i", "iy": "i", "yi": "i", "ii": "i", "yy": "i", "y": "i", "j": "J", "e": "a",
    "o": "u", "h": "h",
}  # fmt: skip


def _express_clusters(clusters: Iterable[str]) -> str:
    """An expression for any of some clusters, the longest first, by their first letters: two thirds of the time."""
    following: dict[str, list[str]] = {}
    for cluster in sorted(clusters, key=len, reverse=True):
        following.setdefault(cluster[0], []).append(cluster[1:])
    return "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in following.items())


_SINGLE = {cluster: sound for cluster, sound in _CLUSTERS.items() if len(cluster) == len(sound) == 1}
"""Letters that no sound of a longer cluster has, "h" aside, which stays as it is: they can be replaced after these."""
_LETTERS = str.maketrans({letter: letter for letter in ascii_letters + digits} | _SINGLE)
"""With those that stay as they are: each that a table lacks costs a KeyError."""
_CLUSTER = re.compile(_express_clusters(_CLUSTERS.keys() - _SINGLE.keys()))
_REPEATED = re.compile(r"(.)(?=\1)")
_SILENT = re.compile("h(?![aiu])")
_CONSONANTS = str.maketrans("bpfvdtgkHhJCSzsmnlraiu", "bbffddkkkkCCCsSmnlr___".replace("S", "s"))


@lru_cache(maxsize=32768)
def sound_of(folded: str) -> str:
    """The sounds of an ASCII lower-case spelling, remembered."""
    return hear(folded)


def hear(folded: str) -> str:
    """The same of a spelling that seldom comes again."""
    sounds = _CLUSTER.sub(lambda found: _CLUSTERS[found[0]], folded).translate(_LETTERS)
    return _REPEATED.sub("", _SILENT.sub("", sounds) if "h" in sounds else sounds)


@lru_cache(maxsize=32768)
def skeleton_of(folded: str) -> str:
    """Consonant classes of a spelling; a vowel at its start stays as "_"."""
    classes = sound_of(folded).translate(_CONSONANTS)
    return _REPEATED.sub("", classes[:1] + classes[1:].replace("_", ""))
