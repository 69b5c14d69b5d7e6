"""Finds the best pair of two entities' names, and aligns the words of as few pairs as that takes.

names.pair_bounds gives an upper limit of the bits of every pair. A pair is skipped if its limit is below the best pair
so far against every alternative, and if neither of its names could be the first to agree with a name of the other side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

from pipeline.matching.alternatives import Bits
from pipeline.matching.comparisons.levels import ComparisonResult, Table, apply_curve, stronger_of
from pipeline.matching.comparisons.name.groups import MOST_FURTHER
from pipeline.matching.comparisons.name.name_levels import ALIKE, DIFFERENT, FAMILY_DIFFERS, NEAR, OTHER_PARTS, SAME
from pipeline.matching.comparisons.name.open_levels import level_of_bounded, levels_of_others, look_closer
from pipeline.matching.comparisons.name.own_tokens import MOST_GROWTH
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import NameComparison
from pipeline.matching.names.joined_words import BOTH_WAYS, NOWHERE
from pipeline.matching.names.name_pairs import MetNames, pairs_of

Weigh = Callable[[NameComparison, EntityPrint, EntityPrint, Table, int, int], ComparisonResult]
"""Weighs the names at indices (i, j) of two entities: the bits against each alternative, and the level."""


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
        if result.level <= NEAR:
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
        return level <= NEAR >= best.level and (i not in self.met_a or j not in self.met_b)


def find_best(a: EntityPrint, b: EntityPrint, table: Table, weigh: Weigh) -> BestNames:
    """Find the best of all pairs of names. The result is that of comparing every pair."""
    found, pairs = BestNames(), pairs_of(a.names, b.names)

    def take(i: int, j: int, *, joined: int) -> None:
        compared = pairs.compare(i, j, joined=joined)
        if compared.pairs:
            found.take(weigh(compared, a, b, table, i, j))

    if pairs.few:
        for i, j in _places(pairs):
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
    most = {level: _most_bits(0, level, table) for level in (FAMILY_DIFFERS, OTHER_PARTS, ALIKE, DIFFERENT)}
    if not found.may_change(most[FAMILY_DIFFERS], FAMILY_DIFFERS, 0, 0):
        return
    for cell, level in levels_of_others(pairs):
        if found.may_change(most[level], level, *cell):
            take(*cell, joined=NOWHERE)


def _places(pairs: MetNames) -> Iterator[tuple[int, int]]:
    return product(range(len(pairs.a)), range(len(pairs.b)))


def bound_names(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """The bits, against each alternative, that no pair of names exceeds; None if a side has no name."""
    if not a.names or not b.names:
        return None
    pairs = pairs_of(a.names, b.names)
    most = [_most_bits(bound.bits, level_of_bounded(pairs, bound), table) for bound in pairs.bounds]
    if len(pairs.bounds) < len(a.names) * len(b.names):
        most.append(_most_bits(0, FAMILY_DIFFERS, table))
    return ComparisonResult(tuple(map(max, zip(*most, strict=True))), SAME)


def _most_bits(bits: int, level: int, table: Table) -> Bits:
    """The upper limit, against each alternative, of names with at most these bits and at best this level."""
    household, named_after, group = table.companions[level]
    strangers = apply_curve(bits, table.curve) if table.curve else bits
    if level > NEAR:
        return strangers, household, named_after, group
    return strangers, max(household + MOST_GROWTH, 0), named_after, group + MOST_FURTHER
