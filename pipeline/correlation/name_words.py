"""Chooses the words of a person's names that yield keys: all spellings of a word count once, and each name has a share.

A person on a list has up to 50 names, mostly one name in the spelling of many languages. If the rarest tokens of all
names were taken, odd spellings would leave no room for the others, and a record with only one of the names would often
share no key. So tokens that share a sound or a class of variants are one word, the words that most names have come
first, and only words of the same name are combined.

Two spellings of one name must yield the same key. So keys are chosen by the rarity of what the spellings share, the
sound, which is that of all tokens with this sound together, never by the rarity of the token itself.

Of compound names the distinctive part counts (Aziz of Abdulaziz, Nasir of Nasiruddin). Names with "servant of", "of
God" and "of the faith" are written as one word or as two, and the article may be spelt by the sound that follows it:
Abdul Aziz, Abdelaziz; Abd al-Razzaq, Abderrezak; Hidayat Ullah, Hidayatullah. Both spellings have that part in common.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache, reduce
from operator import or_
from typing import NamedTuple, TypeVar

import msgspec

from pipeline.correlation.key_combinations import plan_keys
from pipeline.correlation.key_kinds import hash_value
from pipeline.matching.names import NamePrint, TokenPrint
from pipeline.matching.names.rarity import CEILING, known_rarities, rarity_of
from pipeline.matching.names.sounds import skeleton_of, sound_of
from pipeline.matching.names.spellings import classes_of, spellings
from pipeline.matching.names.transliteration.model import latin_forms
from pipeline.records.name_words import ARABIC_ARTICLE, ARABIC_ENDINGS, ARABIC_SERVANTS

SHORTEST = 4
"""Letters of a Latin part that tells something."""

SHORTEST_ARABIC = 3
"""The same in Arabic letters, which leave short vowels out."""

_SERVANT = re.compile(r"abd[aeiou]{1,2}(?!ll?ah)(?:l|([^aeiou])(?=\1))?(.+)")
_ENDING = re.compile(r"(.+?)(?:[aeiou]+lla(?:h|kh|ch)i?|ulah|[aeiou]{1,2}d{2}h?[aei]{1,2}ne?|udh?[ei]{1,2}ne?)")
_IN_ENDINGS = ("lla", "ulah", "dd", "ud")
"""Letters of which one is in all that _ENDING matches: most names have none."""
_ARABIC_SERVANTS = tuple(f"{servant}{ARABIC_ARTICLE}" for servant in sorted(ARABIC_SERVANTS))
_ARABIC_ENDINGS = tuple(sorted(ARABIC_ENDINGS))


def telling_forms(token: TokenPrint) -> tuple[str, ...]:
    """Latin forms of the distinctive part of a compound, the likeliest first; () for any other name."""
    if token.script == "Arabic":
        part = _part_arabic(token.text)
        return latin_forms(part, token.script) if len(part) >= SHORTEST_ARABIC else ()
    part = _part_latin(token.forms[0])
    return (part,) if len(part) >= SHORTEST else ()


def _part_latin(form: str) -> str:
    if form.startswith("abd") and (found := _SERVANT.fullmatch(form)):
        return found[2]
    if not any(letters in form for letters in _IN_ENDINGS):
        return ""
    found = _ENDING.fullmatch(form)
    return found[1] if found else ""


def _part_arabic(text: str) -> str:
    for servant in _ARABIC_SERVANTS:
        if text.startswith(servant) and len(text) >= len(servant) + SHORTEST_ARABIC:
            return text.removeprefix(servant)
    for ending in _ARABIC_ENDINGS:
        if text.endswith(ending):
            part = text.removesuffix(ending)
            return "" if part in ARABIC_SERVANTS else part
    return ""


Value = TypeVar("Value", str, int)

ONSET = 3
"""Sounds of a name's onset: 83-95% of the true pairs of each corridor share it in some form."""

MAX_FORMS = 3
"""Latin forms of a token of another script that are used, the likeliest."""

MAX_CLASSES = 3
"""Variant classes of one token that are used, the commonest: Tom is short for more than Thomas."""

BITS_PER_SOUND = 300
"""A skeleton of n consonants is never taken for rarer than this: there are about eight classes, unevenly used."""

MAX_ONSET_RARITY = 1400
"""Hundredths of a bit: no onset counts as rarer, so that alone it makes no key where keys must have 15 bits, as under
the shipped model. A choice; without it 237 of the 1,039 onsets of known names would be rarer."""


