"""The store of one partition of `correlate`: fingerprints by case, cases by key, and the links that it follows.

Cases are numbered as they come. The low 24 bits of a number count up; the top byte stands for the country, so that
candidates of the same country are dropped without reading them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from copy import deepcopy
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.correlation.sketch_table import SketchTable
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.errors import LiaisonError
from pipeline.matching.fingerprint import Fingerprint

SEQUENCE_BITS = 24
MAX_CASES = 1 << SEQUENCE_BITS
"""A case number has 32 bits: its country's byte, then a running count. Beyond 16.7 million cases a partition is
full."""
MAX_COUNTRIES = (1 << 8) - 2
"""The largest byte is not used, so no case number has all its bits set."""

UNKNOWN_COUNTRY = 0
"""The byte of countries that have none of their own; their cases meet all others."""

LARGE = 64
"""Blocks in memory with so many cases are kept as arrays, too; for smaller ones that costs more than it saves."""

ENTRY = np.dtype([("key", "u8"), ("number", "u4")])
"""One case listed under one key."""
Entries = NDArray[np.void]


class StoreFullError(LiaisonError):
    """There are more cases than case numbers: the installation needs more `block_partitions`."""


def sequence_of(number: int) -> int:
    """The running count in a case number."""
    return number & ((1 << SEQUENCE_BITS) - 1)


class StoredCase(Protocol):
    """A case in the store."""

    @property
    def keys(self) -> Sequence[int]:
        """All its blocking keys, of every partition, ascending. They are read without decoding the rest."""

    @property
    def fingerprint(self) -> Fingerprint:
        """The whole fingerprint."""


class BlockStore(Protocol):
    """What a correlator needs of a store; lmdb_store keeps it on disk, MemoryStore in memory.

    One thread writes it. Reads see uncommitted changes. After a crash the store has what was committed last.
    """

    records: int
    """How many records of the source partition were taken in. The owner sets it; it is committed with the rest."""

    @property
    def offset(self) -> int:
        """The offset of the source partition given to the last `commit`, or NO_OFFSET: the store must be rebuilt."""

    def find_cases(self, cases: Sequence[str]) -> dict[str, int]:
        """The numbers of those of the cases that are in the store."""

    def get_case(self, number: int) -> StoredCase:
        """The case with a number; valid until the next `commit`."""

    def put_case(self, fingerprint: Fingerprint, number: int | None) -> int:
        """Store a case's fingerprint under its number (`find_cases`), or under a new one if that is None.

        Returns the number. Raises StoreFullError.
        """

    def country_byte(self, country: str) -> int:
        """The top byte in the numbers of a country's cases; UNKNOWN_COUNTRY if the country has no byte of its own."""

    @property
    def sketches(self) -> SketchTable:
        """The sketches of all stored cases, by the sequence in their numbers."""

    def find_entries(self, keys: Sequence[Sequence[int]]) -> tuple[Entries, NDArray[np.int64]]:
        """The entries under the keys of several cases.

        Returns `(entries, owner)`: `owner[i]` is the index in `keys` of the case that asked for `entries[i]`. They are
        sorted by owner, with the entries of one key next to each other.
        """

    def count_entries(self, keys: Sequence[int]) -> NDArray[np.int64]:
        """An upper limit of the entries of each key, at a fraction of what finding them costs."""

    def list_under_keys(self, number: int, keys: Collection[int]) -> None:
        """List a case under some keys; a key that lists it already stays as it is."""

    def unlist_from_keys(self, number: int, keys: Collection[int]) -> None:
        """Remove a case from the lists of some keys; a key that does not list it stays as it is."""

    def followed_links(self, number: int) -> Collection[int]:
        """The links of a case that this partition follows, as the numbers of the other sides."""

    def follow_link(self, one: int, other: int) -> None:
        """Follow a link; nothing happens if it is followed already."""

    def unfollow_link(self, one: int, other: int) -> None:
        """Stop following a link; nothing happens if it is not followed."""

    def commit(self, offset: int) -> None:
        """Commit all changes since the last commit at once, with the offset that they stand for.

        After an error the same commit can be tried again.
        """

    def sync(self) -> None:
        """Make commits survive a power cut, before offsets are acknowledged; any thread may call it."""

    def compact(self, after_s: float) -> None:
        """Remove from disk every trace of the content of cases that were withdrawn or expired `after_s` seconds ago.

        It may take seconds. Any thread may call it while no method but `sync` and `close` is called. Raises
        StoreUnwritableError, after which it can be tried again.
        """

    def close(self) -> None:
        """Sync and close. Changes since the last commit are lost."""


class CaseNumbers:
    """Makes case numbers: a running count, below the byte of the country (0 if the country is unknown)."""

    def __init__(self, count: int = 0, countries: Iterable[str] = ()) -> None:
        self.count = count
        self.countries = list(countries)

    def next_number(self, country: str) -> int:
        """Make a new number. Raises StoreFullError."""
        if self.count >= MAX_CASES:
            raise StoreFullError(f"a store holds at most {MAX_CASES} cases: raise block_partitions in a new generation")
        self.count += 1
        return self.country_byte(country) << SEQUENCE_BITS | (self.count - 1)

    def country_byte(self, country: str) -> int:
        """The byte of a country, a new one if it is new."""
        if country and country not in self.countries and len(self.countries) < MAX_COUNTRIES:
            self.countries.append(country)
        return 1 + self.countries.index(country) if country in self.countries else UNKNOWN_COUNTRY


