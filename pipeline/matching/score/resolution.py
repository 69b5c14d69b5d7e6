"""Groups entities that are the same, by all links together instead of two by two.

Ties are taken from the strongest to the weakest (agglomerative clustering). A tie joins two groups unless a member of
one and a member of the other are apart. An entity that could as well belong to another group, which is apart from this
one, joins neither: a John Smith without a birth date, where a father and a son have this name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from pipeline.matching.alternatives import NO_BITS, STRANGERS
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model
from pipeline.matching.score.scoring import settle_results
from pipeline.matching.work import compared_entities

CONTRADICTION = -1000
"""Hundredths of a bit of evidence; with less, two entities cannot be in one group."""

OF_COMPANIONS = -400
"""Hundredths of a bit. To keep two records apart as companions, one comparison must say so much for that, as another
birth date or given name does. Without this, two records that say little would be apart, since companions are more
frequent than records of one person. On fake_1000 and historical figures it raises F1 with the shipped model from .67
and .59 to .76 and .71."""

AMBIGUOUS = 100
"""Hundredths of a bit. Ties that differ by less (odds of 1 to 2) do not tell to which group an entity belongs."""

Apart = Callable[[int, int], bool]


class Tie(NamedTuple):
    """A tie of two entities, by index; `bits` is its strength in hundredths of a bit."""

    bits: int
    a: int
    b: int


def are_apart(a: EntityPrint, b: EntityPrint, model: Model) -> bool:
    """Whether two entities are more likely strangers or companions than the same."""
    if a.type != b.type:
        return True
    a, b = compared_entities(a, b)
    plan = model.plans[a.type]
    found = settle_results([result for compare, table in plan if (result := compare(a, b, table)) is not None])
    by_alternative = list(zip(*[result.bits for result in found], strict=True))
    bits, least = tuple(map(sum, by_alternative)) or NO_BITS, tuple(map(min, by_alternative)) or NO_BITS
    if bits[STRANGERS] < CONTRADICTION:
        return True
    return any(
        bits[kind] + offset + model.prior < 0 and least[kind] < OF_COMPANIONS
        for kind, offset in model.companions[a.type]
    )


def group_ties(count: int, ties: Iterable[Tie], apart: Apart) -> list[list[int]]:
    """Group the indices 0 to `count` - 1; an index without ties is its own group. Ascending and deterministic."""
    return _Groups(count, sorted(ties, key=lambda tie: (-tie.bits, tie.a, tie.b)), apart).list_groups()


class _Groups:
    def __init__(self, count: int, ties: list[Tie], apart: Apart) -> None:
        self._ties, self._of = ties, list(range(count))
        self._members = {thing: [thing] for thing in range(count)}
        self._neighbours: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for bits, a, b in ties:
            self._neighbours[a].append((bits, b))
            self._neighbours[b].append((bits, a))
        self._apart, self._known = apart, dict[tuple[int, int], bool]()

    def list_groups(self) -> list[list[int]]:
        for tie in self._ties:
            one, other = self._of[tie.a], self._of[tie.b]
            if one == other or self._are_apart(one, other):
                continue
            if not any(self._could_go_elsewhere(thing, tie) for thing in (tie.a, tie.b)):
                self._join_groups(one, other)
        return sorted(sorted(members) for members in self._members.values())

    def _join_groups(self, one: int, other: int) -> None:
        if len(self._members[one]) < len(self._members[other]):
            one, other = other, one
        for thing in self._members[other]:
            self._of[thing] = one
        self._members[one] += self._members.pop(other)

    def _are_apart(self, one: int, other: int) -> bool:
        return any(self._tells_apart(a, b) for a in self._members[one] for b in self._members[other])

    def _tells_apart(self, a: int, b: int) -> bool:
        pair = (a, b) if a < b else (b, a)
        if pair not in self._known:
            self._known[pair] = self._apart(*pair)
        return self._known[pair]

    def _could_go_elsewhere(self, thing: int, tie: Tie) -> bool:
        """Whether the entity's group has a tie of about this strength to a group that is apart from the other's."""
        here, there = self._of[thing], self._of[tie.b if thing == tie.a else tie.a]
        rivals = {
            self._of[other]
            for member in self._members[here]
            for bits, other in self._neighbours[member]
            if abs(bits - tie.bits) < AMBIGUOUS
        }
        return any(rival not in (here, there) and self._are_apart(rival, there) for rival in rivals)
