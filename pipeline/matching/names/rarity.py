"""How rare a name token is, in hundredths of a bit: log2(1 / frequency), from constants of the package."""

from __future__ import annotations

import lzma
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files

import msgspec

from pipeline.records.name_words import PATRONYMIC_ENDINGS

CEILING = 1600
"""No token is taken for rarer than one in 65,536: the sources do not tell apart what is rarer."""
FLOOR = 200
"""No token is taken for commoner than one in four. The commonest that ships, Maria, is one in 63; the floor keeps a
mistaken share in a source from making a name worthless."""
_FATHER_ENDINGS = ("", "y", "i", "iy", "ey", "a")
"""What a father's name has behind the letters that his child's patronymic keeps of it: Sergeevich, Yurevich, Ilyich."""


def length_limit(folded: str) -> int:
    """Short tokens cannot be rare: a letter of a name holds about 2.6 bits (bigram entropy of the Wikidata labels)."""
    return 100 + 260 * len(folded)


def rarity_of(folded: str) -> int:
    """The rarity of a folded Latin token in hundredths of a bit; 0 if it has no letters."""
    if not folded:
        return 0
    known = known_rarities().get(folded)
    return min(CEILING, length_limit(folded)) if known is None else known


@lru_cache(maxsize=1 << 14)
def personal_rarity(folded: str) -> int:
    """The rarity of a folded Latin word of a person's name.

    One that may be a patronymic is no rarer than the father's name, if that is known: many a rare word is as common as
    Vladimir.
    """
    for ending in PATRONYMIC_ENDINGS if folded.endswith(PATRONYMIC_ENDINGS) else ():
        stem = folded.removesuffix(ending)
        if len(folded) > len(stem) > 1:
            known = [known_rarities().get(stem + rest) for rest in _FATHER_ENDINGS]
            if found := [rarity for rarity in known if rarity is not None]:
                return min(*found, rarity_of(folded))
    return rarity_of(folded)


@cache
def known_rarities() -> Mapping[str, int]:
    """The folded Latin tokens whose rarity is known, in hundredths of a bit."""
    packed = files("pipeline.matching.names").joinpath("data/rarity.json.xz").read_bytes()
    return msgspec.json.decode(lzma.decompress(packed), type=dict[str, int])
