"""Candidate lookup: stored cases that share a blocking key, minus those that the screen excludes.

Cases are looked up together as long as what they meet is bounded; one that meets a crowd, as a value that everybody has
brings it about, is looked up by itself, a bounded number of others at a time. All are looked at: what is left out
depends on two cases alone, never on how many others there are or which came first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.correlation.block_lists import CaseNumberArray
from pipeline.correlation.store import SEQUENCE_BITS, UNKNOWN_COUNTRY, BlockStore, Entries
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.screening.rows import Index, expand_counts
from pipeline.matching.screening.screening import Sketches, join_sketches

ScreenPairs = Callable[[Sketches, Sketches], NDArray[np.bool_]]
"""Tells for each pair whether its probability may reach the threshold. Pure, and far cheaper than judging the pair."""

BlockSizeObserver = Callable[[NDArray[np.uint64], NDArray[np.int64]], None]
"""Told of the blocks that cases met, by their keys and sizes: for metrics, never for decisions."""

MOST_TOGETHER = 1 << 14
"""Entries looked up, and pairs screened, at once: the screen takes about 1 kB a pair while it works."""

_NUMBER_BITS, _NUMBER = np.uint64(32), np.uint64((1 << 32) - 1)
_SEQUENCE_BITS, _SEQUENCE = np.uint32(SEQUENCE_BITS), np.uint32((1 << SEQUENCE_BITS) - 1)


class Candidates(NamedTuple):
    """The numbers of the cases that one may be linked with, and how many it met."""

    numbers: list[int]
    met: int


class CandidateLookup:
    """Looks up many cases in one store at once."""

    def __init__(
        self, store: BlockStore, *, within: bool, screen: ScreenPairs, observer: BlockSizeObserver | None
    ) -> None:
        self._store, self._within, self._screen, self._observer = store, within, screen, observer

    def __call__(self, fingerprints: Sequence[Fingerprint], owned: Sequence[Sequence[int]]) -> list[Candidates]:
        """Whom each meets under those of its keys that the store's partition owns."""
        counted = iter(self._store.count_entries([key for keys in owned for key in keys]).tolist())
        sizes = [list(islice(counted, len(keys))) for keys in owned]
        totals = [sum(some) for some in sizes]
        found: list[Candidates] = []
        for start, end in _group_bounded(totals):
            if totals[start] > MOST_TOGETHER:
                found.append(self._meet_crowd(fingerprints[start], owned[start], sizes[start]))
            else:
                found += self._meet_together(fingerprints[start:end], owned[start:end])
        return found

    def each_other(
        self, fingerprints: Sequence[Fingerprint], owned: Sequence[Sequence[int]]
    ) -> Mapping[int, Sequence[int]]:
        """By the place of each of these cases, those of the ones before it that it may be linked with."""
        before, behind = _pair_places(owned)
        if not self._within:
            countries = np.array([fingerprint.country for fingerprint in fingerprints])
            kept = (countries[before] != countries[behind]) | (countries[before] == "")
            before, behind = before[kept], behind[kept]
        found: dict[int, list[int]] = {}
        if len(before):
            sketches = join_sketches([fingerprint.sketch for fingerprint in fingerprints])
            may = self._screen(sketches.take_cases(behind), sketches.take_cases(before))
            for one, other in zip(before[may].tolist(), behind[may].tolist(), strict=True):
                found.setdefault(other, []).append(one)
        return found

    def _meet_together(self, fingerprints: Sequence[Fingerprint], owned: Sequence[Sequence[int]]) -> list[Candidates]:
        entries, asking = self._find_entries(owned)
        asking, numbers = self._drop_same_country(fingerprints, asking, entries["number"])
        counts = np.bincount(asking, minlength=len(owned)).tolist()
        if len(numbers):
            sketches = join_sketches([fingerprint.sketch for fingerprint in fingerprints])
            may = self._screen(sketches.take_cases(asking), self._held_sketches(numbers))
            asking, numbers = asking[may], numbers[may]
        ends = np.searchsorted(asking, np.arange(len(owned)), side="right").tolist()
        return [
            Candidates(numbers[start:end].tolist(), count)
            for start, end, count in zip([0, *ends], ends, counts, strict=False)
        ]

    def _meet_crowd(self, fingerprint: Fingerprint, keys: Sequence[int], sizes: Sequence[int]) -> Candidates:
        """One case's: its keys in groups that are bounded but for a single key's block, then those it meets in turn."""
        numbers: CaseNumberArray = np.empty(0, np.uint32)
        for start, end in _group_bounded(sizes):
            entries, asking = self._find_entries([keys[start:end]])
            _, met = self._drop_same_country([fingerprint], asking, entries["number"])
            numbers = np.union1d(numbers, met) if len(numbers) else met
        sketches = join_sketches([fingerprint.sketch])
        alone = np.zeros(MOST_TOGETHER, np.int64)
        kept = []
        for start in range(0, len(numbers), MOST_TOGETHER):
            some = numbers[start : start + MOST_TOGETHER]
            kept.append(some[self._screen(sketches.take_cases(alone[: len(some)]), self._held_sketches(some))])
        return Candidates([number for some in kept for number in some.tolist()], len(numbers))

    def _held_sketches(self, numbers: CaseNumberArray) -> Sketches:
        return self._store.sketches.get_sketches(numbers & _SEQUENCE)

    def _find_entries(self, owned: Sequence[Sequence[int]]) -> tuple[Entries, NDArray[np.int64]]:
        entries, asking = self._store.find_entries(owned)
        if self._observer is not None:
            _observe_sizes(self._observer, entries, asking)
        return entries, asking

    def _drop_same_country(
        self, fingerprints: Sequence[Fingerprint], asking: NDArray[np.int64], numbers: CaseNumberArray
    ) -> tuple[NDArray[np.int64], CaseNumberArray]:
        """Each pair once, without those of one country for certain."""
        if not self._within:
            own = np.array([self._store.country_byte(fingerprint.country) for fingerprint in fingerprints], np.uint32)[
                asking
            ]
            kept = (own == UNKNOWN_COUNTRY) | (own != numbers >> _SEQUENCE_BITS)
            asking, numbers = asking[kept], numbers[kept]
        pairs = asking.astype(np.uint64) << _NUMBER_BITS | numbers
        pairs.sort()  # np.unique hashes first, which takes several times as long
        if len(pairs):
            pairs = pairs[np.concatenate([[True], pairs[1:] != pairs[:-1]])]
        return (pairs >> _NUMBER_BITS).astype(np.int64), (pairs & _NUMBER).astype(np.uint32)


