"""The block store on disk: one LMDB environment per source partition (pipeline.correlation.store_file)."""

from __future__ import annotations

import time
from array import array
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import lmdb
import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.correlation.block_lists import BlockLists
from pipeline.correlation.key_kinds import HASH_BITS, hash_value
from pipeline.correlation.sketch_table import SketchTable
from pipeline.correlation.store import SEQUENCE_BITS, CaseNumbers, Entries, MemoryRecord, sequence_of
from pipeline.correlation.store_file import Database, Databases, StoreFile, StoreIdentity, StoreUnwritableError
from pipeline.matching.fingerprint import Fingerprint

MAP_SIZE = 1 << 30
"""First size of the memory map in bytes; it costs address space only and doubles when full."""

KEY_COUNT, KEY_BYTES, NUMBER_BYTES = 2, 8, 4
"""A record: the count of its keys (16 bits), the keys (64 bits each), the fingerprint without them in MessagePack."""

NAME = 1 << 5
"""Takes the place of a blocking key's kind; all kinds are smaller (key_kinds.KeyKind)."""

NUMBERS = b"numbers"

DATABASES: Final[Databases] = {"records": {}, "listed": {}, "links": {}, "sketches": {}, "spans": {}}
"""`listed`, `sketches` and `spans` hold the pages, by number, of what is in memory while the store is open."""


class LmdbRecord:
    """A stored case on disk: its keys are read from the memory map, the rest is decoded when it is asked for."""

    __slots__ = ("_body", "keys")

    def __init__(self, value: memoryview) -> None:
        start = KEY_COUNT + KEY_BYTES * int.from_bytes(value[:KEY_COUNT], "little")
        self.keys: Sequence[int] = value[KEY_COUNT:start].cast("Q")
        self._body = value[start:]

    @property
    def fingerprint(self) -> Fingerprint:
        """The fingerprint, decoded anew at each call."""
        return msgspec.structs.replace(_decode(self._body), keys=tuple(self.keys))


