"""Finds the keys that many cases have, in bounded memory, by reading all cases twice.

The first reading fills a sieve of a fixed size, which rules out most keys that few cases have. The second counts the
cases of the other keys one by one, by the last version of each case, and draws a sample of each block. The sample does
not depend on the order of the cases.
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

SIEVE_BITS = 24
"""log2 of the sieve's counters, of four bytes each. 50 million cases have 1.2 billion keys, so 75 share a counter: far
fewer than a block has that is worth a look."""

MOST_DRAWN = 200
"""Cases drawn from each block. If one link in 50 is lost, 200 cases with one link each show four of those."""

MOST_BLOCKS = 100
"""The largest blocks, which are examined closely."""

SPARE = 2
"""For each of these so many of the sieve's largest counters are looked at, since other keys share them."""


class CrowdedBlock(msgspec.Struct, frozen=True):
    """A key that many cases have: how many, the pairs that it brings together, and the cases drawn from them."""

    key: int
    cases: int
    pairs: int
    drawn: tuple[Fingerprint, ...]


class KeySieve:
    """Counts the keys of all versions of all cases; several keys share a counter."""

    def __init__(self) -> None:
        self._counts = np.zeros(1 << SIEVE_BITS, np.int32)

    def add_cases(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Count the keys of some cases."""
        keys, _ = _join_keys(fingerprints)
        np.add.at(self._counts, _places(keys), 1)

    def find_bearers(self, fingerprints: Sequence[Fingerprint], over: int) -> dict[int, list[int]]:
        """By the index of each case, those of its keys whose counter is greater than `over`, as many cases may be."""
        keys, at = _join_keys(fingerprints)
        may = self._counts[_places(keys)] > over
        found: dict[int, list[int]] = defaultdict(list)
        for place, key in zip(at[may].tolist(), keys[may].tolist(), strict=True):
            found[place].append(key)
        return found

    def find_limit(self, over: int, most: int) -> int:
        """What the `most` largest counters are greater than, at least `over`."""
        large = self._counts[self._counts > over]
        return over if len(large) <= most else int(np.partition(large, -most)[-most]) - 1


def _join_keys(fingerprints: Sequence[Fingerprint]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """All keys, and the index of the case that has each."""
    counts = [len(fingerprint.keys) for fingerprint in fingerprints]
    keys = np.fromiter(chain.from_iterable(one.keys for one in fingerprints), np.uint64, sum(counts))
    return keys, np.repeat(np.arange(len(counts)), counts)


def _places(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    return (keys & np.uint64((1 << SIEVE_BITS) - 1)).astype(np.int64)


class BlockSurvey:
    """Counts the cases of each key that the sieve does not rule out, by the last version of each case.

    It looks for the `most` largest blocks of more than `over` cases, or for all of them if that is None, and draws
    `drawn` cases of each. It holds some 200 bytes for each case with such a key until `settle_cases`.
    """

    def __init__(self, sieve: KeySieve, over: int, drawn: int = MOST_DRAWN, *, most: int | None = MOST_BLOCKS) -> None:
        self._sieve, self._over, self._most = sieve, over, most
        self._limit = over if most is None else sieve.find_limit(over, SPARE * most)
        self._borne: dict[str, tuple[str, list[int]]] = {}
        self._countries: dict[int, Counter[str]] = defaultdict(Counter)
        self._draws: dict[int, _Draw] = defaultdict(lambda: _Draw(drawn))

    def add_cases(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Take in some cases; several versions of a case must come in order."""
        found = self._sieve.find_bearers(fingerprints, self._limit)
        for place, fingerprint in enumerate(fingerprints):
            keys = found.get(place, [])
            _, before = self._borne.pop(fingerprint.case, ("", []))
            for key in before:
                self._draws[key].remove_case(fingerprint.case)
            if keys:
                self._borne[fingerprint.case] = fingerprint.country, keys
                for key in keys:
                    self._draws[key].add_case(fingerprint)

    def settle_cases(self) -> None:
        """Count the cases that came so far, of which no further version comes, and forget which they were."""
        for country, keys in self._borne.values():
            for key in keys:
                self._countries[key][country] += 1
        self._borne.clear()

    def find_blocks(self, *, within: bool = False) -> list[CrowdedBlock]:
        """The blocks that were looked for, the largest first; `within` also counts pairs of one country."""
        self.settle_cases()
        crowded = [(counted.total(), key) for key, counted in self._countries.items() if counted.total() > self._over]
        crowded.sort(key=lambda found: (-found[0], found[1]))
        return [
            CrowdedBlock(key, cases, _count_pairs(self._countries[key], within=within), self._draws[key].cases)
            for cases, key in crowded[: self._most]
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
