"""The block store on disk: one LMDB environment per source partition.

Changes wait in memory until `commit` writes them in one LMDB transaction, so a full map is grown, or a full disk waited
for, and the same commit tried again. LMDB runs without fsync (238 us an event otherwise, measured): a process crash
loses nothing committed, and after a crash of the machine the boot id tells that the store must be rebuilt.
"""

from __future__ import annotations

import fcntl
import hashlib
from array import array
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import lmdb
import msgspec

from pipeline.correlation.recent import Recent
from pipeline.correlation.store import EMPTY, NO_OFFSET, SEQUENCE_BITS, MemoryRecord, Numbers
from pipeline.errors import LiaisonError
from pipeline.matching.fingerprint import Fingerprint

FORMAT = 1
"""Raised with every change of what is written here; a store of another format is rebuilt."""

MAP_SIZE = 1 << 30
"""First size of the memory map in bytes; it costs address space only and doubles when full."""

CACHE_BYTES = 48 << 20
"""Decoded fingerprints kept in memory, by estimate: eight partitions in one worker stay under 400 MB."""

DECODED = 8
"""Bytes of Python objects for each byte of an encoded fingerprint (measured with tracemalloc)."""

KEY_COUNT, KEY_BYTES = 2, 8
"""A record: the count of its keys (16 bits), the keys (64 bits each), the fingerprint without them in MessagePack."""

Database = Any
"""An opened LMDB database; the binding names no public type for it."""

META = b"meta"
DATABASES = ("cases", "records", "blocks", "links")


class StoreInUseError(LiaisonError):
    """Another process holds this store."""


class StoreUnwritableError(LiaisonError):
    """The disk refused a commit; nothing is lost and the same commit may be tried again."""


class Identity(msgspec.Struct, frozen=True):
    """What a store belongs to; any difference means that it must be rebuilt."""

    cluster: str
    topic: str
    partition: int
    generation: str
    format: int = FORMAT


class Meta(msgspec.Struct, frozen=True):
    """The store's own record, written in the same transaction as the data."""

    identity: Identity
    boot: str
    clean: bool = False
    offset: int = NO_OFFSET
    count: int = 0
    countries: tuple[str, ...] = ()


