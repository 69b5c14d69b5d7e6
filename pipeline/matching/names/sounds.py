"""Latin spellings reduced to what is heard: one form for the spellings that romanisation systems choose between.

`sound_of` keeps vowels in three classes and folds the spellings of one consonant ("Youssef", "Yusuf" -> "iusaf"...),
`skeleton_of` keeps only consonant classes, and `romanised_sounds` tells what two systems of romanising Cyrillic may
both have meant ("Promtechnologija", "Promtekhnologiya"). All are ASCII; rules after the usual romanisations of Arabic,
Russian, Chinese, Hebrew and Japanese and the orthographies of Western Europe.
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
    return reduce_to_sounds(folded)


def reduce_to_sounds(folded: str) -> str:
    """The same of a spelling that seldom comes again."""
    sounds = _CLUSTER.sub(lambda found: _CLUSTERS[found[0]], folded).translate(_LETTERS)
    return _REPEATED.sub("", _SILENT.sub("", sounds) if "h" in sounds else sounds)


@lru_cache(maxsize=32768)
def skeleton_of(folded: str) -> str:
    """Consonant classes of a spelling, remembered; a vowel at its start stays as "_"."""
    return _leave_consonants(sound_of(folded))


def reduce_to_skeleton(folded: str) -> str:
    """The same of a spelling that seldom comes again."""
    return _leave_consonants(reduce_to_sounds(folded))


def _leave_consonants(sounds: str) -> str:
    classes = sounds.translate(_CONSONANTS)
    return _REPEATED.sub("", classes[:1] + classes[1:].replace("_", ""))


_ROMANISED = re.compile("[sz]h?ch|[sztpgd]h|kh|ch|h")
"""Clusters with an h of which systems of romanising Cyrillic choose kh, ch and h for one letter (х), and ch for another
(ч); those before it stand for other letters in all of them."""
_ONE_OF_TWO = frozenset({"kh", "ch", "h"})


@lru_cache(maxsize=32768)
def romanised_sounds(folded: str) -> frozenset[str]:
    """The sounds of an ASCII lower-case word if it is romanised Cyrillic."""
    return frozenset([reduce_to_sounds(spelt) for spelt in _spell_romanised(folded)])


def romanised_skeletons(folded: str) -> frozenset[str]:
    """The skeletons of a word and of what it may be if it is romanised Cyrillic."""
    return frozenset([skeleton_of(spelt) for spelt in (folded, *_spell_romanised(folded))])


def _spell_romanised(folded: str) -> tuple[str, ...]:
    """The spellings with kh for ch and h alike, and with j as й, as in German, or as ж."""
    spelt = _ROMANISED.sub(lambda found: "kh" if found[0] in _ONE_OF_TWO else found[0], folded)
    return (spelt.replace("j", "y"), spelt.replace("j", "zh")) if "j" in spelt else (spelt,)


_BLURRED = str.maketrans("J", "i", "CHh")
_BLURRING = re.compile("[JCHh]")


def blur(sound: str) -> str:
    """What the sounds of two words have in common whose sounds, or romanised sounds, are equal."""
    return _REPEATED.sub("", sound.translate(_BLURRED)) if _BLURRING.search(sound) else sound
