"""Blocks that grow with the data: which keys many cases bear, found in bounded memory by reading all cases twice.

First a sieve tells which keys can't be borne by so many; then the bearers of the others are counted one by one. Of a
case that comes several times the last version counts. Of each block some cases are drawn, the same whatever the order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import chain

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.correlation.key_kinds import hash_value
from pipeline.matching.fingerprint import Fingerprint

SIEVE_BITS = 22
"""Places of the sieve, of four bytes: 25 million keys, of a million cases, are six to each."""

UNEVEN_BITS = np.uint64(8)
"""Low bits of a key that tell its partition, so that those of one partition are not spread evenly by them."""

MOST_DRAWN = 200
"""Cases drawn of each block: of links of which one in 50 is lost, 200 cases with one each show four."""

MOST_BLOCKS = 100
"""Blocks looked at closely, the largest."""


class CrowdedBlock(msgspec.Struct, frozen=True):
    """A key that many cases bear, how many, the pairs that it brings together, and the cases drawn of it."""

    key: int
    cases: int
    pairs: int
    drawn: tuple[Fingerprint, ...]


class KeySieve:
    """Counts the keys that one partition owns, of all versions of all cases; several share a place."""

    def __init__(self, partition: int = 0, partitions: int = 1) -> None:
        self._partition, self._partitions = np.uint64(partition), np.uint64(partitions)
        self._counts = np.zeros(1 << SIEVE_BITS, np.int32)

    def add_cases(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Count the keys of some cases."""
        keys, _ = self._own_keys(fingerprints)
        np.add.at(self._counts, _places(keys), 1)

    def find_bearers(self, fingerprints: Sequence[Fingerprint], over: int) -> dict[int, list[int]]:
        """By the place of each of these cases, those of its keys that more than `over` cases may bear."""
        keys, at = self._own_keys(fingerprints)
        may = self._counts[_places(keys)] > over
        found: dict[int, list[int]] = defaultdict(list)
        for place, key in zip(at[may].tolist(), keys[may].tolist(), strict=True):
            found[place].append(key)
        return found

    def _own_keys(self, fingerprints: Sequence[Fingerprint]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        counts = [len(fingerprint.keys) for fingerprint in fingerprints]
        keys = np.fromiter(chain.from_iterable(one.keys for one in fingerprints), np.uint64, sum(counts))
        own = keys % self._partitions == self._partition
        return keys[own], np.repeat(np.arange(len(counts)), counts)[own]


def _places(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    return (keys >> UNEVEN_BITS & np.uint64((1 << SIEVE_BITS) - 1)).astype(np.int64)


class BlockSurvey:
    """Counts who bears the keys that the sieve leaves, by the last version of each case.

    It holds some 200 bytes for each case that bears one, and as many fingerprints of each block as are `drawn`.
    """

    def __init__(self, sieve: KeySieve, over: int, drawn: int = MOST_DRAWN) -> None:
        self._sieve, self._over = sieve, over
        self._borne: dict[str, tuple[str, list[int]]] = {}
        self._draws: dict[int, _Draw] = defaultdict(lambda: _Draw(drawn))

    def add_cases(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Take in some cases, in the order of their versions."""
        found = self._sieve.find_bearers(fingerprints, self._over)
        for place, fingerprint in enumerate(fingerprints):
            keys = found.get(place, [])
            _, before = self._borne.pop(fingerprint.case, ("", []))
            for key in before:
                self._draws[key].remove_case(fingerprint.case)
            if keys:
                self._borne[fingerprint.case] = fingerprint.country, keys
                for key in keys:
                    self._draws[key].add_case(fingerprint)

    def find_blocks(self, *, within: bool = False, most: int | None = MOST_BLOCKS) -> list[CrowdedBlock]:
        """The blocks of more cases than that, the largest first; no more than `most`, unless that is None."""
        countries: dict[int, Counter[str]] = defaultdict(Counter)
        for country, keys in self._borne.values():
            for key in keys:
                countries[key][country] += 1
        crowded = [(counted.total(), key) for key, counted in countries.items() if counted.total() > self._over]
        crowded.sort(key=lambda found: (-found[0], found[1]))
        return [
            CrowdedBlock(key, cases, _count_pairs(countries[key], within=within), self._draws[key].cases)
            for cases, key in crowded[:most]
        ]


class _Draw:
    """The cases of a block whose names have the smallest hashes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: dict[str, tuple[int, Fingerprint]] = {}
        self._limit = 0

    def add_case(self, fingerprint: Fingerprint) -> None:
        rank = hash_value(fingerprint.case)
        if len(self._held) >= self._most and rank >= self._limit:
            return
        self._held[fingerprint.case] = rank, fingerprint
        if len(self._held) > self._most:
            del self._held[max(self._held, key=lambda case: self._held[case][0])]
        if len(self._held) == self._most:
            self._limit = max(rank for rank, _ in self._held.values())

    def remove_case(self, case: str) -> None:
        self._held.pop(case, None)

    @property
    def cases(self) -> tuple[Fingerprint, ...]:
        return tuple(found for _, found in sorted(self._held.values(), key=lambda held: held[0]))


def _count_pairs(countries: Counter[str], *, within: bool) -> int:
    """Pairs of cases, of different countries unless `within`."""
    total = countries.total()
    alike = 0 if within else sum(count * (count - 1) for count in countries.values())
    return (total * (total - 1) - alike) // 2


def survey_blocks(cases: Sequence[Fingerprint], over: int, *, within: bool = False) -> list[CrowdedBlock]:
    """The blocks of more than `over` of some cases that are at hand."""
    sieve = KeySieve()
    sieve.add_cases(cases)
    survey = BlockSurvey(sieve, over)
    survey.add_cases(cases)
    return survey.find_blocks(within=within)
