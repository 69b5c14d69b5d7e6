"""An LMDB environment that belongs to one source partition: its lock, its identity, its commits.

LMDB runs without fsync (238 us an event otherwise, measured): a process crash loses nothing committed, and after a
crash of the machine the boot id tells that the store must be rebuilt. What is to be written waits in memory until
`commit` writes it in one transaction, so a full map is grown, or a full disk waited for, and the commit tried again.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO, TypeVar

import lmdb
import msgspec

from pipeline.errors import LiaisonError

FORMAT = 5
"""Raised with every change of what a store holds; a store of another format is rebuilt."""

NO_OFFSET = -1
META = b"meta"

RENEWED = "renewed"
"""Folder beside the file in which it is written anew."""

Database = Any
"""An opened LMDB database; the binding names no public type for it."""

Databases = Mapping[str, Mapping[str, Any]]

T = TypeVar("T")


class StoreInUseError(LiaisonError):
    """Another process holds this store."""


class StoreUnwritableError(LiaisonError):
    """The disk refused a commit; nothing is lost and the same commit may be tried again."""


class StoreIdentity(msgspec.Struct, frozen=True):
    """What a store belongs to; any difference means a rebuild; `topic` is an id, not a name."""

    cluster: str
    topic: str
    partition: int
    generation: str
    format: int = FORMAT


class StoreMeta(msgspec.Struct, frozen=True):
    """The store's own record, written in the same transaction as the data."""

    identity: StoreIdentity
    boot: str
    clean: bool = False
    offset: int = NO_OFFSET
    records: int = 0
    erased_at: float | None = None
    """Unix time of the first erasure that the file has not been written anew since."""


