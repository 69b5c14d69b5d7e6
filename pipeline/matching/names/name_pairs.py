"""Pairs of the names of two entities: their bounds, and the comparisons made so far.

A search compares one entity with a hundred others. The bounds of all of these are computed at once. As long as somebody
holds the pairs, later steps (whether names agree, what they weigh, which pair is the best, why) reuse comparisons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, product
from operator import is_
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from pipeline.matching.names.comparison import NameComparison, compare
from pipeline.matching.names.joined_words import BOTH_WAYS
from pipeline.matching.names.name_sets import NameSet, name_set
from pipeline.matching.names.pair_bounds import FEW, PairBound, bound_each, bound_pairs
from pipeline.matching.names.prints import NamePrint
from pipeline.matching.names.token_levels import NameIndices, find_resembling

Names = tuple[NamePrint, ...]
Said = TypeVar("Said")

FEW_MET = 12
"""Up to so many pairs of an entity's names with all that it meets cost less to align than to bound (lists in the
stream)."""

_MOST_WORDS = 6_000
"""Words of names that are bounded together; a hundred candidates have some 1,400. This keeps memory below 50 MB even if
each candidate has many entities with many names."""


class MetNames:
    """The pairs of the names `a` and `b`, each of which has one name or more."""

    __slots__ = ("__weakref__", "_bounds", "_compared", "_resembling", "_said", "a", "b")

    def __init__(self, a: Names, b: Names, bounds: list[PairBound] | None = None) -> None:
        self.a, self.b, self._bounds = a, b, bounds
        self._compared: dict[NameIndices, NameComparison] = {}
        self._resembling: frozenset[NameIndices] | None = None
        self._said: tuple[tuple[object, ...], Any] | None = None

    @property
    def few(self) -> bool:
        """Whether aligning all pairs costs less than bounding them; False if they are bounded already."""
        return self._bounds is None and len(self.a) * len(self.b) <= FEW

    @property
    def bounds(self) -> list[PairBound]:
        """The bounds of the pairs (pair_bounds.bound_pairs)."""
        if self._bounds is None:
            self._bounds = bound_pairs(name_set(self.a), name_set(self.b))
        return self._bounds

    @property
    def may_agree(self) -> bool:
        """Whether the bounds leave open that a pair of names has positive bits."""
        return bool(self.bounds) and self.bounds[0].bits > 0

    @property
    def resembling(self) -> frozenset[NameIndices]:
        """The pairs, by number, with words that may be one with several slips."""
        if self._resembling is None:
            self._resembling = find_resembling(self.a, self.b)
        return self._resembling

    @property
    def agree(self) -> bool:
        """Whether a pair of names has positive bits."""
        if self.few:
            return any(self.compare(i, j).bits > 0 for i in range(len(self.a)) for j in range(len(self.b)))
        likely = (bound for bound in self.bounds if bound.bits > 0)
        return any(self.compare(bound.a, bound.b, joined=bound.joined).bits > 0 for bound in likely)

    def compare(self, i: int, j: int, *, joined: int = BOTH_WAYS) -> NameComparison:
        """The comparison of two names, by index, which is made once; `joined` is as in comparison.compare."""
        found = self._compared.get((i, j))
        if found is None:
            found = self._compared[i, j] = compare(self.a[i], self.b[j], joined=joined)
        return found

    def recall(self, about: tuple[object, ...], find: Callable[[], Said]) -> Said:
        """What `find` tells of the names, found once for the same objects that it is `about`."""
        said = self._said
        if said is None or not all(map(is_, said[0], about)):
            said = self._said = about, find()
        found: Said = said[1]
        return found


_held: WeakValueDictionary[tuple[int, int], MetNames] = WeakValueDictionary()
"""By the ids of both tuples of names, which the values hold, so that no other object gets these ids."""


def pairs_of(a: Names, b: Names) -> MetNames:
    """The pairs of two entities' names: those that somebody holds, or new ones."""
    return (_held.get((id(a), id(b))) if _held else None) or MetNames(a, b)


def compare_only(a: Names, b: Names) -> NameComparison:
    """The comparison of two entities with one name each."""
    held = _held.get((id(a), id(b))) if _held else None
    return compare(a[0], b[0]) if held is None else held.compare(0, 0)


def meet_names(a: Names, others: Sequence[Names], first: Sequence[bool] = ()) -> list[MetNames]:
    """The pairs of an entity's names with those of each other entity, bounded together.

    They are reused as long as the caller holds them. `first[i]` says whether `others[i]` is the first of the two sides;
    by default none is.
    """
    found: list[MetNames] = []
    for some in _part_others(others):
        found += _bound_together(a, some, first[len(found) :] or [False] * len(some))
    return _hold(found)


def meet_or_hold(a: Names, others: Sequence[Names], first: Sequence[bool] = ()) -> list[MetNames]:
    """The same as meet_names, without bounds where there are so few that aligning them costs less (FEW_MET)."""
    if len(a) * sum(map(len, others)) > FEW_MET:
        return meet_names(a, others, first)
    turns = first or [False] * len(others)
    return _hold([_pair_names(a, names, turn) for names, turn in zip(others, turns, strict=True)])


def _hold(found: list[MetNames]) -> list[MetNames]:
    _held.update({(id(pairs.a), id(pairs.b)): pairs for pairs in found})
    return found


def _pair_names(a: Names, other: Names, turn: bool, bounds: list[PairBound] | None = None) -> MetNames:
    return MetNames(other, a, bounds) if turn else MetNames(a, other, bounds)


def _part_others(others: Iterable[Names]) -> Iterator[list[Names]]:
    """Part the entities into lists of at most _MOST_WORDS words; one with more stands alone."""
    part: list[Names] = []
    words = 0
    for names in others:
        count = sum([len(name.tokens) for name in names])
        if part and words + count > _MOST_WORDS:
            yield part
            part, words = [], 0
        part.append(names)
        words += count
    if part:
        yield part


def _bound_together(a: Names, others: Sequence[Names], first: Sequence[bool]) -> Iterator[MetNames]:
    many = NameSet([name for names in others for name in names]) if len(others) > 1 else name_set(others[0])
    firsts = list(accumulate(map(len, others[:-1]), initial=0))
    for names, bounds, turn in zip(others, bound_each(name_set(a), many, firsts, first), first, strict=False):
        yield _pair_names(a, names, turn, bounds)


def best_pair(a: Names, b: Names) -> tuple[NameComparison, int, int]:
    """The comparison with the most bits, and the indices of its names; of equals the first. Each side has a name."""
    return max(_compare_likely(pairs_of(a, b)), key=lambda one: (one[0].bits, -one[1], -one[2]))


def _compare_likely(pairs: MetNames) -> list[tuple[NameComparison, int, int]]:
    """The pairs that may have the most bits. Pairs without a word that agrees have negative bits."""
    if pairs.few:
        return _compare_all(pairs)
    best, found = 0, []
    for bound in pairs.bounds:
        if bound.bits < best:
            break
        compared = pairs.compare(bound.a, bound.b, joined=bound.joined)
        best = max(best, compared.bits)
        found.append((compared, bound.a, bound.b))
    return found if best > 0 else _compare_all(pairs)


def _compare_all(pairs: MetNames) -> list[tuple[NameComparison, int, int]]:
    places = product(range(len(pairs.a)), range(len(pairs.b)))
    return [(pairs.compare(i, j), i, j) for i, j in places]
