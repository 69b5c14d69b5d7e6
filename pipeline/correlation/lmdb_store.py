"""The block store on disk: one LMDB environment per source partition (pipeline.correlation.store_file)."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from pathlib import Path

import lmdb
import msgspec

from pipeline.correlation.recent import Recent
from pipeline.correlation.store import EMPTY, SEQUENCE_BITS, MemoryRecord, Numbers
from pipeline.correlation.store_file import Database, Identity, StoreFile
from pipeline.matching.fingerprint import Fingerprint

MAP_SIZE = 1 << 30
"""First size of the memory map in bytes; it costs address space only and doubles when full."""

CACHE_BYTES = 48 << 20
"""Decoded fingerprints kept in memory, by estimate: eight partitions in one worker stay under 400 MB."""

DECODED = 8
"""Bytes of Python objects for each byte of an encoded fingerprint (measured with tracemalloc)."""

KEY_COUNT, KEY_BYTES = 2, 8
"""A record: the count of its keys (16 bits), the keys (64 bits each), the fingerprint without them in MessagePack."""

NUMBERS = b"numbers"
DATABASES = ("cases", "records", "blocks", "links")


class LmdbRecord:
    """A held case on disk: its keys are read from the map, the rest is decoded when asked for."""

    __slots__ = ("_body", "_number", "_recent", "keys")

    def __init__(self, number: int, value: memoryview, recent: Recent[int, MemoryRecord]) -> None:
        start = KEY_COUNT + KEY_BYTES * int.from_bytes(value[:KEY_COUNT], "little")
        self.keys: Sequence[int] = value[KEY_COUNT:start].cast("Q")
        self._body = value[start:]
        self._number = number
        self._recent = recent

    @property
    def fingerprint(self) -> Fingerprint:
        fingerprint = msgspec.structs.replace(_decode(self._body), keys=tuple(self.keys))
        self._recent.put(self._number, MemoryRecord(fingerprint), DECODED * len(self._body))
        return fingerprint


class LmdbStore:
    """A BlockStore in a folder of its own, which it holds by a lock while it is open."""

    def __init__(
        self,
        folder: Path,
        identity: Identity,
        *,
        boot: str | None = None,
        map_size: int = MAP_SIZE,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        """Open what is there; start empty (offset NO_OFFSET) if it is another's or may be torn. Raises StoreInUseError.

        `boot` is this start of the machine (boot_id() if not given); sizes are in bytes.
        """
        self._file = StoreFile(folder, identity, DATABASES, map_size=map_size, boot=boot)
        self._recent: Recent[int, MemoryRecord] = Recent(cache_bytes)
        numbers = self._file.reader.get(NUMBERS)
        self._numbers = Numbers(*msgspec.json.decode(numbers, type=tuple[int, list[str]]) if numbers else ())
        self._forget_changes()

    def _forget_changes(self) -> None:
        self._new_cases: dict[bytes, int] = {}
        self._new_records: dict[int, MemoryRecord] = {}
        self._new_blocks: dict[int, array[int]] = {}
        self._new_links: dict[int, array[int]] = {}
        self._first_new = self._numbers.count

    @property
    def offset(self) -> int:
        return self._file.offset

    def find(self, case: str) -> int | None:
        return self._find(_digest(case))

    def _find(self, digest: bytes) -> int | None:
        if (number := self._new_cases.get(digest)) is not None:
            return number
        value = self._file.get("cases", digest)
        return None if value is None else int.from_bytes(value, "little")

    def record(self, number: int) -> MemoryRecord | LmdbRecord:
        found = self._new_records.get(number) or self._recent.get(number)
        if found is not None:
            return found
        value = self._file.get("records", _record_key(number))
        if value is None:
            raise KeyError(number)
        return LmdbRecord(number, value, self._recent)

    def put(self, fingerprint: Fingerprint) -> int:
        digest = _digest(fingerprint.case)
        number = self._find(digest)
        if number is None:
            number = self._new_cases[digest] = self._numbers.next(fingerprint.country)
        self._recent.drop(number)
        self._new_records[number] = MemoryRecord(fingerprint)
        return number

    def block(self, key: int) -> Sequence[int]:
        return self._listed(self._new_blocks, "blocks", _block_key(key), key)

    def enlist(self, key: int, number: int) -> None:
        _add(self._changing(self._new_blocks, "blocks", _block_key(key), key), number)

    def delist(self, key: int, number: int) -> None:
        _discard(self._changing(self._new_blocks, "blocks", _block_key(key), key), number)

    def followed(self, number: int) -> Sequence[int]:
        return tuple(self._listed(self._new_links, "links", _record_key(number), number))

    def follow(self, one: int, other: int) -> None:
        _add(self._changing(self._new_links, "links", _record_key(one), one), other)
        _add(self._changing(self._new_links, "links", _record_key(other), other), one)

    def unfollow(self, one: int, other: int) -> None:
        _discard(self._changing(self._new_links, "links", _record_key(one), one), other)
        _discard(self._changing(self._new_links, "links", _record_key(other), other), one)

    def _listed(self, changed: dict[int, array[int]], database: str, name: bytes, key: int) -> Sequence[int]:
        if (listed := changed.get(key)) is not None:
            return listed
        value = self._file.get(database, name)
        return EMPTY if value is None else value.cast("I")

    def _changing(self, changed: dict[int, array[int]], database: str, name: bytes, key: int) -> array[int]:
        if (listed := changed.get(key)) is None:
            listed = changed[key] = array("I", self._listed(changed, database, name, key))
        return listed

    def commit(self, offset: int) -> None:
        sizes = self._file.commit(offset, self._fill)
        for number, record in self._new_records.items():
            self._recent.put(number, record, DECODED * sizes[number])
        self._forget_changes()

    def _fill(self, transaction: lmdb.Transaction) -> dict[int, int]:
        """Put all changes, in key order, which keeps LMDB's pages warm; gives the records' sizes in bytes."""
        databases = self._file.databases
        for digest, number in sorted(self._new_cases.items()):
            transaction.put(digest, number.to_bytes(4, "little"), db=databases["cases"])
        for key, listed in sorted(self._new_blocks.items()):
            _put_list(transaction, databases["blocks"], _block_key(key), listed)
        for number, listed in self._new_links.items():
            _put_list(transaction, databases["links"], _record_key(number), listed)
        transaction.put(NUMBERS, msgspec.json.encode((self._numbers.count, self._numbers.countries)))
        return {number: self._put_record(transaction, number) for number in sorted(self._new_records, key=_sequence)}

    def _put_record(self, transaction: lmdb.Transaction, number: int) -> int:
        value = _encoded(self._new_records[number].fingerprint)
        new = _sequence(number) >= self._first_new
        transaction.put(_record_key(number), value, db=self._file.databases["records"], append=new)
        return len(value)

    def sync(self) -> None:
        self._file.sync()

    def close(self) -> None:
        self._file.close()


def _digest(case: str) -> bytes:
    return hashlib.blake2b(case.encode(), digest_size=16).digest()


def _sequence(number: int) -> int:
    return number & ((1 << SEQUENCE_BITS) - 1)


def _record_key(number: int) -> bytes:
    """Ascending in the order in which cases came, so that new records are appended."""
    return (_sequence(number) << 8 | number >> SEQUENCE_BITS).to_bytes(4)


def _block_key(key: int) -> bytes:
    return key.to_bytes(KEY_BYTES)


def _encoded(fingerprint: Fingerprint) -> bytes:
    keys = array("Q", fingerprint.keys)
    body = _encoder.encode(msgspec.structs.replace(fingerprint, keys=()))
    return len(keys).to_bytes(KEY_COUNT, "little") + keys.tobytes() + body


_encoder = msgspec.msgpack.Encoder()
_decode = msgspec.msgpack.Decoder(Fingerprint).decode


def _put_list(transaction: lmdb.Transaction, database: Database, name: bytes, listed: array[int]) -> None:
    if listed:
        transaction.put(name, listed.tobytes(), db=database)
    else:
        transaction.delete(name, db=database)


def _add(listed: array[int], number: int) -> None:
    if number not in listed:
        listed.append(number)


def _discard(listed: array[int], number: int) -> None:
    if number in listed:
        listed.remove(number)
