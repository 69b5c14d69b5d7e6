"""A key-value store of one source partition: what intake knows of a case, what project has seen of a link.

It keeps to the rules of all stores (pipeline.correlation.store_file): changes wait in memory until `commit` writes them
with their source offset, nothing is synced before `sync`, and a store of another identity starts empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import lmdb

from pipeline.correlation.store_file import StoreFile, StoreIdentity

MAP_SIZE: Final = 64 << 20
"""First size of the memory map in bytes; it doubles when full. An intake worker may hold hundreds of these."""

ROWS: Final = "rows"


class TableStore:
    """Values by key, in a folder of its own that it holds by a lock while it is open."""

    def __init__(self, folder: Path, identity: StoreIdentity) -> None:
        """Open what is there; start empty if it is another's or may be torn. Raises StoreInUseError."""
        self._file = StoreFile(folder, identity, {ROWS: {}}, map_size=MAP_SIZE)
        self._changes: dict[bytes, bytes] = {}

    @property
    def offset(self) -> int:
        """The source offset given to the last commit, or NO_OFFSET."""
        return self._file.offset

    def get(self, key: bytes) -> bytes | None:
        """The value last put, committed or not."""
        changed = self._changes.get(key)
        if changed is not None:
            return changed
        value = self._file.get(ROWS, key)
        return None if value is None else bytes(value)

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value in place of any before; keys hold at most 511 bytes (LMDB's limit)."""
        self._changes[key] = value

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        """All committed keys and values, by key; commit nothing meanwhile."""
        for key, value in self._file.reader.cursor(db=self._file.databases[ROWS]):
            yield bytes(key), bytes(value)

    def commit(self, offset: int) -> None:
        """Make all changes since the last commit one; may be tried again. Raises StoreUnwritableError."""
        self._file.commit(offset, self._write_changes)
        self._changes = {}

    def _write_changes(self, transaction: lmdb.Transaction) -> None:
        for key, value in sorted(self._changes.items()):
            transaction.put(key, value, db=self._file.databases[ROWS])

    def sync(self) -> None:
        """Make what was committed survive a power cut; may run in another thread."""
        self._file.sync()

    def compact(self, after_s: float) -> None:
        """Rows name cases and say what became of them; they hold nothing of their content."""

    def close(self) -> None:
        """Sync and close; changes since the last commit are dropped."""
        self._file.close()