class TokenSounds(msgspec.Struct, frozen=True):
    """A token's onsets, consonant skeletons and classes of variants, each with its rarity in hundredths of a bit."""

    onsets: tuple[tuple[str, int], ...]
    skeletons: tuple[tuple[str, int], ...]
    variants: tuple[tuple[str, int], ...]

    @property
    def rarity(self) -> int:
        """The rarity of the commonest skeleton."""
        return min((rarity for _, rarity in self.skeletons), default=0)


def sound_out(token: TokenPrint) -> TokenSounds:
    """The sounds of a name token."""
    return _sound_forms(token.forms[:MAX_FORMS], telling_forms(token)[:MAX_FORMS])


@lru_cache(maxsize=1 << 17)
def _sound_forms(forms: tuple[str, ...], telling: tuple[str, ...]) -> TokenSounds:
    known = [form for form in forms if form]
    onsets = {sound_of(form)[:ONSET] for form in known}
    skeletons = {skeleton_of(form) for form in (*known, *telling)}
    variants = {number for form in known[:1] for number in classes_of(form)}
    rarities = _rarities()
    ranked = sorted((rarities.variants.get(number, CEILING), number) for number in variants)[:MAX_CLASSES]
    return TokenSounds(
        tuple([(onset, min(MAX_ONSET_RARITY, rarities.onsets.get(onset, CEILING))) for onset in sorted(onsets)]),
        tuple(
            [
                (skeleton, min(100 + BITS_PER_SOUND * len(skeleton), rarities.skeletons.get(skeleton, CEILING)))
                for skeleton in sorted(skeletons)
            ]
        ),
        tuple([(f"={number}", rarity) for rarity, number in ranked]),
    )


class _Rarities(msgspec.Struct, frozen=True):
    onsets: Mapping[str, int]
    skeletons: Mapping[str, int]
    variants: Mapping[int, int]


@cache
def _rarities() -> _Rarities:
    """The rarities of sounds, from all known tokens; those of classes of variants, from all spellings, known or not."""
    tokens = known_rarities().items()
    return _Rarities(
        _sum_rarities((sound_of(token)[:ONSET], rarity) for token, rarity in tokens),
        _sum_rarities((skeleton_of(token), rarity) for token, rarity in tokens),
        _sum_rarities((number, rarity_of(one)) for number, some in enumerate(spellings()) for one in some),
    )


def _sum_rarities(found: Iterable[tuple[Value, int]]) -> dict[Value, int]:
    frequencies: dict[Value, float] = {}
    for value, rarity in found:
        frequencies[value] = frequencies.get(value, 0.0) + 2 ** (-rarity / 100)
    return {value: round(-100 * math.log2(frequency)) for value, frequency in frequencies.items()}


FEW_TOKENS = 4
"""If a person's names have at most so many different tokens, all are taken, and combined across names."""

MAX_OF_ONE, MAX_OF_EACH = 4, 3
"""Words that yield keys, the rarest: of a person's only name, and of each of several names."""

MAX_WORDS = 8
"""Words of one person that yield keys."""

MAX_PARTS = {"o": 1, "s": 2, "v": 1, "x": 1}
"""How many parts of each letter a word of several spellings keeps, those that most names have. Two skeletons, since a
name may have an ending in one language and none in another."""

FOLDING = frozenset("osv")
"""Letters of the parts that make two spellings one word."""

SPELT = 5
"""Letters that a token needs for its spelling to be a part; shorter ones are known by their sound alone."""

EVERY_NAME = -1
"""All names, a bit for each."""

Begun = tuple[str, int]
"""A key without its attributes: the letters of the attributes, and the XOR of the rest."""


class NamePart(NamedTuple):
    """A part of a name token that a key may hold.

    `letter` is its kind (key_combinations), `rarity` is in hundredths of a bit, and `value` is its hash. `heard` is the
    rarity of the token's sound if the part is a spelling, else 0.
    """

    letter: str
    text: str
    rarity: int
    heard: int
    value: int


class NameWord(NamedTuple):
    """A word of a person's names.

    `begun` are the keys that hold one of its `parts` and no other name part. `names` has a bit for each name that has
    the word.
    """

    rarity: int
    parts: tuple[NamePart, ...]
    begun: tuple[Begun, ...]
    names: int = EVERY_NAME

    def borne_by(self, names: int) -> NameWord:
        """The same word, of other names."""
        return NameWord(self.rarity, self.parts, self.begun, names)


