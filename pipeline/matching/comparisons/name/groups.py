"""Weighs names of organisations against companies of one group, which share the group's name and add words to it.

Against strangers every word that agrees counts by its rarity. Against a group only the words beyond the group's own
count: the more of them agree, and the rarer they are, the more seldom two companies of the group bear them both.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

from pipeline.matching.comparisons.address import AddressLevel, address_level
from pipeline.matching.comparisons.phone import PhoneLevel, phone_level
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import NameComparison, NamePrint, TokenPair, levels
from pipeline.matching.names.organisation_words import meanings
from pipeline.matching.names.prints import TokenPrint
from pipeline.matching.names.rarity import CEILING, is_place
from pipeline.matching.names.token_pairs import OTHER, UNLIKE

WORLD = frozenset({"SYMBOL:WORLD", "SYMBOL:GLOBAL", "SYMBOL:INTL"})
"""Meanings of words that name a group's company above those of single countries."""

_GROUP_NAME = -290
"""Hundredths of a bit: of pairs of companies of a group one in 16 is called by the group's name alone, both of them;
that is 2.9 bits more often than the reference h of equal names has it."""
_COINED_SHARE = 2
"""The rarer a coined word is, the sooner it is one body's whole name rather than what a group has in common. What
further words say then counts half, since a group's companies are told apart by these."""
_WORD_SHARE = 4
"""Companies of a group share a quarter of what a further word says: they are in one trade, and in one language."""
MOST_FURTHER = 390
"""However long the name: of companies of a group one pair in 2,000 is registered twice, or under one name in two
countries."""
_TELLING = ("LOC:", "DOMAIN:")
"""What the meanings of words of places and of activities begin with."""
_MORE_WORDS = -530
"""A name with more words than the other: four of ten pairs of companies of a group are a parent and a part, of which
the part bears the parent's name whole, so its length says nothing (the reference h is one in 100, for people)."""


def group_bits(found: NameComparison, a: EntityPrint, b: EntityPrint, i: int, j: int) -> int:
    """Hundredths of a bit that a comparison of names `i` and `j` adds, against companies of a group, to its level's.

    The sum rises with every further word that agrees. It is at least 0 if both are at one address or phone: apart from
    its name, a part of a group has a place of its own.
    """
    if any(pair.level == levels.MISSING for pair in found.pairs):
        further = _MORE_WORDS
    else:
        rarest = max(found.pairs, key=lambda pair: pair.bits)
        words = sum([pair.bits for pair in found.pairs]) - rarest.bits
        coined = 0
        if rarest.level in levels.COINED:
            coined = max(min(_rarest(a.names[i]), _rarest(b.names[j])) - CEILING, 0) // _COINED_SHARE
        further = max(words // _WORD_SHARE, coined + words // (2 * _WORD_SHARE))
        further = min(_GROUP_NAME + further, MOST_FURTHER)
    return 0 if further < 0 and _are_at_one_place(a, b) else further


def _rarest(name: NamePrint) -> int:
    return max([token.rarity for token in name.tokens])


def _are_at_one_place(a: EntityPrint, b: EntityPrint) -> bool:
    places = (address_level(p, q) for p in a.addresses for q in b.addresses)
    phones = (phone_level(p, q) for p in a.phones for q in b.phones)
    return any(level is not None and level <= AddressLevel.SAME_POSTCODE for level in places) or any(
        level <= PhoneLevel.SAME_TAIL for level in phones
    )


@lru_cache(maxsize=64)
def choice_fee(unmet: int) -> int:
    """Hundredths of a bit that a choice among `unmet` names, which agree with none of the other side, costs.

    The more names there are to try, the more often one is met by chance, such as an alias of many bodies ("the
    party"). The fee is that of n + 1 tries, log2(n + 1); names that agree are not counted as tries.
    """
    return round(100 * math.log2(1 + unmet))


def are_parts_of_one(a: EntityPrint, b: EntityPrint, agreeing: Iterable[TokenPair]) -> bool:
    """Whether two organisations share a name, and each has a longer name too, of another place or another activity.

    They are parts of one body: "Ansar al-Sharia" is an alias of bodies in Derna and in Benghazi. Other words make no
    body another: a legal form, a word for a group, a translation, a brand.
    """
    places, others = _places(a.names), _places(b.names)
    if places and others and places.isdisjoint(others):
        return True
    pairs = tuple(agreeing)
    first = _further_words(a, [pair.a for pair in pairs])
    second = _further_words(b, [pair.b for pair in pairs]) if first else []
    return bool(first and second) and not any(_are_alike(x, y) for x in first for y in second)


def _further_words(entity: EntityPrint, shared: Sequence[str]) -> list[TokenPrint]:
    """The words of places and activities in those names that hold all the shared words and more."""
    wanted = {word for text in shared for word in text.split()}
    names = (name for name in entity.names if wanted < {token.text for token in name.tokens})
    return [
        token
        for name in names
        for token in name.tokens
        if token.text not in wanted
        and (is_place(token.forms[0]) or any(meaning.startswith(_TELLING) for meaning in meanings(token.text)))
    ]


def _are_alike(x: TokenPrint, y: TokenPrint) -> bool:
    return x.text == y.text or OTHER.judge(x, y) is not UNLIKE


def _places(names: Iterable[NamePrint]) -> set[str]:
    words = (token.text for name in names for token in name.tokens if token.kind == "core")
    return {meaning for word in words for meaning in meanings(word) if meaning.startswith("LOC:") or meaning in WORLD}