class LmdbStore:
    """A BlockStore in a folder of its own, which it holds by a lock while it is open."""

    def __init__(
        self,
        folder: Path,
        identity: StoreIdentity,
        *,
        boot: str | None = None,
        map_size: int = MAP_SIZE,
    ) -> None:
        """Open what is there; start empty (offset NO_OFFSET) if it is another's or may be torn. Raises StoreInUseError.

        `boot` is this start of the machine (boot_id() if not given); `map_size` is in bytes.
        """
        self._file = StoreFile(folder, identity, DATABASES, map_size=map_size, boot=boot)
        self.records = self._file.records
        numbers = self._file.reader.get(NUMBERS)
        self._numbers = CaseNumbers(*msgspec.json.decode(numbers, type=tuple[int, list[str]]) if numbers else ())
        self.sketches = SketchTable()
        for name, column in (("sketches", self.sketches.words), ("spans", self.sketches.spans)):
            column.load_pages(self._read_pages(name))
        self._lists = BlockLists(self._read_pages("listed"))
        if self._lists.wasteful:
            with suppress(StoreUnwritableError):
                self._compact_lists()
        self._forget_changes()

    def _read_pages(self, database: str) -> Iterator[memoryview]:
        return (page for _, page in self._file.reader.cursor(db=self._file.databases[database]))

    def _forget_changes(self) -> None:
        self._new_records: dict[int, MemoryRecord] = {}
        self._new_links: dict[int, array[int]] = {}
        self._erased_at: float | None = None
        self._first_new = self._numbers.count

    @property
    def offset(self) -> int:
        """The offset of the last commit, as the file has it."""
        return self._file.offset

    def find_cases(self, cases: Sequence[str]) -> dict[str, int]:
        """Look the names' hashes up, then compare the names, since hashes may collide."""
        entries, asking = self._lists.find_entries([[_name_key(case)] for case in cases])
        named = ((cases[at], number) for at, number in zip(asking.tolist(), entries["number"].tolist(), strict=True))
        return {case: number for case, number in named if self.get_case(number).fingerprint.case == case}

    def get_case(self, number: int) -> MemoryRecord | LmdbRecord:
        """Return what was put since the last commit, else what the file has. Raises KeyError for an unknown number."""
        if (found := self._new_records.get(number)) is not None:
            return found
        value = self._file.get("records", _record_key(number))
        if value is None:
            raise KeyError(number)
        return LmdbRecord(value)

    def put_case(self, fingerprint: Fingerprint, number: int | None) -> int:
        """Keep it in memory until the commit; a withdrawal's time decides when the file is written anew."""
        if number is None:
            number = self._numbers.next_number(fingerprint.country)
            self._lists.add_case(number, [_name_key(fingerprint.case)])
        elif fingerprint.withdrawn:
            self._erased_at = time.time()
        self._new_records[number] = MemoryRecord(fingerprint)
        self.sketches.put_sketch(sequence_of(number), fingerprint.sketch)
        return number

    def country_byte(self, country: str) -> int:
        """Return the byte of a country, a new one if it is new."""
        return self._numbers.country_byte(country)

    def find_entries(self, keys: Sequence[Sequence[int]]) -> tuple[Entries, NDArray[np.int64]]:
        """Read the block lists, which are in memory."""
        return self._lists.find_entries(keys)

    def count_entries(self, keys: Sequence[int]) -> NDArray[np.int64]:
        """Ask the lists' indexes."""
        return self._lists.count_entries(keys)

    def list_under_keys(self, number: int, keys: Collection[int]) -> None:
        """Append to the log of the lists."""
        self._lists.add_case(number, keys)

    def unlist_from_keys(self, number: int, keys: Collection[int]) -> None:
        """Append to the log of the lists."""
        self._lists.remove_case(number, keys)

    def followed_links(self, number: int) -> Sequence[int]:
        """Return the numbers of the other sides."""
        return tuple(self._read_links(number))

    def follow_link(self, one: int, other: int) -> None:
        """Remember the link under both of its sides."""
        _add_sorted(self._changed_links(one), other)
        _add_sorted(self._changed_links(other), one)

    def unfollow_link(self, one: int, other: int) -> None:
        """Forget the link under both of its sides."""
        _discard_sorted(self._changed_links(one), other)
        _discard_sorted(self._changed_links(other), one)

    def _read_links(self, number: int) -> Sequence[int]:
        if (linked := self._new_links.get(number)) is not None:
            return linked
        value = self._file.get("links", _record_key(number))
        return () if value is None else value.cast("I")

    def _changed_links(self, number: int) -> array[int]:
        if (linked := self._new_links.get(number)) is None:
            linked = self._new_links[number] = array("I", self._read_links(number))
        return linked

    def commit(self, offset: int) -> None:
        """Write all changes and the offset in one LMDB transaction."""
        self._file.commit(offset, self._write_changes, self.records, erased_at=self._erased_at)
        self.sketches.mark_written()
        self._lists.mark_written()
        self._forget_changes()

    def _write_changes(self, transaction: lmdb.Transaction) -> None:
        """Put all changes, in key order, which keeps LMDB's pages warm."""
        databases = self._file.databases
        for number, linked in self._new_links.items():
            _put_links(transaction, databases["links"], _record_key(number), linked)
        paged = (("sketches", self.sketches.words), ("spans", self.sketches.spans), ("listed", self._lists))
        for name, part in paged:
            for page, items in part.changed_pages():
                transaction.put(page.to_bytes(NUMBER_BYTES), items, db=databases[name])
        for number in sorted(self._new_records, key=sequence_of):
            self._put_record(transaction, number)
        transaction.put(NUMBERS, msgspec.json.encode((self._numbers.count, self._numbers.countries)))

    def _compact_lists(self) -> None:
        """Write the log of the lists anew."""
        lists, database = self._lists.compact_log(), self._file.databases["listed"]

        def rewrite(transaction: lmdb.Transaction) -> None:
            transaction.drop(database, delete=False)
            for page, entries in lists.changed_pages():
                transaction.put(page.to_bytes(NUMBER_BYTES), entries, db=database)

        self._file.commit(self.offset, rewrite, self.records)
        lists.mark_written()
        self._lists = lists

    def _put_record(self, transaction: lmdb.Transaction, number: int) -> None:
        value = _encode_fingerprint(self._new_records[number].fingerprint)
        new = sequence_of(number) >= self._first_new
        transaction.put(_record_key(number), value, db=self._file.databases["records"], append=new)

    def sync(self) -> None:
        """Flush the file to disk."""
        self._file.sync()

    def compact(self, after_s: float) -> None:
        """Copy the file without what was erased."""
        if self._file.erased_at is not None and time.time() - self._file.erased_at >= after_s:
            self._file.rewrite_file()

    def close(self) -> None:
        """Sync and close the file, and give up its lock."""
        self._file.close()


def _name_key(case: str) -> int:
    """The key under which only this case is listed, and whose name has the same hash."""
    return NAME << HASH_BITS | hash_value(case)


def _record_key(number: int) -> bytes:
    """Ascending in the order in which cases came, so that new records are appended."""
    return (sequence_of(number) << 8 | number >> SEQUENCE_BITS).to_bytes(4)


def _encode_fingerprint(fingerprint: Fingerprint) -> bytes:
    keys = array("Q", fingerprint.keys)
    body = _encoder.encode(msgspec.structs.replace(fingerprint, keys=(), sketch=b""))
    return len(keys).to_bytes(KEY_COUNT, "little") + keys.tobytes() + body


_encoder = msgspec.msgpack.Encoder()
_decode = msgspec.msgpack.Decoder(Fingerprint).decode


def _put_links(transaction: lmdb.Transaction, database: Database, name: bytes, linked: array[int]) -> None:
    if linked:
        transaction.put(name, linked.tobytes(), db=database)
    else:
        transaction.delete(name, db=database)


def _add_sorted(listed: array[int], number: int) -> None:
    if number not in listed:
        listed.append(number)


def _discard_sorted(listed: array[int], number: int) -> None:
    if number in listed:
        listed.remove(number)
