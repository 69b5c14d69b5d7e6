"""Finds the keys that many cases have, in bounded memory, by reading all cases twice.

The first reading fills a sieve, which rules out most keys that few cases have. The second counts the cases of the other
keys one by one, by the last version of each case, and draws a sample of each block. The sample does not depend on the
order of the cases.
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
"""log2 of the sieve's counters, of four bytes each. A million cases have 25 million keys, so six share a counter."""

UNEVEN_BITS = np.uint64(8)
"""Low bits of a key that the sieve ignores: they decide the partition, so within one they are not spread evenly."""

MOST_DRAWN = 200
"""Cases drawn from each block. If one link in 50 is lost, 200 cases with one link each show four of those."""

MOST_BLOCKS = 100
"""The largest blocks, which are examined closely."""


class CrowdedBlock(msgspec.Struct, frozen=True):
    """A key that many cases have: how many, the pairs that it brings together, and the cases drawn from them."""

    key: int
    cases: int
    pairs: int
    drawn: tuple[Fingerprint, ...]


class KeySieve:
    """Counts the keys that one partition owns, over all versions of all cases; several keys share a counter."""

    def __init__(self, partition: int = 0, partitions: int = 1) -> None:
        self._partition, self._partitions = np.uint64(partition), np.uint64(partitions)
        self._counts = np.zeros(1 << SIEVE_BITS, np.int32)

    def add_cases(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Count the keys of some cases."""
        keys, _ = self._own_keys(fingerprints)
        np.add.at(self._counts, _places(keys), 1)

    def find_bearers(self, fingerprints: Sequence[Fingerprint], over: int) -> dict[int, list[int]]:
        """By the index of each case, those of its keys that more than `over` cases may have."""
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
    """Counts the cases of each key that the sieve does not rule out, by the last version of each case.

    It holds some 200 bytes for each case with such a key, and `drawn` fingerprints of each block.
    """

    def __init__(self, sieve: KeySieve, over: int, drawn: int = MOST_DRAWN) -> None:
        self._sieve, self._over = sieve, over
        self._borne: dict[str, tuple[str, list[int]]] = {}
        self._draws: dict[int, _Draw] = defaultdict(lambda: _Draw(drawn))

    def add_cases(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Take in some cases; several versions of a case must come in order."""
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
        """The blocks of more than `over` cases, the largest first; at most `most` of them, or all if that is None."""
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
    """A sample of a block: the cases whose keys have the smallest hashes."""

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
    """The number of pairs of cases; `within` also counts pairs of one country."""
    total = countries.total()
    alike = 0 if within else sum(count * (count - 1) for count in countries.values())
    return (total * (total - 1) - alike) // 2


def survey_blocks(cases: Sequence[Fingerprint], over: int, *, within: bool = False) -> list[CrowdedBlock]:
    """The blocks of more than `over` cases among cases that are all in memory."""
    sieve = KeySieve()
    sieve.add_cases(cases)
    survey = BlockSurvey(sieve, over)
    survey.add_cases(cases)
    return survey.find_blocks(within=within)
