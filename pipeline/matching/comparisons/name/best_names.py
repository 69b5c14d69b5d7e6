"""The best of all pairs of two entities' names, of which only those are aligned that may change what names say.

What each pair never exceeds is known before (names.pair_bounds). A pair is left out that is below the best so far
against every alternative, and in which no name could be the first to agree with one of the other side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

from pipeline.matching.comparisons.levels import ComparisonResult, Table, apply_curve, stronger_of
from pipeline.matching.comparisons.name.groups import MOST_FURTHER
from pipeline.matching.comparisons.name.name_levels import FAMILY_DIFFERS, NEAR, SAME
from pipeline.matching.comparisons.name.own_tokens import MOST_GROWTH
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import NameComparison
from pipeline.matching.names.joined_words import BOTH_WAYS
from pipeline.matching.names.name_pairs import MetNames, pairs_of
from pipeline.matching.names.pair_bounds import PairBound
from pipeline.matching.score.alternatives import Bits

Weigh = Callable[[NameComparison, EntityPrint, EntityPrint, Table, int, int], ComparisonResult]
"""What a pair of two entities' names, by their numbers, says against each alternative."""


class BestNames:
    """The best pair of names so far against each alternative: None where no names are compared.

    `met_a` and `met_b` are the names of either side that agree with one of the other.
    """

    def __init__(self) -> None:
        self.result: ComparisonResult | None = None
        self.met_a: set[int] = set()
        self.met_b: set[int] = set()

    def take(self, result: ComparisonResult) -> None:
        """Take in what one more pair says."""
        if result.level <= NEAR:
            self.met_a.add(result.a)
            self.met_b.add(result.b)
        self.result = stronger_of(result, self.result)

    def may_change(self, most: Bits, level: int, i: int, j: int) -> bool:
        """Whether a pair may that has these bits, and this level, at most: pairs come by bits against strangers.

        Once none has more of these, the level of all is known, and it tells whether names that agree count.
        """
        best = self.result
        if best is None:
            return True
        if most[0] >= best.bits[0] or any(map(int.__gt__, most[1:], best.bits[1:])):
            return True
        return level <= NEAR >= best.level and (i not in self.met_a or j not in self.met_b)


def find_best(a: EntityPrint, b: EntityPrint, table: Table, weigh: Weigh) -> BestNames:
    """The best of all pairs of names, the same as if all were compared."""
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
        level = _least_level(bound, a, b)
        if found.may_change(_most_bits(bound.bits, level, table), level, bound.a, bound.b):
            take(bound.a, bound.b, joined=bound.joined)
    rest = len(a.names) * len(b.names) - len(pairs.bounds)
    if rest and found.may_change(_most_bits(0, FAMILY_DIFFERS, table), FAMILY_DIFFERS, 0, 0):
        bounded = {(bound.a, bound.b) for bound in pairs.bounds}
        for i, j in _places(pairs):
            if (i, j) not in bounded:
                take(i, j, joined=False)
    return found


def _places(pairs: MetNames) -> Iterator[tuple[int, int]]:
    return product(range(len(pairs.a)), range(len(pairs.b)))


def bound_names(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Bits that names never exceed; None where a side has none."""
    if not a.names or not b.names:
        return None
    bounds = pairs_of(a.names, b.names).bounds
    most = [_most_bits(bound.bits, _least_level(bound, a, b), table) for bound in bounds]
    if len(bounds) < len(a.names) * len(b.names):
        most.append(_most_bits(0, FAMILY_DIFFERS, table))
    return ComparisonResult(tuple(map(max, zip(*most, strict=True))), SAME)


def _least_level(bound: PairBound, a: EntityPrint, b: EntityPrint) -> int:
    """The strongest level that a pair may have."""
    if bound.joined:
        return SAME
    if bound.agreeing < 2:
        single = len(a.names[bound.a].tokens) == len(b.names[bound.b].tokens) == 1
        return SAME if bound.agreeing and single else FAMILY_DIFFERS
    return FAMILY_DIFFERS if bound.contradict else SAME


def _most_bits(bits: int, level: int, table: Table) -> Bits:
    """The most that names of so many bits, of this level or a weaker one, say against each alternative."""
    household, named_after, group = table.companions[level]
    strangers = apply_curve(bits, table.curve) if table.curve else bits
    if level > NEAR:
        return strangers, household, named_after, group
    return strangers, max(household + MOST_GROWTH, 0), named_after, group + MOST_FURTHER