class MemoryRecord:
    """A stored case in memory."""

    __slots__ = ("fingerprint",)

    def __init__(self, fingerprint: Fingerprint) -> None:
        self.fingerprint = fingerprint

    @property
    def keys(self) -> Sequence[int]:
        """The keys of the fingerprint."""
        return self.fingerprint.keys


class MemoryStore:
    """A BlockStore in memory, for the batch run and for tests; it keeps nothing after close."""

    def __init__(self) -> None:
        self.offset = NO_OFFSET
        self.records = 0
        self._numbers = CaseNumbers()
        self._cases: dict[str, int] = {}
        self._records: dict[int, MemoryRecord] = {}
        self._blocks: dict[int, dict[int, None]] = {}
        self._large: dict[int, NDArray[np.uint32]] = {}
        self._links: dict[int, set[int]] = {}
        self.sketches = SketchTable()

    def find_cases(self, cases: Sequence[str]) -> dict[str, int]:
        """Look the cases up by name."""
        return {case: self._cases[case] for case in cases if case in self._cases}

    def get_case(self, number: int) -> MemoryRecord:
        """Return the record under a number. Raises KeyError for an unknown one."""
        return self._records[number]

    def country_byte(self, country: str) -> int:
        """Return the byte of a country, a new one if it is new."""
        return self._numbers.country_byte(country)

    def put_case(self, fingerprint: Fingerprint, number: int | None) -> int:
        """Hold the fingerprint in memory."""
        if number is None:
            number = self._cases[fingerprint.case] = self._numbers.next_number(fingerprint.country)
        self._records[number] = MemoryRecord(fingerprint)
        self.sketches.put_sketch(sequence_of(number), fingerprint.sketch)
        return number

    def find_entries(self, keys: Sequence[Sequence[int]]) -> tuple[Entries, NDArray[np.int64]]:
        """Read the blocks key by key."""
        found = [(at, key) for at, some in enumerate(keys) for key in some if self._blocks.get(key)]
        blocks = [self._block(key) for _, key in found]
        sizes = [len(block) for block in blocks]
        entries = np.empty(sum(sizes), ENTRY)
        if found:
            entries["key"] = np.repeat(np.array([key for _, key in found], np.uint64), sizes)
            entries["number"] = np.concatenate(blocks)
        return entries, np.repeat(np.array([at for at, _ in found], np.int64), sizes)

    def _block(self, key: int) -> NDArray[np.uint32]:
        """The numbers under a key. The array of a large block is kept until the block changes."""
        if (kept := self._large.get(key)) is not None:
            return kept
        listed = self._blocks[key]
        block = np.fromiter(listed, np.uint32, len(listed))
        if len(listed) >= LARGE:
            self._large[key] = block
        return block

    def count_entries(self, keys: Sequence[int]) -> NDArray[np.int64]:
        """Return the sizes of the blocks."""
        return np.array([len(self._blocks.get(key, ())) for key in keys], np.int64)

    def list_under_keys(self, number: int, keys: Collection[int]) -> None:
        """Add the case to the blocks of the keys."""
        blocks, large = self._blocks, self._large
        for key in keys:
            block = blocks.get(key)
            if block is None:
                blocks[key] = {number: None}
            else:
                block[number] = None
                if large:
                    large.pop(key, None)

    def unlist_from_keys(self, number: int, keys: Collection[int]) -> None:
        """Take the case from the blocks of the keys."""
        for key in keys:
            self._blocks.get(key, {}).pop(number, None)
            self._large.pop(key, None)

    def followed_links(self, number: int) -> frozenset[int]:
        """Return the numbers of the other sides."""
        return frozenset(self._links.get(number, ()))

    def follow_link(self, one: int, other: int) -> None:
        """Remember the link under both of its sides."""
        self._links.setdefault(one, set()).add(other)
        self._links.setdefault(other, set()).add(one)

    def unfollow_link(self, one: int, other: int) -> None:
        """Forget the link under both of its sides."""
        self._links.get(one, set()).discard(other)
        self._links.get(other, set()).discard(one)

    def commit(self, offset: int) -> None:
        """Note the offset: changes hold at once."""
        self.offset = offset

    def sync(self) -> None:
        """Memory has nothing to sync."""

    def compact(self, after_s: float) -> None:
        """Memory leaves nothing on disk."""

    def close(self) -> None:
        """Memory has nothing to close."""

    def snapshot(self) -> MemoryStore:
        """Return a copy of the store; later changes of one do not affect the other."""
        copy = MemoryStore()
        copy.offset, copy.records = self.offset, self.records
        copy._numbers = CaseNumbers(self._numbers.count, self._numbers.countries)
        copy._cases, copy._records = dict(self._cases), dict(self._records)
        copy._blocks = {key: dict(listed) for key, listed in self._blocks.items()}
        copy._links = {number: set(followed) for number, followed in self._links.items()}
        copy.sketches = deepcopy(self.sketches)
        return copy
