"""Candidate lookup: stored cases that share a blocking key, minus those that the screen excludes.

Several cases are looked up together, as many as keep the number of entries below a bound. A value that everybody has
makes a key with very many cases, a crowd. Cases that meet the same crowd are screened against it side by side, a
bounded number of its cases at a time. None of the crowd is skipped: whether a pair is left out depends on its two cases
alone, never on how many other cases there are or which came first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple, TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from pipeline.correlation.block_lists import CaseNumberArray
from pipeline.correlation.store import SEQUENCE_BITS, UNKNOWN_COUNTRY, BlockStore, Entries
from pipeline.matching.bounds.sketches import Sketches, join_sketches
from pipeline.matching.encoded import Index, expand_counts
from pipeline.matching.fingerprint import Fingerprint

ScreenPairs = Callable[[Sketches, Sketches], NDArray[np.bool_]]
"""Tells for each pair whether its probability may reach the threshold. Pure, and far cheaper than judging the pair."""

BlockSizeObserver = Callable[[NDArray[np.uint64], NDArray[np.int64]], None]
"""Receives the keys and sizes of the blocks that cases met, for metrics; nothing is decided by it."""

ScreenCrowd = Callable[[Sketches, Sketches], NDArray[np.bool_]]
"""Tells whether each of a few cases may be linked with each of many: shape (few, many). Pure; it costs less a pair than
ScreenPairs, and rules out fewer."""

MOST_TOGETHER = 1 << 14
"""Entries that are looked up, and pairs that are screened, at once. The screen needs about 1 kB of memory a pair."""

CROWD = 1 << 10
"""A key with at least so many cases makes a crowd."""

LEAST_SHARE = 0.2
"""The share of a crowd that a case must meet, since it does not meet those of its own country, before the crowd screen
is used for it. The crowd screen looks at the whole crowd, at a fifth of the screen's cost."""

_NUMBER_BITS, _NUMBER = np.uint64(32), np.uint64((1 << 32) - 1)
_SEQUENCE_BITS, _SEQUENCE = np.uint32(SEQUENCE_BITS), np.uint32((1 << SEQUENCE_BITS) - 1)

_Number = TypeVar("_Number", np.uint32, np.uint64)


class Candidates(NamedTuple):
    """The candidates of one case: the numbers of the cases that it may be linked with, and how many cases it met.

    `sampled` are those of the cases met that are looked at again, whatever the screens say of them (SAMPLED).
    """

    numbers: list[int]
    met: int
    sampled: Sequence[int] = ()


NOBODY = Candidates([], 0)

SAMPLED = 10_000
"""One in so many pairs, by a hash of the pair, is held to what the screens promise: no link is ruled out."""

