"""Upper limits of the level of two names, found without aligning them.

Most names that disagree have one of the weakest levels, which change nothing once another pair was compared. A pair may
have a stronger level by the kinds of its words, or if a word may be the other's with several slips. Such words are
looked for among all names at once, and only where the answer matters.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline.matching.comparisons.name.name_levels import (
    ALIKE,
    DIFFERENT,
    FAMILY_DIFFERS,
    GIVEN_DIFFERS,
    OTHER_PARTS,
    SAME,
)
from pipeline.matching.names import NamePrint
from pipeline.matching.names.name_pairs import MetNames
from pipeline.matching.names.pair_bounds import AS_FAMILIES, PairBound
from pipeline.matching.names.resemblance import NameIndices
from pipeline.records.name_words import PATRONYMIC_ENDINGS

FAMILY, GIVEN, PATRONYMIC, NUMBER = 1, 2, 4, 8
"""Flags of what a name has: words of these kinds, or a number. A word counts as a patronymic by its ending; nothing but
another patronymic contradicts it."""

_PARTS: Final = {"family": FAMILY, "given": GIVEN, "initial": GIVEN}


def level_of_bounded(pairs: MetNames, bound: PairBound) -> int:
    """The strongest level of a pair in which words may agree. ALIKE leaves open whether the other words are alike."""
    if bound.joined:
        return SAME
    if bound.contradict:
        return FAMILY_DIFFERS if bound.contradict == AS_FAMILIES else ALIKE
    if bound.agreeing < 2:
        single = len(pairs.a[bound.a].tokens) == len(pairs.b[bound.b].tokens) == 1
        return SAME if bound.agreeing and single else FAMILY_DIFFERS
    return SAME


def levels_of_others(pairs: MetNames) -> Iterator[tuple[NameIndices, int]]:
    """The pairs without a bound, in which no words agree, each with the strongest level that it may have."""
    bounded = {(bound.a, bound.b) for bound in pairs.bounds}
    held = [_parts_of(name) for name in pairs.b]
    for i, name in enumerate(pairs.a):
        one = _parts_of(name)
        for j, other in enumerate(held):
            if (cell := (i, j)) not in bounded:
                if (one or other) and (level := _level_of_parts(one, other)):
                    yield cell, level
                else:
                    yield cell, ALIKE if cell in pairs.resembling else DIFFERENT


def look_closer(pairs: MetNames, cell: NameIndices, level: int) -> int:
    """The strongest level of a pair with a bound, now that words which would make it ALIKE were looked for."""
    return GIVEN_DIFFERS if level == ALIKE and cell not in pairs.resembling else level


def _parts_of(name: NamePrint) -> int:
    found = NUMBER if name.numbers else 0
    for token in name.tokens:
        kind = token.kind
        if kind != "patronymic":
            found |= _PARTS.get(kind, 0)
        elif token.text.endswith(PATRONYMIC_ENDINGS):
            found |= PATRONYMIC
    return found


def _level_of_parts(one: int, other: int) -> int:
    """The strongest level of two names in which no words agree, by their flags; 0 if it is ALIKE or weaker.

    Numbers may agree. Or each name may be another part of one name, so that each lacks what the other has.
    """
    if one & other & NUMBER:
        return FAMILY_DIFFERS
    apart = (one | other) & PATRONYMIC or (one & FAMILY and other & GIVEN) or (one & GIVEN and other & FAMILY)
    return OTHER_PARTS if apart else 0