def boot_id() -> str:
    """Changes with every start of the machine; "" where unknown, and then every unclean store is rebuilt."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


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
        self._folder = folder
        self._recent: Recent[int, MemoryRecord] = Recent(cache_bytes)
        self._lock: TextIO | None = _locked(folder)
        wanted = Meta(identity, boot_id() if boot is None else boot)
        self._environment, self._committed = _opened(folder, wanted, map_size) or _emptied(folder, wanted, map_size)
        self._databases = {name: self._environment.open_db(name.encode()) for name in DATABASES}
        self._numbers = Numbers(self._committed.count, self._committed.countries)
        self._write_meta(msgspec.structs.replace(self._committed, clean=False))
        self._reader = self._environment.begin(buffers=True)
        self._forget_changes()

    def _forget_changes(self) -> None:
        self._new_cases: dict[bytes, int] = {}
        self._new_records: dict[int, MemoryRecord] = {}
        self._new_blocks: dict[int, array[int]] = {}
        self._new_links: dict[int, array[int]] = {}

    @property
    def offset(self) -> int:
        return self._committed.offset

    def find(self, case: str) -> int | None:
        return self._find(_digest(case))

    def _find(self, digest: bytes) -> int | None:
        if (number := self._new_cases.get(digest)) is not None:
            return number
        value = self._reader.get(digest, db=self._databases["cases"])
        return None if value is None else int.from_bytes(value, "little")

    def record(self, number: int) -> MemoryRecord | LmdbRecord:
        found = self._new_records.get(number) or self._recent.get(number)
        if found is not None:
            return found
        value = self._reader.get(_record_key(number), db=self._databases["records"])
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
        value = self._reader.get(name, db=self._databases[database])
        return EMPTY if value is None else value.cast("I")

    def _changing(self, changed: dict[int, array[int]], database: str, name: bytes, key: int) -> array[int]:
        if (listed := changed.get(key)) is None:
            listed = changed[key] = array("I", self._listed(changed, database, name, key))
        return listed

    def commit(self, offset: int) -> None:
        numbers = {"count": self._numbers.count, "countries": tuple(self._numbers.countries)}
        meta = msgspec.structs.replace(self._committed, offset=offset, **numbers)
        self._reader.abort()
        try:
            sizes = self._write(meta)
        finally:
            self._reader = self._environment.begin(buffers=True)
        for number, record in self._new_records.items():
            self._recent.put(number, record, DECODED * sizes[number])
        self._forget_changes()
        self._committed = meta

    def _write(self, meta: Meta) -> dict[int, int]:
        """Write all changes in one transaction, growing the map until they fit; gives the records' sizes in bytes."""
        while True:
            try:
                with self._environment.begin(write=True) as transaction:
                    sizes = self._fill(transaction)
                    transaction.put(META, msgspec.json.encode(meta))
                return sizes
            except lmdb.MapFullError:
                self._environment.set_mapsize(2 * self._environment.info()["map_size"])
            except lmdb.Error as error:
                raise StoreUnwritableError(f"block store {self._folder.name}: {error}") from error

    def _fill(self, transaction: lmdb.Transaction) -> dict[int, int]:
        """In key order, which keeps LMDB's pages warm."""
        for digest, number in sorted(self._new_cases.items()):
            transaction.put(digest, number.to_bytes(4, "little"), db=self._databases["cases"])
        for key, listed in sorted(self._new_blocks.items()):
            _put_list(transaction, self._databases["blocks"], _block_key(key), listed)
        for number, listed in self._new_links.items():
            _put_list(transaction, self._databases["links"], _record_key(number), listed)
        return {number: self._put_record(transaction, number) for number in sorted(self._new_records, key=_sequence)}

    def _put_record(self, transaction: lmdb.Transaction, number: int) -> int:
        value = _encoded(self._new_records[number].fingerprint)
        new = _sequence(number) >= self._committed.count
        transaction.put(_record_key(number), value, db=self._databases["records"], append=new)
        return len(value)

    def _write_meta(self, meta: Meta) -> None:
        with self._environment.begin(write=True) as transaction:
            transaction.put(META, msgspec.json.encode(meta))

    def sync(self) -> None:
        self._environment.sync(True)

    def close(self) -> None:
        if self._lock is None:
            return
        self._reader.abort()
        self._environment.sync(True)
        self._write_meta(msgspec.structs.replace(self._committed, clean=True))
        self._environment.sync(True)
        self._environment.close()
        self._lock.close()
        self._lock = None


def _locked(folder: Path) -> TextIO:
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "owner.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise StoreInUseError(f"block store {folder} is held by another process") from error
    return lock


def _environment(folder: Path, map_size: int) -> lmdb.Environment:
    size = max(map_size, 2 * (folder / "data.mdb").stat().st_size if (folder / "data.mdb").exists() else 0)
    return lmdb.open(str(folder), map_size=size, max_dbs=len(DATABASES), sync=False, metasync=False, readahead=False)


def _opened(folder: Path, wanted: Meta, map_size: int) -> tuple[lmdb.Environment, Meta] | None:
    """What is there, if it has the wanted identity, was committed, and no machine crash can have torn it."""
    if not (folder / "data.mdb").exists():
        return None
    with suppress(lmdb.Error, msgspec.MsgspecError):
        environment = _environment(folder, map_size)
        with environment.begin() as transaction:
            meta = msgspec.json.decode(transaction.get(META) or b"", type=Meta)
        same_boot = meta.boot == wanted.boot != ""
        if meta.identity == wanted.identity and meta.offset != NO_OFFSET and (meta.clean or same_boot):
            return environment, msgspec.structs.replace(meta, boot=wanted.boot)
        environment.close()
    return None


def _emptied(folder: Path, wanted: Meta, map_size: int) -> tuple[lmdb.Environment, Meta]:
    for name in ("data.mdb", "lock.mdb"):
        (folder / name).unlink(missing_ok=True)
    return _environment(folder, map_size), wanted


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
