"""Sorted runs of block list entries, in memory and in memory-mapped files, and their merges.

Keys are hashes, so a tree on disk would read and write one page for each key of each case. Here the keys of many cases
are looked up in each run at once. Runs are merged as in a log-structured merge tree (O'Neil, Cheng, Gawlick, O'Neil
1996), a piece at a time, so that a merge needs little memory and no commit waits for all of it.

A run has an index of slots, one for each value of the keys' upper bits: where its entries begin, and a small Bloom
filter of them, which tells of 19 in 20 keys that are not in the run that they are not. So most keys cost one cache
miss in each run. An entry takes 12 bytes, and its share of the index two to four.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipeline.matching.ragged import expand_counts

TurnedArray = NDArray[np.uint64]
NumberArray = NDArray[np.uint32]
PlaceArray = NDArray[np.int64]
SlotArray = NDArray[np.uint64]

STRETCH = 8
"""Entries that a key is compared with at once: two to four are in a slot, and seldom more than eight."""

START_BITS, FILTER_BITS = np.uint64(34), 30
"""Of a slot: where its entries begin, below, and the filter of their keys."""
START = (np.uint64(1) << START_BITS) - np.uint64(1)

PIECE = 1 << 16
"""Entries that a merge handles at once, some 2 MB; more of them would leave the processor's cache."""

TURNED_BYTES, NUMBER_BYTES, SLOT_BYTES = 8, 4, 8

ENTRY_BYTES = TURNED_BYTES + NUMBER_BYTES

_SCATTERED = np.uint16(0x9E37)
"""Odd; multiplied by it, numbers of 16 bits that are alike are so no longer (Knuth)."""

_HASH_BITS, _KIND_BITS = np.uint64(48), np.uint64(16)

KeepEntries = Callable[[NumberArray], NDArray[np.bool_]]
"""Which of some case numbers still stand for a case; entries of others are left out."""


def turn_keys(keys: NDArray[np.uint64]) -> TurnedArray:
    """Turned keys: the kind, which a key has in its upper bits, comes behind the hash.

    Hashes are spread evenly, so an index of the upper bits leads to within an entry or two of each key.
    """
    return keys << _KIND_BITS | keys >> _HASH_BITS


class KeyQuery(NamedTuple):
    """Keys to look up in several runs: turned, and the bits of each in a slot's filter."""

    turned: TurnedArray
    bits: SlotArray


def query_keys(turned: TurnedArray) -> KeyQuery:
    """Prepare a look-up."""
    return KeyQuery(turned, _filter_bits(turned).astype(np.uint64) << START_BITS)


def _filter_bits(turned: TurnedArray) -> NDArray[np.uint32]:
    """Two bits of a key in the filter of its slot, by 16 bits of its hash that few runs are so long as to index by."""
    hashed = (turned >> _KIND_BITS).astype(np.uint16)
    one, other = (
        np.uint32(1) << (of.astype(np.uint32) * np.uint32(FILTER_BITS) >> np.uint32(16))
        for of in (hashed, hashed * _SCATTERED)
    )
    return one | other


class RunEntries(NamedTuple):
    """The entries of some keys in a run, by the keys' places in the query.

    `numbers[i]` has the key `asked[i]`. Of keys that may have many it is told where they stand: those of `long[i]` are
    the `counts[i]` from `begins[i]` on.
    """

    asked: PlaceArray
    numbers: NumberArray
    long: PlaceArray
    begins: PlaceArray
    counts: PlaceArray


_NOWHERE: PlaceArray = np.empty(0, np.int64)
_NO_NUMBERS: NumberArray = np.empty(0, np.uint32)


