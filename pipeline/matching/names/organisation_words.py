"""Words of organisation names: how rare they are, and which mean the same (Int'l and International)."""

from __future__ import annotations

import math
import tomllib
from functools import cache, lru_cache
from importlib.resources import files

from pipeline.matching.names.rarity import CEILING, coined_rarity, length_limit, rarity_of
from pipeline.records.organisation_words import english_of, translations_of
from pipeline.records.scripts import script_of
from pipeline.records.symbols import symbols_of

_SYMBOL_RARITY = 700
"""A word that rigour knows as a domain, a place or a usual part of organisation names: one in a hundred or so."""
_TRANSLATED_RARITY = 900
"""A word that the names of several bodies have in translation, but that rigour does not know: one body in 500 has it,
as one or two of the EU's 639 from which translations are learnt."""
_SURNAME_SURPLUS = 300
"""A personal name is rarer as a company's name than among people: about one company in eight is named for one."""
COINED = 2300
"""The most hundredths of a bit of one word, one in 8 million: agreement on one word alone is never certain."""
_SHORTEST_COINED = 5
"""Letters of a word that can be rarer than any known one. A choice: shorter ones are mostly abbreviations."""
_COINED_SCRIPTS = frozenset({"Latin", "Cyrillic", "Greek"})
"""Scripts whose Latin forms have all their letters, as the model of letters asks."""


def word_rarity(word: str, folded: str) -> int:
    """The rarity of a core word, in hundredths of a bit."""
    known = _frequent().get(folded, _frequent().get(word))
    if known is not None:
        return known
    rarest = rarity_of(folded) + _SURNAME_SURPLUS if len(folded) > 1 else rarity_of(folded)
    if _symbols(word):
        return min(rarest, _SYMBOL_RARITY)
    if senses(word):
        return min(rarest, _TRANSLATED_RARITY)
    if rarest < CEILING or len(folded) < _SHORTEST_COINED or script_of(word) not in _COINED_SCRIPTS:
        return min(rarest, length_limit(folded + "_"), CEILING)
    return max(CEILING, min(coined_rarity(folded), COINED))


def is_frequent(word: str) -> bool:
    """Whether a word is frequent in names of organisations in English."""
    return word in _frequent()


@lru_cache(maxsize=65536)
def meanings(word: str) -> frozenset[str]:
    """The meanings of a usual word, domain or place, which have one name in every spelling and language.

    They are from rigour's table and from pipeline.records.organisation_words.
    """
    return _find_meanings(word, _symbols(word))


def _find_meanings(word: str, found: frozenset[str]) -> frozenset[str]:
    """The meanings of a word of which rigour's are found."""
    english = english_of(word)
    if not english:
        return found
    usual = (meaning for other in english for meaning in _symbols(other) if not meaning.startswith("LOC:"))
    return found.union((f"WORD:{other}" for other in english), usual)


@lru_cache(maxsize=65536)
def senses(word: str) -> frozenset[str]:
    """The meanings of a word, and the English words that translate it: one in common makes two words agree."""
    return _find_senses(word, _symbols(word))


def senses_of_joined(text: str) -> frozenset[str]:
    """The same of words written together, which seldom come again: no cache is filled with them."""
    return _find_senses(text, symbols_of(text))


def _find_senses(word: str, found: frozenset[str]) -> frozenset[str]:
    meant, translated = _find_meanings(word, found), translations_of(word)
    return meant.union([f"TRANSLATED:{english}" for english in translated]) if translated else meant


@lru_cache(maxsize=65536)
def _symbols(word: str) -> frozenset[str]:
    return symbols_of(word)


@cache
def _frequent() -> dict[str, int]:
    text = files("pipeline.matching.names").joinpath("data/organisation_words.toml").read_text("utf-8")
    words = tomllib.loads(text)["frequent"].split()
    return {
        word: round(-100 * math.log2(int(share) / 10_000)) for word, share in zip(words[::2], words[1::2], strict=True)
    }
