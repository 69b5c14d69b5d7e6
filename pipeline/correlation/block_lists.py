"""Block lists: which cases are listed under which keys. Sorted runs hold them in memory, a log of changes on disk.

Keys are hashes, so a tree on disk would read and write one page for each key of each case. Here the keys of many cases
are looked up in each run at once, at one or two cache misses a key, and a commit appends to the log. Runs are merged as
in a log-structured merge tree (O'Neil, Cheng, Gawlick, O'Neil 1996). An entry takes 12 bytes in memory and 12 on disk,
and its share of the index in memory two to four.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pipeline.correlation.store import ENTRY, Entries

PAGE_BYTES = 4 * 4096 - 16
"""Four of LMDB's pages, less its header."""
ENTRIES_A_PAGE = PAGE_BYTES // ENTRY.itemsize

RATIO = 8
"""How many times longer each run is than all that follow it: few runs to search, few merges of the long ones."""

NOBODY = (1 << 32) - 1
"""In place of the number of a case that was taken off; no case has it (store.MAX_COUNTRIES)."""

REMOVED = 1 << 63
"""Bit of a key in the log: the case was taken off it."""

STRETCH = 8
"""Entries looked at for each key: one or two lie between two marks of the index, and seldom more than this."""

_NUMBER_BITS = np.uint64(32)

_HASH_BITS, _KIND_BITS = np.uint64(48), np.uint64(16)

KeyArray = NDArray[np.uint64]
CaseNumberArray = NDArray[np.uint32]
PlaceArray = NDArray[np.int64]

NOTHING: KeyArray = np.empty(0, np.uint64)


