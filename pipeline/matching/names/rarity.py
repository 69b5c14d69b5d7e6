"""How rare a name token is, in hundredths of a bit: log2(1 / frequency), from constants of the package or its letters.

A coined word (Alrosa, Mostotrest) is borne by one body. No table of frequencies knows that, but its letters tell how
many other words were as likely. LetterModel is an n-gram model of letters, interpolated as by Witten and Bell (1991,
"The zero-frequency problem"), over the likeliest Latin forms of words, so that it serves Latin, Cyrillic and Greek
words. It is learnt from the words of lists of sanctions, each once (tools/model_building/organisation_constants.py).
Words of places are known words: whoever is at home there may bear them.
"""

from __future__ import annotations

import lzma
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property, lru_cache
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


MAX_CONTEXT = 3
"""Letters before a letter that tell it. A choice: with two, words that the data lack cost .25 bits a letter more."""
_LEAST_WORDS = 3
"""Words in which letters follow each other before the model holds that they do. What fewer words have is forgotten, or
the model would remember the very words that it is asked about."""
_SYMBOLS = 37
"""Letters, digits, and the end of a word."""
_START, _END = "^", "$"
_PLACE_ENDING = re.compile(r"(?:ov|ev|in|an)?s[kc](?:[iy]{0,2}[iyj]?|a[iy]?a|aja|o[iyj]?e|oye|ogo|om|o[iyj])$")
"""Endings of Slavic adjectives of places in their usual romanisations: Sverdlovskaya, Permskiy, Kumertauskaya."""
_SHORTEST_PLACE = 4
"""Letters of a word of a place, and of what its ending leaves of one."""


class FollowingLetters(msgspec.Struct, frozen=True, array_like=True):
    """What follows a context: the letters seen with new ones, the new ones alone, and each letter that was kept."""

    seen: int
    new: int
    letters: dict[str, int]


class LetterModel(msgspec.Struct, frozen=True, dict=True):
    """What follows each context of up to MAX_CONTEXT letters, and the words of places, all as Latin forms."""

    following: dict[str, FollowingLetters]
    places: frozenset[str]

    def bits(self, form: str) -> int:
        """log2 of one over the chance of a word of these letters, in hundredths of a bit."""
        spelt = _START + form + _END
        total, bits_of = 0.0, self._bits_of
        for at in range(1, len(spelt)):
            total += bits_of(spelt[max(at - MAX_CONTEXT, 0) : at + 1])
        return round(100 * total)

    @cached_property
    def _bits_of(self) -> Callable[[str], float]:
        """The same of a letter behind its context, remembered: few words have letters that no other word had."""
        return lru_cache(maxsize=1 << 15)(self._find_bits)

    def _find_bits(self, spelt: str) -> float:
        chance, letter = 1 / _SYMBOLS, spelt[-1]
        for at in range(len(spelt) - 1, -1, -1):
            known = self.following.get(spelt[at:-1])
            if known is None:
                break
            chance = (known.letters.get(letter, 0) + known.new * chance) / known.seen
        return -math.log2(chance)

    def is_place(self, form: str) -> bool:
        """Whether a word is of a place's name, or an adjective of it."""
        if form in self.places:
            return True
        stem = _PLACE_ENDING.sub("", form)
        if stem == form or len(stem) < _SHORTEST_PLACE:
            return False
        return any(stem + ending in self.places for ending in ("", "a", "o", "e", "i", "y", "sk", "ka", "ov", "ovsk"))


def learn_letters(words: Iterable[str], places: Iterable[str]) -> LetterModel:
    """The model of some words (Latin forms), each of which counts once, and of the words of some places."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for word in sorted(set(words)):
        spelt = _START + word + _END
        for at in range(1, len(spelt)):
            for length in range(min(MAX_CONTEXT, at) + 1):
                counts[spelt[at - length : at]][spelt[at]] += 1
    following = {}
    for context, letters in sorted(counts.items()):
        kept = {letter: count for letter, count in sorted(letters.items()) if count >= _LEAST_WORDS}
        if kept:
            following[context] = FollowingLetters(
                letters.total() + len(kept), letters.total() - sum(kept.values()) + len(kept), kept
            )
    return LetterModel(following, frozenset(place for place in places if len(place) >= _SHORTEST_PLACE))


def use_letters(model: LetterModel | None) -> None:
    """Replace the model; None brings the package's back. For benchmarks, before the first name is compared."""
    global _replaced
    _replaced = model


_replaced: LetterModel | None = None


def letter_model() -> LetterModel:
    """The model in use: the one that ships, unless a benchmark replaced it."""
    return _replaced or _shipped()


@cache
def _shipped() -> LetterModel:
    packed = files("pipeline.matching.names").joinpath("data/letters.json.xz").read_bytes()
    return msgspec.json.decode(lzma.decompress(packed), type=LetterModel)


def coined_rarity(form: str) -> int:
    """The hundredths of a bit of a word that no table holds, by its letters alone; 0 for a word of a place."""
    model = letter_model()
    return 0 if model.is_place(form) else model.bits(form)


@lru_cache(maxsize=1 << 15)
def is_place(form: str) -> bool:
    """Whether a Latin form is a word of a place's name, or an adjective of it."""
    return letter_model().is_place(form)
