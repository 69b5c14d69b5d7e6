"""The sounds of a name token that blocking uses, and how rare each is by the frequencies that ship with the package.

Two spellings of one name must yield the same key. So keys are chosen by the rarity of what the spellings share, which
is that of all tokens with this sound together, never by the rarity of the token itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import TypeVar

import msgspec

from pipeline.correlation.compounds import telling_forms
from pipeline.matching.names.prints import TokenPrint
from pipeline.matching.names.rarity import CEILING, known_rarities, rarity_of
from pipeline.matching.names.sounds import skeleton_of, sound_of
from pipeline.matching.names.spellings import classes_of, spellings

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
    ranked = sorted(variants, key=lambda number: (_variant_rarity(number), number))[:MAX_CLASSES]
    return TokenSounds(
        tuple((onset, _onset_rarity(onset)) for onset in sorted(onsets)),
        tuple((skeleton, _skeleton_rarity(skeleton)) for skeleton in sorted(skeletons)),
        tuple((f"={number}", _variant_rarity(number)) for number in ranked),
    )


def _onset_rarity(onset: str) -> int:
    return min(MAX_ONSET_RARITY, _rarities().onsets.get(onset, CEILING))


def _skeleton_rarity(skeleton: str) -> int:
    return min(100 + BITS_PER_SOUND * len(skeleton), _rarities().skeletons.get(skeleton, CEILING))


def _variant_rarity(number: int) -> int:
    return _rarities().variants.get(number, CEILING)


class _Rarities(msgspec.Struct, frozen=True):
    onsets: Mapping[str, int]
    skeletons: Mapping[str, int]
    variants: Mapping[int, int]


@cache
def _rarities() -> _Rarities:
    """The rarities of sounds, from those of all known tokens."""
    tokens = known_rarities().items()
    return _Rarities(
        _sum_rarities((sound_of(token)[:ONSET], rarity) for token, rarity in tokens),
        _sum_rarities((skeleton_of(token), rarity) for token, rarity in tokens),
        _class_rarities(),
    )


def _class_rarities() -> dict[int, int]:
    """The rarities of classes of variants, from those of all their spellings, known or not."""
    return _sum_rarities((number, rarity_of(one)) for number, some in enumerate(spellings()) for one in some)


def _sum_rarities(found: Iterable[tuple[Value, int]]) -> dict[Value, int]:
    frequencies: dict[Value, float] = {}
    for value, rarity in found:
        frequencies[value] = frequencies.get(value, 0.0) + 2 ** (-rarity / 100)
    return {value: round(-100 * math.log2(frequency)) for value, frequency in frequencies.items()}
