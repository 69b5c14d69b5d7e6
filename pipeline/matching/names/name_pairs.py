"""Pairs of the names of two entities: their bounds, and the comparisons made so far.

A search compares one entity with a hundred others, and a home judges hundreds of pairs at a time. The bounds of all of
these are computed at once. As long as somebody holds the pairs, later steps (whether names agree, what they weigh,
which pair is the best, why) reuse comparisons.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, product
from operator import is_
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from pipeline.matching.names.comparison import NameComparison, compare
from pipeline.matching.names.joined_words import BOTH_WAYS
from pipeline.matching.names.pair_bounds import FEW, Bounds, PairBound, bound_all, bound_pairs
from pipeline.matching.names.prints import Names
from pipeline.matching.names.token_levels import NameIndices, find_resembling

Said = TypeVar("Said")

_MOST_CELLS = 200_000
"""Pairs of words in names that are bounded together: 1,600 pairs of people of the lists took 5 MB of memory."""

_MOST_WORDS = 200
"""Words of an entity's names that are bounded as one; more are bounded in parts, as names do not depend on each other.
No entry of the UN's, the UK's and OFAC's lists has more."""


class MetNames:
    """The pairs of the names `a` and `b`, each of which has one name or more."""

    __slots__ = ("__weakref__", "_bounds", "_compared", "_found", "_resembling", "_said", "a", "b")

    def __init__(self, a: Names, b: Names) -> None:
        self.a, self.b = a, b
        self._found: tuple[Bounds, int] | None = None
        self._bounds: list[PairBound] | None = None
        self._compared: dict[NameIndices, NameComparison] = {}
        self._resembling: frozenset[NameIndices] | None = None
        self._said: tuple[tuple[object, ...], Any] | None = None

    def take_bounds(self, found: Bounds, pair: int) -> None:
        """Take the bounds that were found with those of other pairs, and the index of this pair among them."""
        self._found = found, pair

    @property
    def few(self) -> bool:
        """Whether aligning all pairs costs less than bounding them; False if they are bounded already."""
        return self._bounds is None and self._found is None and len(self.a) * len(self.b) <= FEW

    @property
    def bounds(self) -> list[PairBound]:
        """The bounds of the pairs of names in which words may agree, the highest first; in other pairs none agrees."""
        if self._bounds is None:
            self._bounds = self._found[0].of_pair(self._found[1]) if self._found else _bound_in_parts(self.a, self.b)
        return self._bounds

    @property
    def may_agree(self) -> bool:
        """Whether the bounds leave open that a pair of names has positive bits."""
        bounds = self.bounds
        return bool(bounds) and bounds[0].bits > 0

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


@contextmanager
def hold_names(a: Names, b: Names) -> Iterator[None]:
    """Hold the pairs of two entities' names, so that what is asked of them meanwhile is found once."""
    held = _held.setdefault((id(a), id(b)), MetNames(a, b))
    yield
    del held


def meet_names(pairs: Sequence[tuple[Names, Names]]) -> list[MetNames]:
    """Pairs of two entities' names, bounded together; both entities are of one type, and each has a name.

    They are reused as long as the caller holds them. Those with too many words to be bounded together are bounded when
    that is asked for.
    """
    found = [MetNames(a, b) for a, b in pairs]
    for some in _part_pairs(found):
        groups: defaultdict[int, list[MetNames]] = defaultdict(list)
        for one in some:
            groups[id(one.a)].append(one)
        bounds = bound_all([(group[0].a, [one.b for one in group]) for group in groups.values()])
        for at, one in enumerate(chain.from_iterable(groups.values())):
            one.take_bounds(bounds, at)
    _held.update({(id(one.a), id(one.b)): one for one in found})
    return found


def _part_pairs(pairs: Iterable[MetNames]) -> Iterator[list[MetNames]]:
    """Part pairs into lists of at most _MOST_CELLS pairs of words, each of names of people or of other names.

    Those that have more by themselves are left out.
    """
    words: dict[int, int] = {}
    parts: dict[bool, list[MetNames]] = {True: [], False: []}
    cells = {True: 0, False: 0}
    for one in pairs:
        count = words.get(id(one.a))
        if count is None:
            count = words[id(one.a)] = _count_words(one.a)
        count *= words.get(id(one.b)) or words.setdefault(id(one.b), _count_words(one.b))
        person = one.a[0].person
        if count > _MOST_CELLS:
            continue
        if cells[person] + count > _MOST_CELLS:
            yield parts[person]
            parts[person], cells[person] = [], 0
        parts[person].append(one)
        cells[person] += count
    yield from filter(None, parts.values())


def _count_words(names: Names) -> int:
    return sum([len(name.tokens) for name in names])


def _bound_in_parts(a: Names, b: Names) -> list[PairBound]:
    """The bounds of two entities' names. Those of many words are parted, as names do not depend on each other."""
    found = [
        bound._replace(a=bound.a + first, b=bound.b + second)
        for (first, some), (second, others) in product(_part_names(a), _part_names(b))
        for bound in bound_pairs(some, others)
    ]
    found.sort(reverse=True)
    return found


def _part_names(names: Names) -> Iterator[tuple[int, Names]]:
    """Part names by _MOST_WORDS; a single one may have more. Each part comes with the index of its first name."""
    first = words = 0
    for at, name in enumerate(names):
        if at > first and words + len(name.tokens) > _MOST_WORDS:
            yield first, names[first:at]
            first, words = at, 0
        words += len(name.tokens)
    yield first, names[first:]


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