_MIXED, _IN_SAMPLE = np.uint32(0x9E3779B1), np.uint32((1 << 32) // SAMPLED)
"""Knuth's multiplicative hash of a case's number in its store, and the pairs whose hash is below the sample's share."""


class _Asking(NamedTuple):
    """A case that is looked up, and its index among those looked up.

    `few` are its keys that make no crowd; `total` is an upper limit of the entries under them.
    """

    place: int
    fingerprint: Fingerprint
    few: list[int]
    total: int


class CandidateLookup:
    """Looks up the candidates of several cases in one store at once.

    `within` also pairs cases of one country. `observer` is told of each block that a case meets.
    """

    def __init__(
        self,
        store: BlockStore,
        *,
        within: bool,
        screen: ScreenPairs,
        screen_crowd: ScreenCrowd,
        observer: BlockSizeObserver | None,
    ) -> None:
        self._store, self._within, self._observer = store, within, observer
        self._screen, self._screen_crowd = screen, screen_crowd

    def __call__(self, fingerprints: Sequence[Fingerprint], owned: Sequence[Sequence[int]]) -> list[Candidates]:
        """The candidates of each case in the store; `owned` are those of its keys that the store's partition owns."""
        counted = iter(self._store.count_entries([key for keys in owned for key in keys]).tolist())
        found = [NOBODY] * len(fingerprints)
        crowds: dict[tuple[int, ...], list[_Asking]] = {}
        for place, keys in enumerate(owned):
            sizes = list(islice(counted, len(keys)))
            has_crowds = sizes and max(sizes) >= CROWD
            few, many, total = _part_crowds(keys, sizes) if has_crowds else (list(keys), (), sum(sizes))
            crowds.setdefault(many, []).append(_Asking(place, fingerprints[place], few, total))
        for keys, asking_cases in crowds.items():
            for asking, candidates in self._meet_all(keys, asking_cases):
                found[asking.place] = candidates
        return found

    def each_other(
        self, fingerprints: Sequence[Fingerprint], owned: Sequence[Sequence[int]]
    ) -> Mapping[int, Sequence[int]]:
        """The candidates among the given cases themselves: by the index of a case, indices of earlier ones."""
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

    def _meet_all(self, keys: Sequence[int], asking: Sequence[_Asking]) -> Iterator[tuple[_Asking, Candidates]]:
        """The candidates of cases whose keys make the same crowds; `keys` is empty if they make none."""
        crowd = self._find_crowd(keys, len(asking))
        for start, end in _group_bounded([case.total for case in asking]):
            some = asking[start:end]
            yield from zip(some, self._meet_together(some, crowd), strict=True)

    def _find_crowd(self, keys: Sequence[int], times: int) -> CaseNumberArray:
        """The distinct cases under the keys of crowds, ascending; `times` is how many cases ask for them."""
        crowd: CaseNumberArray = np.empty(0, np.uint32)
        for key in keys:
            entries, _ = self._store.find_entries([[key]])
            if self._observer is not None:
                self._observer(np.full(times, key, np.uint64), np.full(times, len(entries), np.int64))
            crowd = _sort_once(np.concatenate([crowd, entries["number"]]))
        return crowd

    def _meet_together(self, cases: Sequence[_Asking], crowd: CaseNumberArray) -> list[Candidates]:
        fingerprints = [case.fingerprint for case in cases]
        entries, asking = self._find_entries([case.few for case in cases])
        numbers = entries["number"]
        kept = self._is_met(self._country_bytes(fingerprints)[asking], numbers)
        asking, numbers = _pair_once(asking[kept], numbers[kept])
        sketches = join_sketches([fingerprint.sketch for fingerprint in fingerprints])
        counts = np.zeros(len(cases), np.int64)
        sampled: dict[int, list[int]] = {}
        if len(crowd):
            at_or_behind = np.minimum(np.searchsorted(crowd, numbers), len(crowd) - 1)
            beyond = crowd[at_or_behind] != numbers
            asking, numbers = asking[beyond], numbers[beyond]
            met, met_numbers, counts = self._meet_crowd(fingerprints, sketches, crowd, sampled)
            asking, numbers = _pair_once(np.concatenate([asking, met]), np.concatenate([numbers, met_numbers]))
            counts -= np.bincount(met, minlength=len(cases))
        counts += np.bincount(asking, minlength=len(cases))
        for at in np.flatnonzero(_is_sampled(_hash_cases(fingerprints)[asking], numbers)).tolist():
            sampled.setdefault(int(asking[at]), []).append(int(numbers[at]))
        may = np.zeros(len(numbers), np.bool_)
        for start in range(0, len(numbers), MOST_TOGETHER):
            some = slice(start, start + MOST_TOGETHER)
            may[some] = self._screen(sketches.take_cases(asking[some]), self._held_sketches(numbers[some]))
        asking, numbers = asking[may], numbers[may]
        ends = np.searchsorted(asking, np.arange(len(cases)), side="right").tolist()
        return [
            Candidates(numbers[start:end].tolist(), count, sampled.get(place, ()))
            for place, (start, end, count) in enumerate(zip([0, *ends], ends, counts.tolist(), strict=False))
        ]

    def _meet_crowd(
        self,
        fingerprints: Sequence[Fingerprint],
        sketches: Sketches,
        crowd: CaseNumberArray,
        sampled: dict[int, list[int]],
    ) -> tuple[Index, CaseNumberArray, Index]:
        """Hold a few cases against a crowd.

        Returns `(asking, numbers, counts)`: the pairs that the crowd screen leaves open, as the index of the asking
        case and the number of the other one, and how many of the crowd each asking case met. Pairs of the sample that
        it rules out are added to `sampled`, by the asking case.
        """
        hashes = _hash_cases(fingerprints)
        counts = np.zeros(len(fingerprints), np.int64)
        countries = self._country_bytes(fingerprints)[:, None]
        asking, found = [np.empty(0, np.int64)], [crowd[:0]]
        for start in range(0, len(crowd), MOST_TOGETHER):
            some = crowd[start : start + MOST_TOGETHER]
            met = self._is_met(countries, some)
            counts += met.sum(1)
            many = np.flatnonzero(met.mean(1) >= LEAST_SHARE)
            columns = np.flatnonzero(met.any(0))
            if len(columns) < len(some):
                some, met = some[columns], met[:, columns]
            if many.size:
                may = self._screen_crowd(sketches.take_cases(many), self._held_sketches(some))
                for place, at in zip(
                    *np.nonzero(met[many] & ~may & _is_sampled(hashes[many, None], some)), strict=True
                ):
                    sampled.setdefault(int(many[place]), []).append(int(some[at]))
                met[many] &= may
            place, at = np.nonzero(met)
            asking.append(place)
            found.append(some[at])
        return np.concatenate(asking), np.concatenate(found), counts

    def _held_sketches(self, numbers: CaseNumberArray) -> Sketches:
        return self._store.sketches.get_sketches(numbers & _SEQUENCE)

    def _find_entries(self, owned: Sequence[Sequence[int]]) -> tuple[Entries, NDArray[np.int64]]:
        entries, asking = self._store.find_entries(owned)
        if self._observer is not None:
            # The entries of a key adjoin, so a block ends where the key or the asking case changes.
            keys = entries["key"]
            is_other = np.diff(keys, prepend=np.uint64(0)).astype(bool) | np.diff(asking, prepend=-1).astype(bool)
            begins = np.flatnonzero(is_other)
            self._observer(keys[begins], np.diff(begins, append=len(keys)))
        return entries, asking

    def _country_bytes(self, fingerprints: Sequence[Fingerprint]) -> NDArray[np.uint32]:
        return np.array([self._store.country_byte(fingerprint.country) for fingerprint in fingerprints], np.uint32)

    def _is_met(self, countries: NDArray[np.uint32], numbers: CaseNumberArray) -> NDArray[np.bool_]:
        """Whether cases of these countries (as bytes) meet the cases of these numbers; the arrays are broadcast."""
        if self._within:
            return np.ones(np.broadcast_shapes(countries.shape, numbers.shape), np.bool_)
        met: NDArray[np.bool_] = (countries == UNKNOWN_COUNTRY) | (countries != numbers >> _SEQUENCE_BITS)
        return met


def _hash_cases(fingerprints: Sequence[Fingerprint]) -> NDArray[np.uint32]:
    return np.array([crc32(fingerprint.case.encode()) for fingerprint in fingerprints], np.uint32)


def _is_sampled(hashes: NDArray[np.uint32], numbers: CaseNumberArray) -> NDArray[np.bool_]:
    """Whether pairs of cases of these hashes with those of these numbers are of the sample; the arrays broadcast."""
    sampled: NDArray[np.bool_] = (hashes ^ numbers * _MIXED) < _IN_SAMPLE
    return sampled


def _pair_once(asking: NDArray[np.int64], numbers: CaseNumberArray) -> tuple[NDArray[np.int64], CaseNumberArray]:
    """The distinct pairs, ascending by the asking case, then by number."""
    pairs = _sort_once(asking.astype(np.uint64) << _NUMBER_BITS | numbers)
    return (pairs >> _NUMBER_BITS).astype(np.int64), (pairs & _NUMBER).astype(np.uint32)


def _sort_once(values: NDArray[_Number]) -> NDArray[_Number]:
    """The distinct values, ascending."""
    values = np.sort(values)  # np.unique hashes first, which takes several times as long
    return values[np.concatenate([[True], values[1:] != values[:-1]])] if len(values) else values


def _part_crowds(keys: Sequence[int], sizes: Sequence[int]) -> tuple[list[int], tuple[int, ...], int]:
    """Part a case's keys: those that make no crowd, those that do, ascending, and the entries under the former."""
    few = [(key, size) for key, size in zip(keys, sizes, strict=True) if size < CROWD]
    many = sorted(key for key, size in zip(keys, sizes, strict=True) if size >= CROWD)
    return [key for key, _ in few], tuple(many), sum(size for _, size in few)


def _group_bounded(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Cut a list of sizes into slices `(begin, end)` that sum to at most MOST_TOGETHER; a larger size stands alone."""
    start = total = 0
    for at, size in enumerate(sizes):
        if at > start and total + size > MOST_TOGETHER:
            yield start, at
            start, total = at, 0
        total += size
    if start < len(sizes):
        yield start, len(sizes)


def _pair_places(owned: Sequence[Sequence[int]]) -> tuple[Index, Index]:
    """The distinct pairs of cases with a key in common, as two arrays of indices: the smaller index, and the larger."""
    sizes = [len(keys) for keys in owned]
    keys = np.fromiter(chain.from_iterable(owned), np.uint64, sum(sizes))
    order = np.argsort(keys, kind="stable")
    keys, places = keys[order], np.repeat(np.arange(len(owned)), sizes)[order]
    ends = np.searchsorted(keys, keys, side="right")
    at, further = expand_counts(ends - np.arange(len(keys)) - 1)
    pairs = np.unique(places[at] * len(owned) + places[at + 1 + further])
    before, behind = np.divmod(pairs, max(1, len(owned)))
    return before[before != behind], behind[before != behind]