def _group_bounded(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Begin and end of groups in order, each of at most MOST_TOGETHER in all, or of a single one that is larger."""
    start = total = 0
    for at, size in enumerate(sizes):
        if at > start and total + size > MOST_TOGETHER:
            yield start, at
            start, total = at, 0
        total += size
    if start < len(sizes):
        yield start, len(sizes)


def _pair_places(owned: Sequence[Sequence[int]]) -> tuple[Index, Index]:
    """The places of each two that have a key in common, the lesser one first, in order."""
    sizes = [len(keys) for keys in owned]
    keys = np.fromiter(chain.from_iterable(owned), np.uint64, sum(sizes))
    order = np.argsort(keys, kind="stable")
    keys, places = keys[order], np.repeat(np.arange(len(owned)), sizes)[order]
    ends = np.searchsorted(keys, keys, side="right")
    at, further = expand_counts(ends - np.arange(len(keys)) - 1)
    pairs = np.unique(places[at] * len(owned) + places[at + 1 + further])
    before, behind = np.divmod(pairs, max(1, len(owned)))
    return before[before != behind], behind[before != behind]


def _observe_sizes(observer: BlockSizeObserver, entries: Entries, asking: NDArray[np.int64]) -> None:
    """A key's entries lie together, so a block ends where the key or the case changes."""
    keys = entries["key"]
    begins = np.flatnonzero(np.diff(keys, prepend=np.uint64(0)).astype(bool) | np.diff(asking, prepend=-1).astype(bool))
    observer(keys[begins], np.diff(begins, append=len(keys)))