def boot_id() -> str:
    """Changes with every start of the machine; "" where unknown, and then every unclean store is rebuilt."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


class StoreFile:
    """The environment in `folder`, held by a lock while it is open; empty (NO_OFFSET) if it was not usable."""

    def __init__(
        self, folder: Path, identity: StoreIdentity, databases: Databases, *, map_size: int, boot: str | None = None
    ) -> None:
        """Raises StoreInUseError.

        `databases` by name, with LMDB's flags; `map_size` in bytes is address space only and doubles when full.
        """
        self.folder = folder
        self._busy = threading.Lock()
        """Held by what any thread may call."""
        self._lock: TextIO | None = lock_folder(folder)
        shutil.rmtree(folder / RENEWED, ignore_errors=True)
        wanted = StoreMeta(identity, boot_id() if boot is None else boot)
        try:
            self._environment, self._committed = _open_existing(
                folder, wanted, len(databases), map_size
            ) or _create_empty(folder, wanted, len(databases), map_size)
        except lmdb.Error:
            self._lock.close()
            raise
        self._flags = databases
        self.databases = self._open_databases()
        self._write_meta(self._committed)
        self.reader = self._environment.begin(buffers=True)

    def _open_databases(self) -> dict[str, Database]:
        return {name: self._environment.open_db(name.encode(), **flags) for name, flags in self._flags.items()}

    @property
    def offset(self) -> int:
        """The source offset given to the last commit, or NO_OFFSET: what is here must be rebuilt."""
        return self._committed.offset

    @property
    def records(self) -> int:
        """How many records of the source the last commit stands for, if it was told."""
        return self._committed.records

    @property
    def erased_at(self) -> float | None:
        """When content was erased that may still be in the file, in Unix seconds."""
        return self._committed.erased_at

    @property
    def map_size(self) -> int:
        """Bytes of address space now mapped."""
        return int(self._environment.info()["map_size"])

    def get(self, database: str, key: bytes) -> memoryview | None:
        """A committed value; the view is valid until the next commit."""
        value: memoryview | None = self.reader.get(key, db=self.databases[database])
        return value

    def commit(
        self, offset: int, fill: Callable[[lmdb.Transaction], T], records: int = 0, *, erased_at: float | None = None
    ) -> T:
        """Write what `fill` puts, and the offset, in one transaction. Raises StoreUnwritableError; then try again.

        `erased_at`, in Unix seconds, where content goes with it that must not stay in the file.
        """
        erased_at = self.erased_at or erased_at
        meta = msgspec.structs.replace(self._committed, offset=offset, records=records, erased_at=erased_at)
        self.reader.abort()
        try:
            filled = self._write_transaction(meta, fill)
        finally:
            self.reader = self._environment.begin(buffers=True)
        self._committed = meta
        return filled

    def _write_transaction(self, meta: StoreMeta, fill: Callable[[lmdb.Transaction], T]) -> T:
        while True:
            try:
                with self._environment.begin(write=True) as transaction:
                    filled = fill(transaction)
                    transaction.put(META, msgspec.json.encode(meta))
                return filled
            except lmdb.MapFullError:
                self._environment.set_mapsize(2 * self.map_size)
            except lmdb.Error as error:
                raise StoreUnwritableError(f"store {self.folder.name}: {error}") from error

    def _write_meta(self, meta: StoreMeta) -> None:
        with self._environment.begin(write=True) as transaction:
            transaction.put(META, msgspec.json.encode(meta))

    def sync(self) -> None:
        """Make what was committed survive a power cut; any thread may call it."""
        with self._busy:
            self._environment.sync(True)

    def rewrite_file(self) -> None:
        """Write the file anew: in LMDB's, deleted content stays in free pages and gaps until they are used again.

        Takes a second for some 300 MB, and that much disk; any thread may call it while nothing is read or committed.
        Raises StoreUnwritableError, which leaves the file as it was.
        """
        with self._busy:
            self.reader.abort()
            try:
                self._replace_file(self.folder / RENEWED)
                self._committed = msgspec.structs.replace(self._committed, erased_at=None)
                self._write_meta(self._committed)
            except (lmdb.Error, OSError) as error:
                raise StoreUnwritableError(f"store {self.folder.name}: {error}") from error
            finally:
                self.reader = self._environment.begin(buffers=True)

    def _replace_file(self, copy: Path) -> None:
        """A crash leaves the one file or the other, both whole."""
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        try:
            self._environment.copy(str(copy), compact=True)
            with (copy / "data.mdb").open("rb") as written:
                os.fsync(written.fileno())
            map_size = self.map_size
            self._environment.close()
            (copy / "data.mdb").replace(self.folder / "data.mdb")
            self._environment = _open_environment(self.folder, len(self.databases), map_size)
            self.databases = self._open_databases()
        finally:
            shutil.rmtree(copy, ignore_errors=True)

    def close(self) -> None:
        """Sync, mark as cleanly closed, and let go of the lock, also where the disk refuses; harmless if closed."""
        if self._lock is None:
            return
        lock, self._lock = self._lock, None
        with self._busy:
            try:
                self.reader.abort()
                self._environment.sync(True)
                self._write_meta(msgspec.structs.replace(self._committed, clean=True))
                self._environment.sync(True)
            finally:
                self._environment.close()
                lock.close()


def lock_folder(folder: Path) -> TextIO:
    """The lock of a store's folder, held until it is closed. Raises StoreInUseError."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "owner.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise StoreInUseError(f"store {folder} is held by another process") from error
    return lock


def _open_environment(folder: Path, databases: int, map_size: int) -> lmdb.Environment:
    data = folder / "data.mdb"
    size = max(map_size, 2 * data.stat().st_size if data.exists() else 0)
    return lmdb.open(str(folder), map_size=size, max_dbs=databases, sync=False, metasync=False, readahead=False)


def _open_existing(
    folder: Path, wanted: StoreMeta, databases: int, map_size: int
) -> tuple[lmdb.Environment, StoreMeta] | None:
    """What is there, if it has the wanted identity, was committed, and no machine crash can have torn it."""
    if not (folder / "data.mdb").exists():
        return None
    try:
        environment = _open_environment(folder, databases, map_size)
        with environment.begin() as transaction:
            meta = msgspec.json.decode(transaction.get(META) or b"", type=StoreMeta)
        same_boot = meta.boot == wanted.boot != ""
        if meta.identity == wanted.identity and meta.offset != NO_OFFSET and (meta.clean or same_boot):
            return environment, msgspec.structs.replace(meta, boot=wanted.boot, clean=False)
        environment.close()
    except lmdb.DiskError:  # a full disk is waited for; it says nothing of what is there
        raise
    except (lmdb.Error, msgspec.MsgspecError):
        pass
    return None


def _create_empty(folder: Path, wanted: StoreMeta, databases: int, map_size: int) -> tuple[lmdb.Environment, StoreMeta]:
    for name in ("data.mdb", "lock.mdb"):
        (folder / name).unlink(missing_ok=True)
    return _open_environment(folder, databases, map_size), wanted