class SortedRun:
    """Entries sorted by their turned keys, with an index of the upper bits; immutable."""

    def __init__(self, turned: TurnedArray, numbers: NumberArray, slots: SlotArray | None = None) -> None:
        """Index the entries, of which there must be one at least, unless their `slots` are given."""
        self.turned, self.numbers = turned, numbers
        bits = index_bits(len(turned)) if slots is None else len(slots).bit_length() - 1
        self._shift = np.uint64(64 - bits)
        self._slots = make_slots(turned, bits) if slots is None else slots
        self._windows = sliding_window_view(turned, min(STRETCH, len(turned)))

    @classmethod
    def sort_entries(cls, turned: TurnedArray, numbers: NumberArray) -> SortedRun:
        """A run of entries that come in any order."""
        return cls(*sort_entries(turned, numbers))

    def __len__(self) -> int:
        return len(self.turned)

    def find_keys(self, query: KeyQuery) -> RunEntries:
        """The entries of some keys."""
        asked, begins, alike, long = self._compare(query)
        if not long.size:
            found, within = np.nonzero(alike)
            return RunEntries(asked[found], self.numbers[begins[found] + within], _NOWHERE, _NOWHERE, _NOWHERE)
        alike[long] = False
        found, within = np.nonzero(alike)
        turned = query.turned[asked[long]]
        first = np.searchsorted(self.turned, turned)
        counts = np.searchsorted(self.turned, turned, side="right") - first
        return RunEntries(asked[found], self.numbers[begins[found] + within], asked[long], first, counts)

    def _compare(self, query: KeyQuery) -> tuple[PlaceArray, PlaceArray, NDArray[np.bool_], PlaceArray]:
        """Hold each key against the first entries of its slot.

        Returns `(asked, begins, alike, long)`: the keys that may be in the run; where the entries begin that each is
        held against, and which of them are alike; and those keys, by their place in `asked`, that may have more.
        """
        slots = self._slots.take((query.turned >> self._shift).view(np.int64))
        asked = np.flatnonzero(slots & query.bits == query.bits)
        wanted = query.turned[asked]
        begins = np.minimum((slots[asked] & START).astype(np.int64), len(self._windows) - 1)
        entries = self._windows[begins]
        return asked, begins, entries == wanted[:, None], np.flatnonzero(entries[:, -1] <= wanted)

    @classmethod
    def merge_runs(cls, runs: Sequence[SortedRun]) -> SortedRun:
        """One run with the entries of all."""
        turned, numbers = np.concatenate([run.turned for run in runs]), np.concatenate([run.numbers for run in runs])
        return cls.sort_entries(turned, numbers)

    def keep_entries(self, keep: KeepEntries) -> SortedRun | None:
        """The run without the entries of cases that are not kept; None if none is left."""
        kept = keep(self.numbers)
        if kept.all():
            return self
        return SortedRun(self.turned[kept], self.numbers[kept]) if kept.any() else None


