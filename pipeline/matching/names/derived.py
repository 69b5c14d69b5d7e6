"""Names that are another name with an ending: Romanov and Romanovich are no spellings of Roman, nor Jansen of Jan."""

from __future__ import annotations

from functools import lru_cache

from pipeline.matching.names.sounds import sound_of

_ENDINGS = """
ov ova ev eva ovich ovna evich evna ovych ivna ich ichna off eff in ina yn yna enko sky skaya skiy ski
yan ian shvili dze oglu ogly kyzy zade zadeh zada zai zay khel son sen ez
"""
"""Endings of family names and patronymics: Slavic, Armenian, Georgian, Turkic, Afghan, Scandinavian, Spanish."""

_LEAST_STEM = 3
"""Sounds of a stem, less the vowels behind it. A choice: shorter stems begin too many names that are not made of
them."""
_VOWELS = "aiu"


@lru_cache(maxsize=1)
def _sounds_of_endings() -> frozenset[str]:
    return frozenset(sound_of(ending) for ending in _ENDINGS.split())


def is_derived(one: str, other: str) -> bool:
    """Whether one of two sounds (sounds.sound_of) is the other with an ending; symmetric."""
    stem, derived = (one, other) if len(one) < len(other) else (other, one)
    bare = stem.rstrip(_VOWELS)
    if len(stem) == len(derived) or len(bare) < _LEAST_STEM or not derived.startswith(bare):
        return False
    base = stem if derived.startswith(stem) else bare
    return derived[len(base) :] in _sounds_of_endings()