def choose_words(names: Sequence[NamePrint], enough: int) -> list[NameWord]:
    """The words that yield keys, at most MAX_WORDS, each with the names from which it is taken.

    `enough` is the rarity that a key must have, in hundredths of a bit.
    """
    tokens = {token for name in names for token in name.tokens if token.kind != "initial"}
    if len(tokens) <= FEW_TOKENS:
        return [take_token(token, enough) for token in tokens]
    borne = [take_token(token, enough).borne_by(bearers) for token, bearers in _find_bearers(names).items()]
    words = sorted(_fold_spellings(borne, enough), key=_most_borne)[:MAX_WORDS]
    return list(_leave_rarest(words, MAX_OF_ONE if len(names) == 1 else MAX_OF_EACH))


def _find_bearers(names: Iterable[NamePrint]) -> Mapping[TokenPrint, int]:
    bearers: dict[TokenPrint, int] = {}
    for at, name in enumerate(names):
        for token in name.tokens:
            if token.kind != "initial":
                bearers[token] = bearers.get(token, 0) | 1 << at
    return bearers


def _most_borne(word: NameWord) -> tuple[int, int, tuple[NamePart, ...]]:
    return -word.names.bit_count(), -word.rarity, word.parts


def _fold_spellings(tokens: Iterable[NameWord], enough: int) -> Iterator[NameWord]:
    """Join tokens that share a part into one word, unless a name has both."""
    words: list[list[NameWord]] = []
    bearers: list[int] = []
    having: dict[int, list[int]] = {}
    for token in sorted(tokens, key=_most_borne):
        values = [part.value for part in token.parts if part.letter in FOLDING]
        alike = (at for value in values for at in having.get(value, ()) if not bearers[at] & token.names)
        at = min(alike, default=len(words))
        if at == len(words):
            words.append([])
            bearers.append(0)
        words[at].append(token)
        bearers[at] |= token.names
        for value in values:
            having.setdefault(value, []).append(at)
    return (_join_spellings(spellings, enough) if len(spellings) > 1 else spellings[0] for spellings in words)


def _join_spellings(spellings: Sequence[NameWord], enough: int) -> NameWord:
    """One word of several spellings, with the parts that most names have."""
    bearers: dict[NamePart, int] = {}
    for spelling in spellings:
        for part in spelling.parts:
            bearers[part] = bearers.get(part, 0) | spelling.names
    parts, left = [], dict(MAX_PARTS)
    for part in sorted(bearers, key=lambda part: (-bearers[part].bit_count(), part)):
        if left[part.letter]:
            left[part.letter] -= 1
            parts.append(part)
    names = reduce(or_, (spelling.names for spelling in spellings))
    rarity = min(spelling.rarity for spelling in spellings)
    return NameWord(rarity, tuple(parts), _begin_keys(parts, enough), names)


def _leave_rarest(words: Iterable[NameWord], most: int) -> Iterator[NameWord]:
    """Each word with only those of its names in which it is one of the `most` rarest; words without one are dropped."""
    counts: dict[int, int] = {}
    for word in sorted(words, key=lambda word: (-word.rarity, word.parts)):
        kept, rest = 0, word.names
        while rest:
            name = rest & -rest
            rest ^= name
            counts[name] = counts.get(name, 0) + 1
            kept |= name if counts[name] <= most else 0
        if kept:
            yield word.borne_by(kept)


@lru_cache(maxsize=1 << 16)
def take_token(token: TokenPrint, enough: int) -> NameWord:
    """The word of one token, for every name; its rarity is that of the commonest skeleton."""
    heard, spelt = sound_out(token), token.forms[0]
    rarity = heard.rarity
    parts = [_make_part("o", onset, rarity) for onset, rarity in heard.onsets]
    parts += [_make_part("s", skeleton, rarity) for skeleton, rarity in heard.skeletons]
    parts += [_make_part("v", variant, rarity) for variant, rarity in heard.variants]
    if len(spelt) >= SPELT:
        parts.append(_make_part("x", spelt, rarity_of(spelt), rarity))
    return NameWord(rarity, tuple(parts), _begin_keys(parts, enough))


def _make_part(letter: str, text: str, rarity: int, heard: int = 0) -> NamePart:
    return NamePart(letter, text, rarity, heard, hash_text(letter, text))


def _begin_keys(parts: Iterable[NamePart], enough: int) -> tuple[Begun, ...]:
    wanted = plan_keys(enough).names
    begun: list[Begun] = []
    for letter, _, rarity, heard, value in parts:
        begun += [
            (combination.attributes, combination.base ^ value)
            for combination in wanted.get(letter, ())
            if combination.least <= rarity < combination.below and heard < combination.heard
        ]
    return tuple(begun)


def hash_text(letter: str, text: str) -> int:
    """The hash of a part of a name, or of an attribute."""
    return hash_value(f"{letter} {text}")
