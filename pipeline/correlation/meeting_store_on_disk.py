"""The store of a meeting place on disk, in memory that does not grow with the cases.

| part | where | written |
|---|---|---|
| entries, the newest | in memory, and in LMDB as a log | in the commit |
| entries, all others | sorted runs in files (sorted_runs.py), which never change | before the commit that names them |
| rows and countries | files of rows (mapped_rows.py), changed ones in LMDB first | before or after the commit |
| which files and how many rows there are, the offset | LMDB | in the commit |

No entry is ever taken off a key. A case that leaves a key gets another number: its row has a hash of its keys, which
tells. The number that it had is dead, so its entries are left out when they are found, and are dropped when their run
is merged. So the store keeps no keys by case, runs need no order among each other, and lookups no tombstones. A case's
id is a key, too, under which only this case is listed.

A crash of the process loses nothing that was committed; files that no commit named are deleted when the store is
opened. After a crash of the machine the store is rebuilt (store_file.py).
"""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import lmdb
import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.correlation.key_kinds import HASH_BITS
from pipeline.correlation.mapped_rows import MappedRows
from pipeline.correlation.meeting_store import NO_CASE, CaseNumberArray, Entries
from pipeline.correlation.postings import IdArray, KeyArray, Postings, RowArray
from pipeline.correlation.protocol import CASE_ID_BYTES
from pipeline.correlation.sorted_runs import (
    ENTRY_BYTES,
    TURNED_BYTES,
    EntryLookUp,
    FileRun,
    KeepEntries,
    LooseEntries,
    PlaceArray,
    RunMerge,
    RunRecord,
    SortedRun,
    TurnedArray,
    turn_keys,
)
from pipeline.correlation.store_file import NO_OFFSET, Databases, StoreFile, StoreIdentity, StoreUnwritableError
from pipeline.errors import LiaisonError

FORMAT = 1
"""Raised with every change of what the store holds; a store of another format is rebuilt."""

MAP_SIZE = 1 << 24
"""First size of LMDB's memory map in bytes; it costs address space only and doubles when full."""

RUN_ENTRIES, MOST_RUN_ENTRIES, RUN_SHARE = 1 << 17, 1 << 19, 32
"""Entries that are kept in memory before they are written as a run: some 2 MB in a small store, and up to 8 MB in one
that has RUN_SHARE times as many. So workers with many partitions do with little memory."""

FEW_ENTERED, MOST_LOOSE = 512, 1 << 13
"""Entries that come in a smaller number are kept in a hash table, of which so many become a run: with many partitions
few come to each at a time."""

FAN_BITS = 2
"""So many runs alike in length, 2 ** FAN_BITS, are merged into one. More of them at a time mean that each entry is
written less often, but that there are more runs to search."""

PACE = 8
"""Entries of a merge that each commit handles for each entry that it adds. When a merge is over, an eighth of the runs
that make the next one due are there."""

ID, ORDER, KEYS_HASH, SKETCH = slice(0, 4), slice(4, 6), slice(6, 8), slice(8, None)
"""The words of a row."""
SKETCH_AT = 8

DEAD, FREE = (1 << 16) - 1, (1 << 16) - 2
"""In place of a number's country: no case has the number any more; and no entry is left that does."""

SCANNED = 1 << 18
"""Countries that are read at once in search of free numbers."""

_NAME_KIND: Final = np.uint64(1 << 5)
"""Takes the place of a blocking key's kind; all kinds are smaller (key_kinds.KeyKind)."""

_KIND_BITS = np.uint64(64 - HASH_BITS)

LOG: Final[Databases] = {"log": {}}

MANIFEST, REDO = b"manifest", b"redo"

RUN_FILES = "run-*"


class MeetingStoreFullError(LiaisonError):
    """Every case number is taken."""


class _Manifest(msgspec.Struct, frozen=True):
    """What a commit consists of, beside its log and redo."""

    runs: tuple[RunRecord, ...] = ()
    numbers: int = 0
    dead: bool = False
    """Whether entries of dead numbers may be there."""
    next_log: int = 0


