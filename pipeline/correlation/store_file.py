"""An LMDB environment that belongs to one source partition: its lock, its identity, its commits.

LMDB runs without fsync, which would take 238 µs an event (measured). A crash of the process loses nothing that was
committed. After a crash of the machine the boot id differs, so the store is rebuilt. Changes wait in memory until
`commit` writes them in one transaction. So when the map is full it can be grown, and when the disk is full the commit
can be tried again later.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TextIO, TypeVar

import lmdb
import msgspec

from pipeline.errors import LiaisonError

FORMAT = 6
"""Raised with every change of what a store holds; a store of another format is rebuilt."""

NO_OFFSET = -1
"""Of a store that must be rebuilt; Kafka's offsets begin at 0."""

META = b"meta"

RENEWED = "renewed"
"""Folder in which the file is rewritten, beside the file."""

Database = Any
"""An opened LMDB database; the binding names no public type for it."""

Databases = Mapping[str, Mapping[str, Any]]

T = TypeVar("T")


class StoreInUseError(LiaisonError):
    """Another process holds this store."""


class StoreUnwritableError(LiaisonError):
    """The disk refused a commit; nothing is lost and the same commit may be tried again."""


class DurableStore(Protocol):
    """What stores have in common that are committed, and synced now and then."""

    def sync(self) -> None:
        """Make commits survive a power cut, before offsets are acknowledged; any thread may call it."""

    def compact(self, after_s: float) -> None:
        """Remove from disk every trace of content that was erased `after_s` seconds ago, as by a withdrawal.

        It may take seconds. Any thread may call it while no method but `sync` and `close` is called. Raises
        StoreUnwritableError, after which it can be tried again.
        """

    def close(self) -> None:
        """Sync and close. Changes since the last commit are lost."""


class StoreIdentity(msgspec.Struct, frozen=True):
    """What a store belongs to. A store with another identity is rebuilt. `topic` is the topic's id, not its name."""

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
    """Unix time of the first erasure after which the file was not rewritten."""


def boot_id() -> str:
    """The id of this start of the machine; "" if it is unknown, and then every unclean store is rebuilt."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


class StoreFile:
    """The LMDB environment in a folder, locked while it is open. If it was not usable, it is empty (NO_OFFSET)."""

    def __init__(
        self, folder: Path, identity: StoreIdentity, databases: Databases, *, map_size: int, boot: str | None = None
    ) -> None:
        """Open the environment in `folder`, or make an empty one. Raises StoreInUseError.

        `databases` gives LMDB's flags for each name. `map_size` is in bytes; it takes only address space, and doubles
        when it is full.
        """
        self.folder = folder
        self._busy = threading.Lock()
        """Held by the methods that any thread may call."""
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
        """The source offset of the last commit; NO_OFFSET if the store must be rebuilt."""
        return self._committed.offset

    @property
    def records(self) -> int:
        """How many records of the source the last commit stands for; 0 if it was not told."""
        return self._committed.records

    @property
    def erased_at(self) -> float | None:
        """When content was first erased that may still be in the file, in Unix seconds; None if there is none."""
        return self._committed.erased_at

    @property
    def map_size(self) -> int:
        """The bytes of address space that are mapped now."""
        return int(self._environment.info()["map_size"])

    def get(self, database: str, key: bytes) -> memoryview | None:
        """A committed value, or None. The view is valid until the next commit."""
        value: memoryview | None = self.reader.get(key, db=self.databases[database])
        return value

    def commit(
        self, offset: int, fill: Callable[[lmdb.Transaction], T], records: int = 0, *, erased_at: float | None = None
    ) -> T:
        """Write what `fill` puts, and the offset, in one transaction; returns what `fill` returns.

        `erased_at`, in Unix seconds, is given if the commit erases content that must not stay in the file. Raises
        StoreUnwritableError, after which the same commit can be tried again.
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
        """Make commits survive a power cut; any thread may call it."""
        with self._busy:
            self._environment.sync(True)

    def rewrite_file(self) -> None:
        """Rewrite the file without deleted content, which LMDB leaves in free pages and gaps until it reuses them.

        It takes a second for some 300 MB, and as much disk. Any thread may call it while nothing is read or committed.
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
        """Replace the file by a compact copy. A crash leaves either the old or the new file, whole."""
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

    def close(self, *, clean: bool = True) -> None:
        """Sync, mark the store as cleanly closed, and release the lock, even if the disk refuses; may be repeated.

        It is not marked if it is not `clean`, since files beside it were not synced: a crash of the machine tears it.
        """
        if self._lock is None:
            return
        lock, self._lock = self._lock, None
        with self._busy:
            try:
                self.reader.abort()
                self._environment.sync(True)
                self._write_meta(msgspec.structs.replace(self._committed, clean=clean))
                self._environment.sync(True)
            finally:
                self._environment.close()
                lock.close()


def lock_folder(folder: Path) -> TextIO:
    """Lock a store's folder until the returned file is closed. Raises StoreInUseError."""
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
    """The environment in the folder and its record; None if there is none that can be used.

    It can be used if it has the wanted identity, has a commit, and cannot have been torn by a crash of the machine.
    """
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