class LooseEntries:
    """Entries in a hash table, for few of them: a run's arrays cost as much for one entry as for a thousand."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._first: dict[int, int] = {}
        """A number for each key: most have no other."""
        self._others: dict[int, list[int]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add_entries(self, turned: TurnedArray, numbers: NumberArray) -> None:
        """Add entries in any order."""
        first, others = self._first, self._others
        for key, number in zip(turned.tolist(), numbers.tolist(), strict=True):
            if key not in first:
                first[key] = number
            elif key in others:
                others[key].append(number)
            else:
                others[key] = [number]
        self._count += len(turned)

    def find_keys(self, turned: TurnedArray) -> tuple[PlaceArray, NumberArray]:
        """The entries of some keys: `(asked, numbers)`; `numbers[i]` has the key `turned[asked[i]]`."""
        keys = turned.tolist()
        found = [(at, number) for at, number in enumerate(map(self._first.get, keys)) if number is not None]
        if self._others:
            found += [(at, number) for at, _ in found for number in self._others.get(keys[at], ())]
        if not found:
            return _NOWHERE, _NO_NUMBERS
        asked, numbers = zip(*found, strict=True)
        return np.array(asked, np.int64), np.array(numbers, np.uint32)

    def take_entries(self) -> tuple[TurnedArray, NumberArray]:
        """All entries, which are not here any more."""
        first, others = self._first, self._others
        self._forget()
        keys = [*first, *(key for key, some in others.items() for _ in some)]
        return np.array(keys, np.uint64), np.array([*first.values(), *chain.from_iterable(others.values())], np.uint32)


class EntryLookUp:
    """The entries of some keys in runs and elsewhere, each of which is searched once for all keys.

    Where a key has many in a run they are read when they are asked for.
    """

    def __init__(self, turned: TurnedArray) -> None:
        self._query = query_keys(turned)
        self._asked: list[PlaceArray] = [_NOWHERE]
        self._numbers: list[NumberArray] = [_NO_NUMBERS]
        self._long: list[tuple[SortedRun, RunEntries]] = []

    def search_runs(self, runs: Iterable[SortedRun]) -> None:
        """Find what some runs have."""
        for run in runs:
            found = run.find_keys(self._query)
            self.add_entries(found.asked, found.numbers)
            if len(found.long):
                self._long.append((run, found))

    def add_entries(self, asked: PlaceArray, numbers: NumberArray) -> None:
        """Add what was found elsewhere: `numbers[i]` has the key at `asked[i]`."""
        self._asked.append(asked)
        self._numbers.append(numbers)

    def _join_found(self) -> tuple[PlaceArray, NumberArray]:
        """What was found at once, in two arrays."""
        if len(self._asked) > 1:
            self._asked, self._numbers = [np.concatenate(self._asked)], [np.concatenate(self._numbers)]
        return self._asked[0], self._numbers[0]

    def count_entries(self) -> PlaceArray:
        """How many entries each key has."""
        asked, _ = self._join_found()
        counts = np.bincount(asked, minlength=len(self._query.turned))
        for _, found in self._long:
            counts[found.long] += found.counts
        return counts

    def read_entries(self, keys: PlaceArray) -> tuple[PlaceArray, NumberArray]:
        """The entries of some keys, by their places, in any order: `numbers[i]` has the key `keys[asked[i]]`."""
        place = np.full(len(self._query.turned), -1)
        place[keys] = np.arange(len(keys))
        asked, numbers = self._join_found()
        asked = place[asked]
        wanted = asked >= 0
        asked, numbers = asked[wanted], numbers[wanted]
        if not self._long:
            return asked, numbers
        all_asked, all_numbers = [asked], [numbers]
        for run, found in self._long:
            at = place[found.long]
            some = np.flatnonzero(at >= 0)
            within, behind = expand_counts(found.counts[some])
            all_asked.append(at[some][within])
            all_numbers.append(run.numbers[found.begins[some][within] + behind])
        return np.concatenate(all_asked), np.concatenate(all_numbers)


def index_bits(entries: int) -> int:
    """Bits of the index: two to four entries a slot."""
    return max(entries.bit_length() - 2, 1)


def make_slots(turned: TurnedArray, bits: int, first: int = 0, entries: int = 0, count: int = 0) -> SlotArray:
    """`count` slots from the first (all if none are given), and one after them that tells where they end.

    `turned` are the keys in them, and `entries` how many are in slots before.
    """
    slot = (turned >> np.uint64(64 - bits)).astype(np.int64) - first
    counts = np.bincount(slot, minlength=count or 1 << bits)
    ends = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=ends[1:])
    slots: SlotArray = ends.view(np.uint64) + np.uint64(entries)
    filled = np.flatnonzero(counts)
    if len(filled):
        filters = np.bitwise_or.reduceat(_filter_bits(turned), ends[filled])
        slots[filled] |= filters.astype(np.uint64) << START_BITS
    return slots


def sort_entries(turned: TurnedArray, numbers: NumberArray) -> tuple[TurnedArray, NumberArray]:
    """Entries in any order, or those of several sorted runs, sorted by their turned keys.

    Each place is packed into the lower bits of its key and the numbers are sorted, for which numpy has vector
    instructions: it takes a third of argsort's time, and of three sorted arrays or more less than to merge them. Keys
    that differ in the overwritten bits alone may stay out of order; a stable sort, which is fast on nearly sorted
    values, corrects them.
    """
    within = (np.uint64(1) << np.uint64(len(turned).bit_length())) - np.uint64(1)
    placed = turned & ~within
    placed |= np.arange(len(turned), dtype=np.uint64)
    placed.sort()
    placed &= within
    order = placed.view(np.int64)
    turned, numbers = turned[order], numbers[order]
    if (turned[1:] < turned[:-1]).any():
        order = np.argsort(turned, kind="stable")
        turned, numbers = turned[order], numbers[order]
    return turned, numbers


class RunRecord(msgspec.Struct, frozen=True):
    """What is to be remembered of a run in a file, to open it again.

    The file has room for so many turned keys, then for as many numbers, then the slots, of which there are 2 ** bits
    and one. Where entries were left out there are holes, which take no disk.
    """

    file: int
    room: int
    entries: int
    bits: int

    @property
    def slots_at(self) -> int:
        """Where the slots begin, in bytes; `room` is even, so they are aligned."""
        return ENTRY_BYTES * self.room

    @property
    def file_bytes(self) -> int:
        """The size of the file."""
        return self.slots_at + SLOT_BYTES * ((1 << self.bits) + 1)


class FileRun(SortedRun):
    """A run in a file, read through the page cache, so that it takes no memory of the process."""

    def __init__(self, path: Path, record: RunRecord) -> None:
        """Map the file. Raises FileNotFoundError; EOFError if it is too short."""
        self.path, self.record = path, record
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < record.file_bytes:
                raise EOFError(f"{path} is too short")
            mapped = mmap.mmap(file.fileno(), record.file_bytes, access=mmap.ACCESS_READ)
        mapped.madvise(mmap.MADV_RANDOM)
        super().__init__(
            np.frombuffer(mapped, np.uint64, record.entries),
            np.frombuffer(mapped, np.uint32, record.entries, TURNED_BYTES * record.room),
            np.frombuffer(mapped, np.uint64, (1 << record.bits) + 1, record.slots_at),
        )


class RunMerge:
    """The merge of some runs into a file, a piece at a time. If it is dropped, its file is to be deleted.

    A piece is what lies between two turned keys, of some PIECE entries, and more where one key has more.
    """

    def __init__(self, path: Path, number: int, runs: Sequence[SortedRun]) -> None:
        """Begin the file. Raises OSError."""
        self.path, self.runs = path, runs
        room = sum(map(len, runs))
        self._record = RunRecord(number, room + room % 2, 0, index_bits(room))
        self._pieces = 1 << max(0, (room // PIECE).bit_length())
        self._pieces = min(self._pieces, 1 << self._record.bits)
        self._piece = self._entries = 0
        self._starts = [0] * len(runs)
        self._file, self._inputs = -1, list[int]()
        try:
            self._file = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR | os.O_CLOEXEC, 0o600)
            for run in runs:
                self._inputs.append(os.open(run.path, os.O_RDONLY | os.O_CLOEXEC) if isinstance(run, FileRun) else -1)
        except OSError:
            self.drop()
            raise

    @property
    def entries(self) -> int:
        """How many entries are merged in all."""
        return self._record.room

    @property
    def finished(self) -> bool:
        """Whether all entries are in the file."""
        return self._piece == self._pieces

    def merge_some(self, entries: int, keep: KeepEntries) -> None:
        """Merge the next pieces, of so many entries or a few more, unless it is finished. Raises OSError."""
        while entries > 0 and not self.finished:
            entries -= self._merge_piece(keep)

    def _merge_piece(self, keep: KeepEntries) -> int:
        """Write the next piece; returns how many entries were read. After an error it can be tried again."""
        record, last = self._record, self._piece + 1 == self._pieces
        bound = np.uint64((1 << 64) // self._pieces * (self._piece + 1) - 1)
        ends = [len(run) if last else int(run.turned.searchsorted(bound, side="right")) for run in self.runs]
        turned, numbers = sort_entries(*self._read_entries(ends))
        count = len(turned)
        kept = keep(numbers)
        if not kept.all():
            turned, numbers = turned[kept], numbers[kept]
        count_slots = (1 << record.bits) // self._pieces
        first = self._piece * count_slots
        slots = make_slots(turned, record.bits, first, self._entries, count_slots)
        write_fully(self._file, turned.tobytes(), TURNED_BYTES * self._entries)
        write_fully(self._file, numbers.tobytes(), TURNED_BYTES * record.room + NUMBER_BYTES * self._entries)
        write_fully(self._file, slots.tobytes(), record.slots_at + SLOT_BYTES * first)
        self._starts, self._piece, self._entries = ends, self._piece + 1, self._entries + len(turned)
        return count

    def _read_entries(self, ends: Sequence[int]) -> tuple[TurnedArray, NumberArray]:
        """The next entries of all runs, up to these ends.

        Those of a file are not read through its map, which reads nothing ahead.
        """
        count = sum(ends) - sum(self._starts)
        turned, numbers = np.empty(count, np.uint64), np.empty(count, np.uint32)
        at = 0
        for run, file, start, end in zip(self.runs, self._inputs, self._starts, ends, strict=True):
            some = slice(at, at := at + end - start)
            if isinstance(run, FileRun):
                read_fully(file, turned[some].view(np.uint8), TURNED_BYTES * start)
                read_fully(file, numbers[some].view(np.uint8), TURNED_BYTES * run.record.room + NUMBER_BYTES * start)
            else:
                turned[some], numbers[some] = run.turned[start:end], run.numbers[start:end]
        return turned, numbers

    def open_runs(self) -> list[FileRun]:
        """The finished run; none if no entry was left. Raises OSError."""
        self._close_files()
        if not self._entries:
            self.path.unlink(missing_ok=True)
            return []
        return [FileRun(self.path, msgspec.structs.replace(self._record, entries=self._entries))]

    def drop(self) -> None:
        """Delete the file."""
        self._close_files()
        self.path.unlink(missing_ok=True)

    def _close_files(self) -> None:
        for file in [self._file, *self._inputs]:
            if file != -1:
                os.close(file)
        self._file, self._inputs = -1, []


def write_fully(file: int, data: bytes, at: int) -> None:
    """Write all of it. Raises OSError."""
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, at)
        view, at = view[written:], at + written


def read_fully(file: int, into: NDArray[np.uint8], at: int) -> None:
    """Fill an array. Raises EOFError, OSError."""
    view = into.data
    while view:
        count = os.preadv(file, [view], at)
        if not count:
            raise EOFError("a file is too short")
        view, at = view[count:], at + count