class DiskMeetingStore:
    """A MeetingStore in a folder of its own, which it holds by a lock while it is open."""

    def __init__(
        self,
        folder: Path,
        identity: StoreIdentity,
        sketch_words: int,
        *,
        boot: str | None = None,
        map_size: int = MAP_SIZE,
        run_entries: int = RUN_ENTRIES,
    ) -> None:
        """Open what is there; start empty (offset NO_OFFSET) if it is another's or may be torn. Raises StoreInUseError.

        `boot` is this start of the machine (boot_id() if not given); `map_size` is in bytes.
        """
        self._folder, self._run_entries = folder, run_entries
        self._busy = threading.Lock()
        """Held by compaction and closing, which different threads may call."""
        identity = msgspec.structs.replace(identity, format=FORMAT << 16 | sketch_words)

        def open_file() -> StoreFile:
            return StoreFile(folder, identity, LOG, map_size=map_size, boot=boot)

        self._file = open_file()
        try:
            self._load(sketch_words)
        except (FileNotFoundError, EOFError):  # somebody took files away
            self._file.close(clean=False)
            (folder / "data.mdb").unlink()
            self._file = open_file()
            self._load(sketch_words)

    def _load(self, sketch_words: int) -> None:
        """Take up the last commit, and delete what it does not name."""
        reader = self._file.reader
        if self._file.offset == NO_OFFSET:
            for name in ("rows", "countries"):
                (self._folder / name).unlink(missing_ok=True)
        manifest = _decode_manifest(reader.get(MANIFEST))
        named = {self._run_path(record.file) for record in manifest.runs}
        for path in set(self._folder.glob(RUN_FILES)) - named:
            path.unlink()
        self.records = self._file.records
        self._runs = [FileRun(self._run_path(record.file), record) for record in manifest.runs]
        self._next_run = max((record.file for record in manifest.runs), default=-1) + 1
        self._merges: list[RunMerge] = []
        rows_redo, countries_redo = msgspec.msgpack.decode(reader.get(REDO) or _NO_REDO, type=tuple[bytes, bytes])
        shape = (SKETCH_AT + sketch_words,)
        self._rows = MappedRows(self._folder / "rows", np.uint32, shape, manifest.numbers, rows_redo)
        try:
            self._countries = MappedRows(self._folder / "countries", np.uint16, (), manifest.numbers, countries_redo)
        except (EOFError, OSError):
            self._rows.close()
            raise
        self._dead, self._next_log = manifest.dead, manifest.next_log
        logged = [_decode_log(page) for _, page in reader.cursor(db=self._file.databases["log"])]
        self._newest: list[SortedRun] = []
        self._loose = LooseEntries()
        """The newest entries of all, where few came at a time."""
        self._unlogged: list[tuple[TurnedArray, CaseNumberArray]] = []
        if logged:
            self._newest.append(SortedRun.sort_entries(*map(np.concatenate, zip(*logged, strict=True))))
        self._free: CaseNumberArray = np.empty(0, np.uint32)
        self._scanned = 0
        self._erased_at: float | None = None
        self._unwritten_rows = self._closed = False
        """Of rows: whether those of the last commit could not be written."""

    def _run_path(self, number: int) -> Path:
        return self._folder / f"run-{number}"

    @property
    def offset(self) -> int:
        """The offset of the last commit, as the file has it."""
        return self._file.offset

    def look_up(self, cases: IdArray, keys: KeyArray) -> DiskLookUp:
        """Search all runs once for ids and keys; ids are compared, since their beginnings may be the same."""
        words = np.ascontiguousarray(cases).view("<u4")
        turned = np.concatenate([_name_keys(words), turn_keys(keys)])
        found = EntryLookUp(turned)
        found.add_entries(*self._loose.find_keys(turned))
        found.search_runs([*self._newest, *self._runs])
        numbers = np.full(len(cases), NO_CASE, np.uint32)
        asked, held = found.read_entries(np.arange(len(cases)))
        if len(asked):
            same = (self._rows.read(held, ID) == words[asked]).all(axis=1) & self._is_alive(held)
            numbers[asked[same]] = held[same]
        return DiskLookUp(numbers, found, self._read_living)

    def _read_living(self, numbers: CaseNumberArray) -> tuple[NDArray[np.uint16], NDArray[np.bool_] | None]:
        """The countries of some cases, and which numbers are not dead; None if none is."""
        countries = self._countries.read(numbers)
        return countries, countries != DEAD if self._dead else None

    def put_postings(self, postings: Postings, numbers: CaseNumberArray) -> CaseNumberArray:
        """Give new numbers to cases that are new or left keys; enter cases under keys that they were not under."""
        hashes = _hash_keys(postings.keys, postings.counts)
        rows = np.empty((len(numbers), SKETCH_AT + postings.sketches.shape[1]), np.uint32)
        rows[:, ID] = np.ascontiguousarray(postings.cases).view("<u4")
        rows[:, ORDER] = postings.orders.astype("<u8").view("<u4").reshape(-1, 2)
        rows[:, KEYS_HASH] = hashes.view("<u4").reshape(-1, 2)
        rows[:, SKETCH] = postings.sketches
        # 1. A case without keys has no entries yet, so that it keeps its number, as one with the same keys does.
        known = numbers != NO_CASE
        before = np.zeros(len(numbers), np.uint64)
        if known.any():
            before[known] = self._read_words(numbers[known], KEYS_HASH)
        left = (before != 0) & (before != hashes)
        if left.any():
            self._rows.change(numbers[left], np.zeros_like(rows[left]))
            self._countries.change(numbers[left], np.full(np.count_nonzero(left), DEAD, np.uint16))
            self._dead, self._erased_at = True, self._erased_at or time.time()
        kept = known & ~left
        if kept.any():
            self._rows.change(numbers[kept], rows[kept])
            self._countries.change(numbers[kept], postings.countries[kept])
        # 2. Numbers for the others, free ones first.
        numbers = numbers.copy()
        numbers[~kept] = self._number_cases(rows[~kept], postings.countries[~kept])
        # 3. Entries under blocking keys, and under the ids of those that have new numbers.
        entered = np.repeat(~kept | (before == 0), postings.counts)
        turned = np.concatenate([turn_keys(postings.keys[entered]), _name_keys(rows[~kept, ID])])
        owners = np.concatenate([np.repeat(numbers, postings.counts)[entered], numbers[~kept]])
        self._enter(turned, owners)
        return numbers

    def _number_cases(self, rows: RowArray, countries: NDArray[np.uint16]) -> CaseNumberArray:
        """Store rows under free numbers, then under the next ones. Raises MeetingStoreFullError."""
        wanted = len(rows)
        while len(self._free) < wanted and self._scanned < self._countries.count:
            piece = np.arange(self._scanned, min(self._scanned + SCANNED, self._countries.count), dtype=np.uint32)
            self._free = np.concatenate([self._free, piece[self._countries.read(piece) == FREE]])
            self._scanned += len(piece)
        free, self._free = self._free[:wanted], self._free[wanted:]
        count = self._rows.count
        if count + wanted - len(free) > NO_CASE:
            raise MeetingStoreFullError(f"store {self._folder.name} has {count} numbers: build more partitions")
        self._rows.change(free, rows[: len(free)])
        self._countries.change(free, countries[: len(free)])
        if len(free) == wanted:
            return free
        self._rows.append(rows[len(free) :])
        self._countries.append(countries[len(free) :])
        self._scanned = self._countries.count  # none of those before is free, nor are the new ones
        return np.concatenate([free, np.arange(count, self._rows.count, dtype=np.uint32)])

    def _enter(self, turned: TurnedArray, numbers: CaseNumberArray) -> None:
        """Add new entries."""
        if not len(turned):
            return
        self._unlogged.append((turned, numbers))
        if len(turned) < FEW_ENTERED:
            self._loose.add_entries(turned, numbers)
            if len(self._loose) >= MOST_LOOSE:
                self._sort_loose()
        else:
            self._add_run(SortedRun.sort_entries(turned, numbers))

    def _sort_loose(self) -> None:
        if len(self._loose):
            self._add_run(SortedRun.sort_entries(*self._loose.take_entries()))

    def _add_run(self, run: SortedRun) -> None:
        """Add a run in memory; if there are enough that are no longer, they become one."""
        self._newest.append(run)
        shorter = 0
        while shorter < len(self._newest) and _level(self._newest[-1 - shorter], 1) <= _level(run, 1):
            shorter += 1
        if shorter >> FAN_BITS:
            self._newest[-shorter:] = [SortedRun.merge_runs(self._newest[-shorter:])]

    def get_orders(self, numbers: CaseNumberArray) -> NDArray[np.uint64]:
        """Read the rows."""
        return self._read_words(numbers, ORDER)

    def get_countries(self, numbers: CaseNumberArray) -> NDArray[np.uint16]:
        """Read the countries, which have a file of their own: few pages, of which each entry found needs one."""
        return self._countries.read(numbers)

    def get_sketches(self, numbers: CaseNumberArray) -> RowArray:
        """Read the rows."""
        return self._rows.read(numbers, SKETCH)

    def get_ids(self, numbers: CaseNumberArray) -> IdArray:
        """Read the rows."""
        return self._rows.read(numbers, ID).view(np.uint8).reshape(-1, CASE_ID_BYTES)

    def _read_words(self, numbers: CaseNumberArray, pair: slice) -> NDArray[np.uint64]:
        read: NDArray[np.uint64] = self._rows.read(numbers, pair).view("<u8")[:, 0]
        return read

    def _is_alive(self, numbers: CaseNumberArray) -> NDArray[np.bool_]:
        alive: NDArray[np.bool_] = (
            self._countries.read(numbers) != DEAD if self._dead else np.ones(len(numbers), np.bool_)
        )
        return alive

    def commit(self, offset: int) -> None:
        """Write all changes; the order of the steps makes each of them harmless if it is the last one."""
        share = min(sum(map(len, self._runs)) // RUN_SHARE, MOST_RUN_ENTRIES)
        full = len(self._loose) + sum(map(len, self._newest)) >= max(share, self._run_entries)
        runs = list(self._runs)

        def fill(transaction: lmdb.Transaction) -> None:
            log = self._file.databases["log"]
            if full:
                transaction.drop(log, delete=False)
            elif self._unlogged:
                transaction.put(self._next_log.to_bytes(8), _encode_log(self._unlogged), db=log)
            transaction.put(REDO, _encode((self._rows.encode_redo(), self._countries.encode_redo())))
            transaction.put(MANIFEST, _encode(self._describe(runs, self._next_log + 1)))

        try:
            # 1. Rows with new numbers, to which nothing on disk refers yet.
            self._rows.write_appended()
            self._countries.write_appended()
            # 2. Runs: what is in memory if it is much, and the merges that are due, without entries of dead numbers.
            self._continue_merges(runs, PACE * sum(len(turned) for turned, _ in self._unlogged))
            if full:
                self._sort_loose()
                runs += self._merge_whole(self._create_merge(self._newest), self._is_alive)
            self._begin_merges(runs)
            # 3. All that makes it a commit.
            self._unwritten_rows = True
            self._file.commit(offset, fill, self.records, erased_at=self._erased_at)
        except (OSError, StoreUnwritableError) as error:
            self._drop_merges(runs)
            raise StoreUnwritableError(f"store {self._folder.name}: {error}") from error
        # 4. What is over: the log is written, runs are replaced.
        self._next_log, self._unlogged, self._erased_at = self._next_log + 1, [], None
        if full:
            self._newest = []
        self._adopt(runs)
        # 5. Rows that changed. If that fails the next attempt commits them again.
        try:
            self._rows.write_changed()
            self._countries.write_changed()
        except OSError as error:
            raise StoreUnwritableError(f"store {self._folder.name}: {error}") from error
        self._unwritten_rows = False

    def _describe(self, runs: Sequence[FileRun], next_log: int) -> _Manifest:
        return _Manifest(tuple(run.record for run in runs), self._rows.count, self._dead, next_log)

    def _continue_merges(self, runs: list[FileRun], entries: int) -> None:
        """Go on with merges that were begun, and put the result in place of their runs where one is over."""
        for merge in self._merges:
            merge.merge_some(entries, self._is_alive)
            if merge.finished:
                runs[:] = [run for run in runs if run not in merge.runs]
                runs += merge.open_runs()

    def _begin_merges(self, runs: Sequence[FileRun]) -> None:
        """Begin the merges of runs of one level that are due."""
        levels: dict[int, list[FileRun]] = defaultdict(list)
        for run in runs:
            if not self._is_merged(run):
                levels[_level(run, self._run_entries)].append(run)
        self._merges += [self._create_merge(alike) for alike in levels.values() if len(alike) >> FAN_BITS]

    def _is_merged(self, run: FileRun) -> bool:
        return any(run in merge.runs for merge in self._merges)

    def _create_merge(self, runs: Sequence[SortedRun]) -> RunMerge:
        self._next_run += 1
        return RunMerge(self._run_path(self._next_run), self._next_run, runs)

    def _merge_whole(self, merge: RunMerge, keep: KeepEntries) -> list[FileRun]:
        """Do all of a merge at once. Raises OSError, after which its file is deleted."""
        try:
            merge.merge_some(merge.entries, keep)
            return merge.open_runs()
        except OSError:
            merge.drop()
            raise

    def _drop_merges(self, runs: Sequence[FileRun] = ()) -> None:
        """Give up merges that were begun, and runs that were written for a commit that failed."""
        for merge in self._merges:
            merge.drop()
        self._merges = []
        for path in {run.path for run in runs} - {run.path for run in self._runs}:
            path.unlink(missing_ok=True)

    def _adopt(self, runs: list[FileRun]) -> None:
        """Use these runs from now on, and delete all others."""
        old = {run.path for run in self._runs} - {run.path for run in runs}
        self._runs = runs
        self._merges = [merge for merge in self._merges if not merge.finished]
        for path in old:
            with suppress(OSError):  # it is deleted when the store is opened
                path.unlink()

    def sync(self) -> None:
        """Flush all files to disk."""
        self._sync_files()
        self._file.sync()

    def _sync_files(self) -> None:
        for path in [self._rows.path, self._countries.path, *(run.path for run in self._runs)]:
            # One that is gone was replaced by a run that the next sync flushes.
            with suppress(FileNotFoundError), path.open("rb") as file:
                os.fsync(file.fileno())

    def compact(self, after_s: float) -> None:
        """Merge all runs, and write the log and LMDB's file anew, without entries of dead numbers."""
        erased_at = self._file.erased_at
        if erased_at is None or time.time() - erased_at < after_s or self._unwritten_rows:
            return
        with self._busy:
            try:
                self._drop_entries()
                self._free_numbers()
            except OSError as error:
                raise StoreUnwritableError(f"store {self._folder.name}: {error}") from error
            self._file.rewrite_file()

    def _drop_entries(self) -> None:
        """Drop all entries of numbers that the last commit knows to be dead, in memory, log and runs."""
        self._drop_merges()
        self._sort_loose()
        self._newest = [left for run in self._newest if (left := run.keep_entries(self._keep_committed))]
        runs = self._merge_whole(self._create_merge(self._runs), self._keep_committed) if self._runs else []
        log = self._file.databases["log"]
        pages = [(bytes(page), *_decode_log(entries)) for page, entries in self._file.reader.cursor(db=log)]
        manifest = _decode_manifest(self._file.reader.get(MANIFEST))
        manifest = msgspec.structs.replace(manifest, runs=tuple(run.record for run in runs), dead=False)

        def fill(transaction: lmdb.Transaction) -> None:
            for page, turned, numbers in pages:
                kept = self._keep_committed(numbers)
                transaction.put(page, _encode_log([(turned[kept], numbers[kept])]), db=log)
            transaction.put(REDO, _NO_REDO)  # all of it is written
            transaction.put(MANIFEST, _encode(manifest))

        try:
            self._file.commit(self.offset, fill, self._file.records)
        except StoreUnwritableError:
            self._drop_merges(runs)
            raise
        self._adopt(runs)

    def _keep_committed(self, numbers: CaseNumberArray) -> NDArray[np.bool_]:
        """Whether each number is not dead after the last commit."""
        kept: NDArray[np.bool_] = self._countries.read_committed(numbers) != DEAD
        return kept

    def _free_numbers(self) -> None:
        """Mark all dead numbers free, since no entry is left of them."""
        for start in range(0, self._countries.count, SCANNED):
            piece = self._countries.read_range(start, start + SCANNED)
            if (dead := piece == DEAD).any():
                self._countries.overwrite(start, np.where(dead, np.uint16(FREE), piece))
        self._free, self._scanned = _NO_NUMBERS, 0
        self._dead = self._erased_at is not None  # since the last commit

    def close(self) -> None:
        """Flush all files and close them, and give up the lock, even if the disk refuses; may be repeated."""
        with self._busy:
            if self._closed:
                return
            self._closed = True
            clean = False
            try:
                self._drop_merges()
                self._sync_files()
                clean = not self._unwritten_rows
            finally:
                self._rows.close()
                self._countries.close()
                self._file.close(clean=clean)


class DiskLookUp:
    """A LookUp of a store on disk; sizes are with the entries of dead numbers."""

    def __init__(
        self,
        numbers: CaseNumberArray,
        found: EntryLookUp,
        read_living: Callable[[CaseNumberArray], tuple[NDArray[np.uint16], NDArray[np.bool_] | None]],
    ) -> None:
        """`found` are the ids, then the keys."""
        self.numbers, self.sizes = numbers, found.count_entries()[len(numbers) :]
        self._found, self._read_living = found, read_living

    def find_entries(self, keys: PlaceArray) -> Entries:
        """Read what was found, and leave dead numbers out."""
        asked, numbers = self._found.read_entries(keys + len(self.numbers))
        countries, alive = self._read_living(numbers)
        if alive is None:
            return Entries(asked, numbers, countries)
        return Entries(asked[alive], numbers[alive], countries[alive])


def _level(run: SortedRun, least: int) -> int:
    """Runs of a level are up to 2 ** FAN_BITS times as long as the shortest; at the first that has `least` entries."""
    return max(0, (len(run) // least).bit_length() - 1) // FAN_BITS


def _name_keys(words: RowArray) -> TurnedArray:
    """The turned keys under which the cases with some ids are listed alone; `words` are the ids' 32-bit words."""
    beginnings = words[:, 0].astype(np.uint64) | words[:, 1].astype(np.uint64) << np.uint64(32)
    return beginnings << _KIND_BITS | _NAME_KIND


def _hash_keys(keys: KeyArray, counts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """A 64-bit hash of each case's keys in any order, 0 if it has none.

    It is the sum of their hashes by SplitMix64 (Steele, Lea and Flood 2014).
    """
    mixed = keys * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ mixed >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ mixed >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed)])
    ends = np.cumsum(counts)
    hashes: NDArray[np.uint64] = np.where(counts > 0, sums[ends] - sums[ends - counts] | np.uint64(1), np.uint64(0))
    return hashes


def _encode_log(entries: Sequence[tuple[TurnedArray, CaseNumberArray]]) -> bytes:
    """The turned keys of all entries, then their numbers."""
    return b"".join([*(turned.tobytes() for turned, _ in entries), *(numbers.tobytes() for _, numbers in entries)])


def _decode_log(page: memoryview) -> tuple[TurnedArray, CaseNumberArray]:
    """Copies of the entries of a commit."""
    count = len(page) // ENTRY_BYTES
    turned, numbers = np.frombuffer(page, np.uint64, count), np.frombuffer(page, np.uint32, count, TURNED_BYTES * count)
    return turned.copy(), numbers.copy()


def _decode_manifest(value: memoryview | None) -> _Manifest:
    return _Manifest() if value is None else msgspec.msgpack.decode(value, type=_Manifest)


_encode = msgspec.msgpack.Encoder().encode

_NO_REDO: Final = _encode((b"", b""))

_NO_NUMBERS: CaseNumberArray = np.empty(0, np.uint32)
