"""What one partition of `correlate` remembers: records by case, blocks by key, and the links it follows.

Cases are numbered as they come: the low 24 bits count up, the top byte stands for the country, so that same-country
candidates are dropped without reading them.
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
MAX_COUNTRIES = (1 << 8) - 2
"""So that no case has the number whose bits are all set."""

UNKNOWN_COUNTRY = 0

LARGE = 64
"""Cases of a block in memory from which it is kept as an array too: of smaller ones arrays take more than they save."""

ENTRY = np.dtype([("key", "u8"), ("number", "u4")])
"""One case listed under one key."""
Entries = NDArray[np.void]


class StoreFullError(LiaisonError):
    """More cases than case numbers: the installation needs more `block_partitions`."""


def sequence_of(number: int) -> int:
    """The running count in a case number."""
    return number & ((1 << SEQUENCE_BITS) - 1)


class StoredCase(Protocol):
    """One held case."""

    @property
    def keys(self) -> Sequence[int]:
        """All its blocking keys, of every partition, ascending; read without decoding the rest."""

    @property
    def fingerprint(self) -> Fingerprint:
        """The whole fingerprint."""


class BlockStore(Protocol):
    """Written by one thread. Reads see uncommitted changes; after a crash only what was committed is there."""

    records: int
    """How many records of the source partition were taken in: told by the owner, committed with the rest."""

    @property
    def offset(self) -> int:
        """The offset of the source partition given to the last `commit`, or NO_OFFSET: the store must be rebuilt."""

    def find_cases(self, cases: Sequence[str]) -> dict[str, int]:
        """The numbers of those of the cases that are held."""

    def get_case(self, number: int) -> StoredCase:
        """A held case; valid until the next `commit`."""

    def put_case(self, fingerprint: Fingerprint, number: int | None) -> int:
        """Hold a case's fingerprint in place of the one under its number (`find_cases`); returns that, or a new one.

        Raises StoreFullError.
        """

    def country_byte(self, country: str) -> int:
        """The top byte of the numbers of a country's cases; UNKNOWN_COUNTRY where they can't be told apart by it."""

    @property
    def sketches(self) -> SketchTable:
        """The sketches of all cases held, by the sequence in their numbers."""

    def find_entries(self, keys: Sequence[Sequence[int]]) -> tuple[Entries, NDArray[np.int64]]:
        """What is listed under the keys of several cases, and the case of each entry, by case; of a key together."""

    def count_entries(self, keys: Sequence[int]) -> NDArray[np.int64]:
        """How many entries each key has, or some more, at far less than it takes to find them."""

    def list_under_keys(self, number: int, keys: Collection[int]) -> None:
        """List a case under some keys; harmless where it is listed."""

    def unlist_from_keys(self, number: int, keys: Collection[int]) -> None:
        """Take a case off some keys; harmless where it is not listed."""

    def followed_links(self, number: int) -> Collection[int]:
        """The other sides of the links of a case that this partition follows."""

    def follow_link(self, one: int, other: int) -> None:
        """Remember a link; harmless if it is remembered."""

    def unfollow_link(self, one: int, other: int) -> None:
        """Forget a link; harmless if it is not remembered."""

    def commit(self, offset: int) -> None:
        """Make all changes since the last commit one, with the offset they stand for; after an error, try again."""

    def sync(self) -> None:
        """Make what was committed survive a power cut, before offsets are acknowledged; any thread may call it."""

    def compact(self, after_s: float) -> None:
        """Leave no trace on disk of the content of cases that were withdrawn, or expired, this long ago.

        May take seconds; any thread may call it while nothing else is called but `sync` and `close`. Raises
        StoreUnwritableError: then try again.
        """

    def close(self) -> None:
        """Sync and close; changes since the last commit are dropped."""


class CaseNumbers:
    """Gives case numbers: a running count under the byte of the country; byte 0 where the country is not known."""

    def __init__(self, count: int = 0, countries: Iterable[str] = ()) -> None:
        self.count = count
        self.countries = list(countries)

    def next_number(self, country: str) -> int:
        """A new number. Raises StoreFullError."""
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
    """A held case in memory."""

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
        """The numbers under a key; those of a large block are kept until it changes, as many cases ask for them."""
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
        """Returns a copy of all that is held now; later changes of one do not reach the other."""
        copy = MemoryStore()
        copy.offset, copy.records = self.offset, self.records
        copy._numbers = CaseNumbers(self._numbers.count, self._numbers.countries)
        copy._cases, copy._records = dict(self._cases), dict(self._records)
        copy._blocks = {key: dict(listed) for key, listed in self._blocks.items()}
        copy._links = {number: set(followed) for number, followed in self._links.items()}
        copy.sketches = deepcopy(self.sketches)
        return copy
