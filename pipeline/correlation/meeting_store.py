"""The store of a meeting place: for each case under one of its keys a row with its small sketch, and block lists.

A row has a number. Numbers count up from 0. A case that leaves a key may get another one (meeting_store_on_disk.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.correlation.postings import IdArray, KeyArray, Postings, RowArray
from pipeline.correlation.protocol import CASE_ID_BYTES
from pipeline.correlation.store_file import NO_OFFSET, DurableStore
from pipeline.matching.ragged import Index

CaseNumberArray = NDArray[np.uint32]

NO_CASE = (1 << 32) - 1
"""In place of the number of a case that the store does not know; no case has it."""

LARGE = 64
"""Blocks in memory with so many cases are kept as arrays, too; for smaller ones that costs more than it saves."""

_EMPTY: dict[int, None] = {}

FIRST_CAPACITY, GROWTH = 64, 8
"""Rows that there is room for at first; full arrays grow by an eighth."""


class Entries(NamedTuple):
    """Cases under some keys: that of `numbers[i]` is listed under the key at `asked[i]`, and has `countries[i]`."""

    asked: Index
    numbers: CaseNumberArray
    countries: NDArray[np.uint16]


class LookUp(Protocol):
    """Cases and keys that were looked up at once, since each search costs more than what it is asked for.

    What it tells is as of then, but of cases that were put since it may tell what is so now. It is valid until the
    store commits.
    """

    @property
    def numbers(self) -> CaseNumberArray:
        """The number of each case; NO_CASE where the store did not know it."""

    @property
    def sizes(self) -> NDArray[np.int64]:
        """An upper limit of the cases under each key."""

    def find_entries(self, keys: Index) -> Entries:
        """The cases under some of the keys, given by their places, in any order; `asked` are places in `keys`."""


class MeetingStore(DurableStore, Protocol):
    """What a meeting place needs of a store.

    One thread writes it. Reads see uncommitted changes. After a crash the store has what was committed last.
    """

    records: int
    """How many records of the source partition were taken in. The owner sets it; it is committed with the rest."""

    @property
    def offset(self) -> int:
        """The offset of `postings` given to the last `commit`, or NO_OFFSET: the store must be rebuilt."""

    def look_up(self, cases: IdArray, keys: KeyArray) -> LookUp:
        """Look up some cases, and any keys."""

    def put_postings(self, postings: Postings, numbers: CaseNumberArray) -> CaseNumberArray:
        """Take in postings of distinct cases with their numbers (`look_up`); returns all numbers, with the new ones.

        A case is listed under the keys of its posting and no others. One without keys keeps its row for its version,
        without country and sketch.
        """

    def get_orders(self, numbers: CaseNumberArray) -> NDArray[np.uint64]:
        """The versions of some cases."""

    def get_countries(self, numbers: CaseNumberArray) -> NDArray[np.uint16]:
        """The countries of some cases (postings.country_number)."""

    def get_sketches(self, numbers: CaseNumberArray) -> RowArray:
        """The small sketches of some cases: shape (cases, words)."""

    def get_ids(self, numbers: CaseNumberArray) -> IdArray:
        """The ids of some cases: shape (cases, 16)."""

    def commit(self, offset: int) -> None:
        """Commit all changes since the last commit at once, with the offset that they stand for.

        After an error the same commit can be tried again.
        """


class MemoryMeetingStore:
    """A MeetingStore in memory, for the batch run and for tests; it keeps nothing after close."""

    def __init__(self, sketch_words: int) -> None:
        self.offset, self.records = NO_OFFSET, 0
        self._numbers: dict[bytes, int] = {}
        self._blocks: dict[int, dict[int, None]] = {}
        self._large: dict[int, CaseNumberArray] = {}
        self._keys: list[tuple[int, ...]] = []
        self._ids: IdArray = np.empty((FIRST_CAPACITY, CASE_ID_BYTES), np.uint8)
        self._orders = np.empty(FIRST_CAPACITY, np.uint64)
        self._countries = np.empty(FIRST_CAPACITY, np.uint16)
        self._sketches: RowArray = np.empty((FIRST_CAPACITY, sketch_words), np.uint32)

    def look_up(self, cases: IdArray, keys: KeyArray) -> MemoryLookUp:
        """Look each id up, and measure the blocks."""
        numbers = self._numbers
        found = np.array([numbers.get(case, NO_CASE) for case in split_ids(cases)], np.uint32)
        return MemoryLookUp(self, keys, found, self.count_entries(keys))

    def put_postings(self, postings: Postings, numbers: CaseNumberArray) -> CaseNumberArray:
        """Set the rows, then the entries of each case."""
        new = np.flatnonzero(numbers == NO_CASE)
        numbers = numbers.copy()
        numbers[new] = np.arange(len(self._keys), len(self._keys) + len(new))
        self._numbers |= zip(split_ids(postings.cases[new]), numbers[new].tolist(), strict=True)
        self._keys += [()] * len(new)
        self._make_room()
        self._ids[numbers], self._orders[numbers] = postings.cases, postings.orders
        self._countries[numbers], self._sketches[numbers] = postings.countries, postings.sketches
        keys, start = postings.keys.tolist(), 0
        for number, count in zip(numbers.tolist(), postings.counts.tolist(), strict=True):
            self._list_case(number, keys[start : start + count])
            start += count
        return numbers

    def _make_room(self) -> None:
        room = len(self._orders)
        if len(self._keys) > room:
            more = max(len(self._keys) - room, room // GROWTH)
            self._ids = np.concatenate([self._ids, np.empty((more, CASE_ID_BYTES), np.uint8)])
            self._orders = np.concatenate([self._orders, np.empty(more, np.uint64)])
            self._countries = np.concatenate([self._countries, np.empty(more, np.uint16)])
            self._sketches = np.concatenate([self._sketches, np.empty((more, self._sketches.shape[1]), np.uint32)])

    def _list_case(self, number: int, keys: Sequence[int]) -> None:
        """List a case under these keys alone."""
        before = self._keys[number]
        self._keys[number] = tuple(keys)
        if before:
            for key in set(before).difference(keys):
                self._blocks[key].pop(number, None)
                self._large.pop(key, None)
            keys = list(set(keys).difference(before))
        blocks, large = self._blocks, self._large
        for key in keys:
            block = blocks.get(key)
            if block is None:
                blocks[key] = {number: None}
            else:
                block[number] = None
                if large:
                    large.pop(key, None)

    def get_orders(self, numbers: CaseNumberArray) -> NDArray[np.uint64]:
        """Read the column."""
        return self._orders[numbers]

    def get_countries(self, numbers: CaseNumberArray) -> NDArray[np.uint16]:
        """Read the column."""
        return self._countries[numbers]

    def get_sketches(self, numbers: CaseNumberArray) -> RowArray:
        """Read the column."""
        return self._sketches[numbers]

    def get_ids(self, numbers: CaseNumberArray) -> IdArray:
        """Read the column."""
        return self._ids[numbers]

    def find_entries(self, keys: KeyArray) -> Entries:
        """The cases under some keys: small blocks are read as one stream, large ones as arrays."""
        blocks = [self._blocks.get(key, _EMPTY) for key in keys.tolist()]
        sizes = np.fromiter(map(len, blocks), np.int64, len(blocks))
        asked = np.repeat(np.arange(len(keys)), sizes)
        large = np.flatnonzero(sizes >= LARGE)
        numbers, ends = np.empty(len(asked), np.uint32), np.cumsum(sizes)
        for at in large.tolist():
            numbers[ends[at] - sizes[at] : ends[at]] = self._read_large(int(keys[at]), blocks[at])
            blocks[at] = _EMPTY
        small = np.repeat(sizes < LARGE, sizes) if large.size else slice(None)
        numbers[small] = np.fromiter(chain.from_iterable(blocks), np.uint32)
        return Entries(asked, numbers, self._countries[numbers])

    def _read_large(self, key: int, block: dict[int, None]) -> CaseNumberArray:
        """The numbers of a block as an array, which is kept until the block changes."""
        if (kept := self._large.get(key)) is None:
            kept = self._large[key] = np.fromiter(block, np.uint32, len(block))
        return kept

    def count_entries(self, keys: KeyArray) -> NDArray[np.int64]:
        """The sizes of the blocks."""
        blocks = self._blocks
        return np.array([len(blocks.get(key, ())) for key in keys.tolist()], np.int64)

    def commit(self, offset: int) -> None:
        """Note the offset: changes hold at once."""
        self.offset = offset

    def sync(self) -> None:
        """Memory has nothing to sync."""

    def compact(self, after_s: float) -> None:
        """Memory leaves nothing on disk."""

    def close(self) -> None:
        """Memory has nothing to close."""

    def snapshot(self) -> MemoryMeetingStore:
        """Return a copy of the store; later changes of one do not affect the other."""
        copy = MemoryMeetingStore(self._sketches.shape[1])
        copy.offset, copy.records = self.offset, self.records
        copy._numbers, copy._keys = dict(self._numbers), list(self._keys)
        copy._blocks = {key: dict(listed) for key, listed in self._blocks.items()}
        copy._ids, copy._orders = self._ids.copy(), self._orders.copy()
        copy._countries, copy._sketches = self._countries.copy(), self._sketches.copy()
        return copy


class MemoryLookUp:
    """A LookUp in memory."""

    def __init__(
        self, store: MemoryMeetingStore, keys: KeyArray, numbers: CaseNumberArray, sizes: NDArray[np.int64]
    ) -> None:
        self.numbers, self.sizes = numbers, sizes
        self._store, self._keys = store, keys

    def find_entries(self, keys: Index) -> Entries:
        """Ask the store for what it has now."""
        return self._store.find_entries(self._keys[keys])


def split_ids(cases: IdArray) -> list[bytes]:
    """The ids as bytes."""
    joined = cases.tobytes()
    return [joined[at : at + CASE_ID_BYTES] for at in range(0, len(joined), CASE_ID_BYTES)]
