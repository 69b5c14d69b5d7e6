"""Candidate lookup: stored cases that share a blocking key, minus those that the screen excludes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.correlation.store import SEQUENCE_BITS, UNKNOWN_COUNTRY, BlockStore, Entries
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.screening.screening import Sketches, join_sketches

Screen = Callable[[Sketches, Sketches], NDArray[np.bool_]]
"""Whether each pair's probability may reach the threshold: pure, and far cheaper than to judge it."""

BlockSizeObserver = Callable[[NDArray[np.uint64], NDArray[np.int64]], None]
"""Told of the blocks that cases met, by their keys and sizes: for metrics, never for decisions."""

_NUMBER_BITS, _NUMBER = np.uint64(32), np.uint64((1 << 32) - 1)
_SEQUENCE_BITS, _SEQUENCE = np.uint32(SEQUENCE_BITS), np.uint32((1 << SEQUENCE_BITS) - 1)


class Candidates(NamedTuple):
    """The numbers of the cases that one may be linked with, and how many it met."""

    numbers: list[int]
    met: int


class CandidateLookup:
    """Looks up many cases in one store at once."""

    def __init__(self, store: BlockStore, *, within: bool, screen: Screen, observer: BlockSizeObserver | None) -> None:
        self._store, self._within, self._screen, self._observer = store, within, screen, observer

    def __call__(self, fingerprints: Sequence[Fingerprint], owned: Sequence[Sequence[int]]) -> list[Candidates]:
        """Whom each meets under those of its keys that the store's partition owns."""
        entries, asking = self._store.find_entries(owned)
        if self._observer is not None:
            _observe_sizes(self._observer, entries, asking)
        asking, numbers = self._drop_same_country(fingerprints, asking, entries["number"])
        counts = np.bincount(asking, minlength=len(owned)).tolist()
        if len(numbers):
            sketches = join_sketches([fingerprint.sketch for fingerprint in fingerprints])
            may = self._screen(sketches.take_cases(asking), self._store.sketches.get_sketches(numbers & _SEQUENCE))
            asking, numbers = asking[may], numbers[may]
        ends = np.searchsorted(asking, np.arange(len(owned)), side="right").tolist()
        return [
            Candidates(numbers[start:end].tolist(), count)
            for start, end, count in zip([0, *ends], ends, counts, strict=False)
        ]

    def _drop_same_country(
        self, fingerprints: Sequence[Fingerprint], asking: NDArray[np.int64], numbers: NDArray[np.uint32]
    ) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """Each pair once, without those of one country for certain."""
        if not self._within:
            own = np.array([self._store.country_byte(fingerprint.country) for fingerprint in fingerprints], np.uint32)[
                asking
            ]
            kept = (own == UNKNOWN_COUNTRY) | (own != numbers >> _SEQUENCE_BITS)
            asking, numbers = asking[kept], numbers[kept]
        pairs = np.unique(asking.astype(np.uint64) << _NUMBER_BITS | numbers)
        return (pairs >> _NUMBER_BITS).astype(np.int64), (pairs & _NUMBER).astype(np.uint32)


def _observe_sizes(observer: BlockSizeObserver, entries: Entries, asking: NDArray[np.int64]) -> None:
    """A key's entries lie together, so a block ends where the key or the case changes."""
    keys = entries["key"]
    begins = np.flatnonzero(np.diff(keys, prepend=np.uint64(0)).astype(bool) | np.diff(asking, prepend=-1).astype(bool))
    observer(keys[begins], np.diff(begins, append=len(keys)))
