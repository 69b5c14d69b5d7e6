"""Finds the best pair of two entities' names, and aligns the words of as few pairs as that takes.

names.pair_bounds gives an upper limit of the bits of every pair. A pair is skipped if its limit is below the best pair
so far against every alternative, and if neither of its names could be the first to agree with a name of the other side.

The level of two names has an upper limit too, found without aligning them. Most names that disagree have one of the
weakest levels, which change nothing once another pair was compared. A pair may have a stronger level by the kinds of
its words, or if a word may be the other's with several slips. Such words are looked for among all names at once, and
only where the answer matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Final

from pipeline.matching.alternatives import Bits
from pipeline.matching.comparisons.comparison import ComparisonResult, Table, apply_curve, stronger_of
from pipeline.matching.comparisons.name.groups import MOST_FURTHER
from pipeline.matching.comparisons.name.name_levels import MOST_GROWTH, NameLevel
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import NameComparison, NamePrint
from pipeline.matching.names.joined_words import BOTH_WAYS, NOWHERE
from pipeline.matching.names.name_pairs import MetNames, pairs_of
from pipeline.matching.names.pair_bounds import AS_FAMILIES, PairBound
from pipeline.matching.names.token_levels import NameIndices
from pipeline.records.name_words import PATRONYMIC_ENDINGS

Weigh = Callable[[NameComparison, EntityPrint, EntityPrint, Table, int, int], ComparisonResult]
"""Weighs the names at indices (i, j) of two entities: the bits against each alternative, and the level."""

FAMILY, GIVEN, PATRONYMIC, NUMBER = 1, 2, 4, 8
"""Flags of what a name has: words of these kinds, or a number. A word counts as a patronymic by its ending; nothing but
another patronymic contradicts it."""

_PARTS: Final = {"family": FAMILY, "given": GIVEN, "initial": GIVEN}


class BestNames:
    """The best pair of names so far, against each alternative by itself.

    `result` is None until a pair was compared. `met_a` and `met_b` are the indices of the names of each side that agree
    with a name of the other.
    """

    def __init__(self) -> None:
        self.result: ComparisonResult | None = None
        self.met_a: set[int] = set()
        self.met_b: set[int] = set()

    def take(self, result: ComparisonResult) -> None:
        """Add the result of one more pair."""
        if result.level <= NameLevel.NEAR:
            self.met_a.add(result.a)
            self.met_b.add(result.b)
        self.result = stronger_of(result, self.result)

    def may_change(self, most: Bits, level: int, i: int, j: int) -> bool:
        """Whether the pair (i, j), whose bits are at most `most` and whose level is `level` or weaker, may change it.

        Pairs come in descending order of their bits against strangers. Once no pair can have more of these, the level
        of the result is final, and it decides whether names that agree still matter.
        """
        best = self.result
        if best is None:
            return True
        if most[0] >= best.bits[0] or any(map(int.__gt__, most[1:], best.bits[1:])):
            return True
        return level <= NameLevel.NEAR >= best.level and (i not in self.met_a or j not in self.met_b)


def find_best(a: EntityPrint, b: EntityPrint, table: Table, weigh: Weigh) -> BestNames:
    """Find the best of all pairs of names. The result is that of comparing every pair."""
    found, pairs = BestNames(), pairs_of(a.names, b.names)

    def take(i: int, j: int, *, joined: int) -> None:
        compared = pairs.compare(i, j, joined=joined)
        if compared.pairs:
            found.take(weigh(compared, a, b, table, i, j))

    if pairs.few:
        for i, j in product(range(len(a.names)), range(len(b.names))):
            take(i, j, joined=BOTH_WAYS)
        return found
    for bound in pairs.bounds:
        cell, level = (bound.a, bound.b), level_of_bounded(pairs, bound)
        if found.may_change(_most_bits(bound.bits, level, table), level, *cell):
            closer = look_closer(pairs, cell, level)
            if closer == level or found.may_change(_most_bits(bound.bits, closer, table), closer, *cell):
                take(*cell, joined=bound.joined)
    if len(pairs.bounds) < len(a.names) * len(b.names):
        _take_others(pairs, found, table, take)
    return found


def _take_others(pairs: MetNames, found: BestNames, table: Table, take: Callable[..., None]) -> None:
    """Compare the pairs in which no words agree, where they may change the result; the weakest level seldom does."""
    most = {
        level: _most_bits(0, level, table)
        for level in (NameLevel.FAMILY_DIFFERS, NameLevel.OTHER_PARTS, NameLevel.ALIKE, NameLevel.DIFFERENT)
    }
    if not found.may_change(most[NameLevel.FAMILY_DIFFERS], NameLevel.FAMILY_DIFFERS, 0, 0):
        return
    for cell, level in levels_of_others(pairs):
        if found.may_change(most[level], level, *cell):
            take(*cell, joined=NOWHERE)


def bound_names(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """The bits, against each alternative, that no pair of names exceeds; None if a side has no name."""
    if not a.names or not b.names:
        return None
    pairs = pairs_of(a.names, b.names)
    most = [_most_bits(bound.bits, level_of_bounded(pairs, bound), table) for bound in pairs.bounds]
    if len(pairs.bounds) < len(a.names) * len(b.names):
        most.append(_most_bits(0, NameLevel.FAMILY_DIFFERS, table))
    return ComparisonResult(tuple(map(max, zip(*most, strict=True))), NameLevel.SAME)


def _most_bits(bits: int, level: int, table: Table) -> Bits:
    """The upper limit, against each alternative, of names with at most these bits and at best this level."""
    household, named_after, group = table.companions[level]
    strangers = apply_curve(bits, table.curve) if table.curve else bits
    if level > NameLevel.NEAR:
        return strangers, household, named_after, group
    return strangers, max(household + MOST_GROWTH, 0), named_after, group + MOST_FURTHER


def level_of_bounded(pairs: MetNames, bound: PairBound) -> int:
    """The strongest level of a pair in which words may agree. ALIKE leaves open whether the other words are alike."""
    if bound.joined:
        return NameLevel.SAME
    if bound.contradict:
        return NameLevel.FAMILY_DIFFERS if bound.contradict == AS_FAMILIES else NameLevel.ALIKE
    if bound.agreeing < 2:
        single = len(pairs.a[bound.a].tokens) == len(pairs.b[bound.b].tokens) == 1
        return NameLevel.SAME if bound.agreeing and single else NameLevel.FAMILY_DIFFERS
    return NameLevel.SAME


def levels_of_others(pairs: MetNames) -> Iterator[tuple[NameIndices, NameLevel]]:
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
                    yield cell, NameLevel.ALIKE if cell in pairs.resembling else NameLevel.DIFFERENT


def look_closer(pairs: MetNames, cell: NameIndices, level: int) -> int:
    """The strongest level of a pair with a bound, now that words which would make it ALIKE were looked for."""
    return NameLevel.GIVEN_DIFFERS if level == NameLevel.ALIKE and cell not in pairs.resembling else level


def _parts_of(name: NamePrint) -> int:
    found = NUMBER if name.numbers else 0
    for token in name.tokens:
        kind = token.kind
        if kind != "patronymic":
            found |= _PARTS.get(kind, 0)
        elif token.text.endswith(PATRONYMIC_ENDINGS):
            found |= PATRONYMIC
    return found


def _level_of_parts(one: int, other: int) -> NameLevel | None:
    """The strongest level of two names in which no words agree, by their flags; None if it is ALIKE or weaker.

    Numbers may agree. Or each name may be another part of one name, so that each lacks what the other has.
    """
    if one & other & NUMBER:
        return NameLevel.FAMILY_DIFFERS
    apart = (one | other) & PATRONYMIC or (one & FAMILY and other & GIVEN) or (one & GIVEN and other & FAMILY)
    return NameLevel.OTHER_PARTS if apart else None
