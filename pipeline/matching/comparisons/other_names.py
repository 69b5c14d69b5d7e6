"""Other names: that two people bear several names in common, each without a word of the others.

The comparison of names takes the best pair of all. A namesake bears one's name, however long it is, but none of one's
aliases, so that every further name says what the best of them can't.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
from rapidfuzz.distance import OSA

from pipeline.locale import N_
from pipeline.matching.comparisons.comparison import (
    ALL,
    Comparison,
    ComparisonLevel,
    ComparisonResult,
    RowParts,
    States,
    Table,
    bound_by_level,
)
from pipeline.matching.comparisons.name.comparison import name_value, sounds_of
from pipeline.matching.encoded import Field, Layout, Rows, hash_text
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import NamePrint
from pipeline.matching.names.comparison import CULTURE
from pipeline.matching.names.token_levels import RESEMBLANCE

RARE = 1200
"""Hundredths of a bit of a name that counts, one in 4,000: of two records of five names each, 25 pairs, 6 in 1,000
share one by chance."""

FEWEST = 2
"""Names of an entity of which one can be another."""

SHORTEST = 2
"""Words of a name that counts: a single name, or a nickname, is borne by too many."""

_SPELLINGS = 0.8
"""The least similarity of two names of one word each, which are organisations', that may be spellings of one. A choice:
Atomflot and Rosatomflot are two names (.73), Rosoboronexport and Rosoboroneksport are one (.88)."""


class OtherNamesLevel(ComparisonLevel):
    """How many more rare names both bear."""

    SEVERAL_MORE = 0.15, 3.0e-4, 8.0e-4, 1.0e-3, 5.0e-2
    ONE_MORE = 0.30, 6.0e-3, 1.5e-2, 2.0e-2, 1.5e-1


Sounds = tuple[str, ...]
"""What is heard of each word of a name, in ascending order."""

NamesBySound = dict[Sounds, dict[str, int]]
"""Of the names that count, by what is heard of them and the script that they are in: their places."""


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Other names: one more that both bear, or several, of rare names that have no word in common.

    Names are the same where they sound the same, in any order of their words. Spellings of one name count once, and so
    do names that share a word, or that each record has in two scripts: these may be renderings of one.
    """
    if len(a.names) < FEWEST or len(b.names) < FEWEST:
        return None
    of_a, of_b = _telling_names(a.names), _telling_names(b.names)
    both = sorted(of_a.keys() & of_b.keys())
    apart = _most_apart(both, (of_a, of_b)) if len(both) > 1 else ()
    if not apart:
        return None
    level = OtherNamesLevel.ONE_MORE if len(apart) == 2 else OtherNamesLevel.SEVERAL_MORE
    i, j = (max(names[apart[-1]].values()) for names in (of_a, of_b))
    return ComparisonResult(table.bits[level], level, i, j)


def _telling_names(names: Sequence[NamePrint]) -> NamesBySound:
    found: NamesBySound = {}
    for at, name in enumerate(names):
        if _tells(name):
            found.setdefault(sounds_of(name), {})[name.tokens[0].script] = at
    return found


def _tells(name: NamePrint) -> bool:
    words = len(name.tokens)
    if words < (SHORTEST if name.person else 1) or name.weak:
        return False
    return sum([token.rarity for token in name.tokens]) + CULTURE * (words - 1) >= RARE


def _most_apart(names: Sequence[Sounds], sides: Iterable[NamesBySound]) -> tuple[Sounds, ...]:
    """Three names that are each another, else two; () where all may be one: no record has both in one script."""
    apart = [
        (one, other)
        for one, other in combinations(names, 2)
        if any(side[one].keys() & side[other].keys() for side in sides) and not _share_word(one, other)
    ]
    known = frozenset(apart)
    threes = ((*pair, third) for pair in apart for third in names if {(pair[0], third), (pair[1], third)} <= known)
    return next(threes, apart[0] if apart else ())


def _share_word(one: Sounds, other: Sounds) -> bool:
    alike = _SPELLINGS if len(one) == len(other) == 1 else RESEMBLANCE
    return any(OSA.normalized_similarity(x, y) >= alike for x in one for y in other)


class Heard(Layout):
    """Half of an entity's names by what is heard of them, a bit each; in the first half, whether two have one bit."""

    names = Field(31)
    collide = Field()


def encode_other_names(entity: EntityPrint) -> tuple[int, int]:
    """Which names count, by what is heard of them, as bits of two words."""
    if len(entity.names) < FEWEST:
        return 0, 0
    heard = {sounds_of(name) for name in entity.names if _tells(name)}
    bits = [hash_text(" ".join(sounds), 2 * Heard.names.width) for sounds in heard]
    found = sum({1 << bit for bit in bits})
    collide = Heard.collide.put(len(set(bits)) < len(bits))
    return Heard.names.put(found & Heard.names.most) | collide, Heard.names.put(found >> Heard.names.width)


def other_names_state(a: Rows, b: Rows) -> States:
    """The strongest level by how many names both may have, if any: of two that have one bit only one is seen."""
    (one, more), (other, others_more) = a.words("heard"), b.words("heard")
    shared = one & other
    count = np.bitwise_count(Heard.names.take(shared)) + np.bitwise_count(more & others_more)
    collide = Heard.collide.lies_in(shared) & (count > 0)
    few = np.where(count == 2, OtherNamesLevel.ONE_MORE, len(OtherNamesLevel))
    return np.where(collide | (count > 2), OtherNamesLevel.SEVERAL_MORE, few)


OTHER_NAMES = Comparison(
    "other_names",
    "names",
    N_("Other names"),
    N_("the other names"),
    OtherNamesLevel,
    (
        "estimated: of the people whose records have several names each, 3 in 10 bear a second one in both, half as "
        "many a third; of strangers who share a name 6 in 1,000 share another by chance, of families one in 50 is "
        "mixed up"
    ),
    compare,
    name_value,
    conditional="the others have no second name in common, which says nothing",
    least=FEWEST,
    row_parts=RowParts({"heard": 2}, encode_other_names),
    bound=bound_by_level(other_names_state),
    bounded=ALL,
)