class SortedRun:
    """Entries sorted by their turned keys, with an index of the upper bits.

    A turned key (_kind_last) has the bits of the hash first. Hashes are spread evenly, so the index leads to within an
    entry or two of each key.
    """

    def __init__(self, turned: KeyArray, numbers: CaseNumberArray) -> None:
        self.turned, self.numbers = turned, numbers
        bits = max(len(turned).bit_length() - 1, 1)
        self._shift = np.uint64(64 - bits)
        self._marks = np.zeros((1 << bits) + 1, np.int32)
        np.cumsum(np.bincount((turned >> self._shift).astype(np.int64), minlength=1 << bits), out=self._marks[1:])

    @classmethod
    def sort_entries(cls, keys: KeyArray, numbers: CaseNumberArray) -> SortedRun:
        """A run of entries that come in any order.

        Each place is packed into the lower bits of its key and the numbers are sorted, which takes a third of argsort's
        time for millions. Keys that differ in the overwritten bits alone may stay out of order; a stable sort, which is
        fast on nearly sorted values, corrects them.
        """
        turned = _kind_last(keys)
        bits = np.uint64(len(turned).bit_length())
        placed = turned >> bits << bits | np.arange(len(turned), dtype=np.uint64)
        placed.sort()
        order = (placed & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
        turned, numbers = turned[order], numbers[order]
        if (turned[1:] < turned[:-1]).any():
            order = np.argsort(turned, kind="stable")
            turned, numbers = turned[order], numbers[order]
        return cls(turned, numbers)

    def __len__(self) -> int:
        return len(self.turned)

    @property
    def keys(self) -> KeyArray:
        """The key of each entry."""
        return self.turned >> _KIND_BITS | self.turned << _HASH_BITS

    def merge_with(self, other: SortedRun) -> SortedRun:
        """One run with the entries of both, without those removed from this run, which should be the longer one."""
        kept = self.numbers != NOBODY
        turned, numbers = (self.turned, self.numbers) if kept.all() else (self.turned[kept], self.numbers[kept])
        at = np.searchsorted(turned, other.turned)
        return SortedRun(np.insert(turned, at, other.turned), np.insert(numbers, at, other.numbers))

    def count_keys(self, turned: KeyArray) -> PlaceArray:
        """An upper limit of the entries of each key: the entries between two marks of the index, few of other keys."""
        mark = (turned >> self._shift).astype(np.int64)
        counted: PlaceArray = (self._marks.take(mark + 1) - self._marks.take(mark)).astype(np.int64)
        return counted

    def find_keys(self, turned: KeyArray) -> tuple[PlaceArray, PlaceArray]:
        """The entries of some turned keys: `(places, asked)`; entry `places[i]` has the key `turned[asked[i]]`."""
        mark = (turned >> self._shift).astype(np.int64)
        starts = self._marks.take(mark).astype(np.int64)
        long = np.flatnonzero(self._marks.take(mark + 1) - starts > STRETCH)
        width = min(STRETCH, len(self))
        starts = np.minimum(starts, len(self) - width)
        alike = self.turned.take(starts[:, None] + np.arange(width)) == turned[:, None]
        alike[long] = False
        asked, within = np.nonzero(alike)
        places = starts[asked] + within
        if not long.size:
            return places, asked
        more, of = self._search_all(turned[long])
        return np.concatenate([places, more]), np.concatenate([asked, long[of]])

    def _search_all(self, turned: KeyArray) -> tuple[PlaceArray, PlaceArray]:
        """The same as find_keys for keys with any number of entries."""
        starts = np.searchsorted(self.turned, turned)
        counts = np.searchsorted(self.turned, turned, side="right") - starts
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(starts, counts) + within, np.repeat(np.arange(len(turned)), counts)


class BlockLists:
    """The block lists of one partition, read from the pages of a log.

    Lookups see a change at once. The log has it when the owner has written `changed_pages` and called `mark_written`.
    """

    def __init__(self, pages: Iterable[memoryview] = ()) -> None:
        logged = np.frombuffer(b"".join(pages), ENTRY)
        self._logged = len(logged)
        self._last_page = logged[self._logged - self._logged % ENTRIES_A_PAGE :].tobytes()
        self._runs = [run for run in (SortedRun.sort_entries(*_last_said(logged)),) if len(run)]
        self._new: list[int] = []
        self._owners: list[int] = []
        self._counts: list[int] = []
        self._changes: list[bytes] = []

    def add_case(self, number: int, keys: Collection[int]) -> None:
        """List a case under some keys; a key that lists it already stays as it is."""
        self._new += keys
        self._owners.append(number)
        self._counts.append(len(keys))

    def remove_case(self, number: int, keys: Collection[int]) -> None:
        """Remove a case from the lists of some keys; a key that does not list it stays as it is."""
        self._take_in()
        taken = np.array(sorted(keys), np.uint64)
        self._changes.append(_make_entries(taken | np.uint64(REMOVED), np.uint32(number)).tobytes())
        for run in self._runs:
            places, _ = run.find_keys(_kind_last(taken))
            run.numbers[places[run.numbers[places] == number]] = NOBODY

    def find_entries(self, keys: Sequence[Sequence[int]]) -> tuple[Entries, NDArray[np.int64]]:
        """The entries under the keys of several cases.

        Returns `(entries, owner)`: `owner[i]` is the index in `keys` of the case that asked for `entries[i]`. They are
        sorted by owner, with the entries of one key next to each other.
        """
        self._take_in()
        asked = np.array(list(chain.from_iterable(keys)), np.uint64)
        wanted = _kind_last(asked)
        listed = np.unique(np.concatenate([NOTHING, *(_match_run(run, wanted) for run in self._runs)]))
        places = (listed >> _NUMBER_BITS).astype(np.int64)
        cases = np.repeat(np.arange(len(keys)), [len(some) for some in keys])
        return _make_entries(asked[places], listed.astype(np.uint32)), cases[places]

    def count_entries(self, keys: Sequence[int]) -> PlaceArray:
        """An upper limit of the cases listed under each key."""
        self._take_in()
        wanted = _kind_last(np.array(keys, np.uint64))
        return np.sum([run.count_keys(wanted) for run in self._runs], 0, np.int64) + np.zeros(len(keys), np.int64)

    def _take_in(self) -> None:
        """Make a run of the new entries, and merge it with every run that is not RATIO times as long."""
        if not self._new:
            return
        keys = np.array(self._new, np.uint64)
        numbers = np.repeat(np.array(self._owners, np.uint32), self._counts)
        self._changes.append(_make_entries(keys, numbers).tobytes())
        self._new, self._owners, self._counts = [], [], []
        run = SortedRun.sort_entries(keys, numbers)
        while self._runs and len(self._runs[-1]) < RATIO * len(run):
            run = self._runs.pop().merge_with(run)
        self._runs.append(run)

    @property
    def wasteful(self) -> bool:
        """Whether more than half of the log is out of date."""
        return self._logged > 2 * sum(map(len, self._runs))

    def compact_log(self) -> BlockLists:
        """The same lists with a log that holds them and nothing else; all of it is still to be written."""
        lists = BlockLists()
        lists._runs = self._runs
        lists._changes = [_make_entries(run.keys, run.numbers).tobytes() for run in self._runs]
        return lists

    def changed_pages(self) -> Iterator[tuple[int, bytes]]:
        """The pages of the log that changed, each with its number."""
        self._take_in()
        waiting, size = b"".join([self._last_page, *self._changes]), ENTRIES_A_PAGE * ENTRY.itemsize
        for start in range(0, len(waiting), size):
            yield self._logged // ENTRIES_A_PAGE + start // size, waiting[start : start + size]

    def mark_written(self) -> None:
        """Note that all changed pages have been written."""
        waiting, size = b"".join([self._last_page, *self._changes]), ENTRIES_A_PAGE * ENTRY.itemsize
        self._logged += (len(waiting) - len(self._last_page)) // ENTRY.itemsize
        self._last_page, self._changes = waiting[len(waiting) - len(waiting) % size :], []


def _kind_last(keys: KeyArray) -> KeyArray:
    """Turned keys: the kind, which a key has in its upper bits, comes behind the hash."""
    return keys << _KIND_BITS | keys >> _HASH_BITS


def _match_run(run: SortedRun, wanted: KeyArray) -> KeyArray:
    """The entries of a run with some turned keys, each as the index of its key above 32 bits of its case number."""
    places, at = run.find_keys(wanted)
    numbers = run.numbers[places]
    listed: KeyArray = (at.astype(np.uint64) << _NUMBER_BITS | numbers)[numbers != NOBODY]
    return listed


def _make_entries(keys: KeyArray, numbers: CaseNumberArray | np.uint32) -> Entries:
    entries = np.empty(len(keys), ENTRY)
    entries["key"], entries["number"] = keys, numbers
    return entries


def _last_said(logged: Entries) -> tuple[KeyArray, CaseNumberArray]:
    """The keys and case numbers that are listed after all changes of a log."""
    keys, numbers = logged["key"].copy(), logged["number"].copy()
    if not (keys >= REMOVED).any():
        return keys, numbers
    named = keys & np.uint64(REMOVED - 1)
    order = np.lexsort((numbers, named))
    named, numbers, kept = named[order], numbers[order], keys[order] < REMOVED
    last = np.append((named[1:] != named[:-1]) | (numbers[1:] != numbers[:-1]), True)
    return named[last & kept], numbers[last & kept]
