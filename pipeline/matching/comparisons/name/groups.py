"""Names of organisations held against companies of one group, which share the group's name and add words to it.

Against strangers the rarity of every word that agrees counts. Against a group only the words beyond the group's own do:
the more of them agree, and the rarer they are, the less often two of its companies bear them both.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

from pipeline.matching.comparisons.address_levels import POSTCODE, address_level
from pipeline.matching.comparisons.phone import TAIL, phone_level
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import NameComparison, NamePrint, TokenPair, levels
from pipeline.matching.names.organisation_words import meanings
from pipeline.matching.names.prints import TokenPrint
from pipeline.matching.names.token_pairs import NOTHING, OTHER

WORLD = frozenset({"SYMBOL:WORLD", "SYMBOL:GLOBAL", "SYMBOL:INTL"})
"""What the company above those of single countries is called."""

_GROUP_NAME = -290
"""Hundredths of a bit: of pairs of companies of a group one in 16 is called by the group's name alone, both of them;
that is 2.9 bits more often than the reference h of equal names has it."""
_WORD_SHARE = 4
"""Companies of a group share a quarter of what a further word says: they are in one trade, and in one language."""
MOST_FURTHER = 390
"""However long the name: of companies of a group one pair in 2,000 is registered twice, or under one name in two
countries."""
_MORE_WORDS = -530
"""A name with more words than the other: four of ten pairs of companies of a group are a parent and a part, of which
the part bears the parent's name whole, so its length says nothing (the reference h is one in 100, for people)."""


def group_bits(found: NameComparison, a: EntityPrint, b: EntityPrint) -> int:
    """Hundredths of a bit that a comparison without contradiction gives against companies of a group, beside its level.

    Rises with every further word that agrees, and is not below nothing where both are at one door or phone: what a
    part has of its own, beside a name, is its place.
    """
    if any(pair.level == levels.MISSING for pair in found.pairs):
        further = _MORE_WORDS
    else:
        bits = sorted((pair.bits for pair in found.pairs), reverse=True)
        further = min(_GROUP_NAME + sum(bits[1:]) // _WORD_SHARE, MOST_FURTHER)
    return 0 if further < 0 and _are_at_one_place(a, b) else further


def _are_at_one_place(a: EntityPrint, b: EntityPrint) -> bool:
    return any(address_level(p, q) <= POSTCODE for p in a.addresses for q in b.addresses) or any(
        phone_level(p, q) <= TAIL for p in a.phones for q in b.phones
    )


@lru_cache(maxsize=64)
def choice_fee(unmet: int) -> int:
    """Hundredths of a bit for a choice among names that agree with none of the other side.

    An alias of many bodies ("the party") is met by chance the more often, the more names there are to try. Names that
    agree are no further tries.
    """
    return round(100 * math.log2(1 + unmet))


def are_parts_of_one(a: EntityPrint, b: EntityPrint, agreeing: Iterable[TokenPair]) -> bool:
    """Whether two organisations that share a name are also called by more words each, and not by the same.

    "Ansar al-Sharia" is an alias of bodies in Derna and in Benghazi.
    """
    if _are_of_two_places(a, b):
        return True
    pairs = tuple(agreeing)
    first = _further_words(a, [pair.a for pair in pairs])
    second = _further_words(b, [pair.b for pair in pairs]) if first else []
    return bool(first and second) and not any(_are_alike(x, y) for x in first for y in second)


def _further_words(entity: EntityPrint, shared: Sequence[str]) -> list[TokenPrint]:
    """Words of its names that hold all the shared ones and more."""
    wanted = {word for text in shared for word in text.split()}
    names = (name for name in entity.names if wanted < {token.text for token in name.tokens})
    return [token for name in names for token in name.tokens if token.text not in wanted]


def _are_alike(x: TokenPrint, y: TokenPrint) -> bool:
    return x.text == y.text or OTHER.judge(x, y) is not NOTHING


def _are_of_two_places(a: EntityPrint, b: EntityPrint) -> bool:
    """Whether both organisations have a name with a place, and not the same."""
    first, second = _places(a.names), _places(b.names)
    return bool(first and second and first.isdisjoint(second))


def _places(names: Iterable[NamePrint]) -> set[str]:
    words = (token.text for name in names for token in name.tokens if token.kind == "core")
    return {meaning for word in words for meaning in meanings(word) if meaning.startswith("LOC:") or meaning in WORLD}
