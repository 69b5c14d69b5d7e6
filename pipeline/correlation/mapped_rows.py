"""Rows of one size by number, in a file that is read through the page cache and grows.

Rows that are appended or changed wait in memory until the owner commits. Appended ones are written to the file before
that, where nothing refers to them yet; changed ones after it, and the owner keeps them in its commit until then (their
redo). So whenever the process ends, the file has the rows of the last commit, or gets them when the redo is applied.
"""

from __future__ import annotations

import mmap
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.correlation.sorted_runs import NumberArray, write_fully

LEAST_BYTES, GROWTH = 1 << 16, 8
"""First size of the file, and the part of it by which it grows; what was not written yet takes no disk."""

NUMBER_BYTES = 4

RowsArray = NDArray[Any]
"""Shape (rows, *shape of a row)."""


class MappedRows:
    """Rows of a type and shape. One thread uses them; reads see what was appended and changed."""

    def __init__(self, path: Path, dtype: type[np.generic], shape: tuple[int, ...], count: int, redo: bytes) -> None:
        """Open a file that has `count` rows, and apply the redo of the last commit.

        Raises FileNotFoundError, EOFError if it is too short, OSError.
        """
        self.path, self.count = path, count
        self._dtype, self._shape = np.dtype(dtype), shape
        self._row_bytes = self._dtype.itemsize * int(np.prod(shape, dtype=np.int64))
        self._in_file = count
        self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC | (0 if count else os.O_CREAT), 0o600)
        try:
            self._open_rows(redo)
        except (EOFError, OSError):
            self.close()
            raise

    def _open_rows(self, redo: bytes) -> None:
        if os.fstat(self._file).st_size < self.count * self._row_bytes:
            raise EOFError(f"{self.path} is too short")
        os.ftruncate(self._file, self.count * self._row_bytes)  # what a commit that failed left behind the last row
        self._map_file()
        self._appended = np.empty((1, *self._shape), self._dtype)
        self._forget_changes()
        if redo:
            changes = len(redo) // (NUMBER_BYTES + self._row_bytes)
            numbers = np.frombuffer(redo, np.uint32, changes)
            rows = np.frombuffer(redo, self._dtype, offset=NUMBER_BYTES * changes).reshape(-1, *self._shape)
            self.change(numbers, rows)
            self.write_changed()

    def _map_file(self) -> None:
        """Map the file with room for all rows and some more."""
        size = max(LEAST_BYTES, self.count * self._row_bytes * (GROWTH + 1) // GROWTH)
        os.ftruncate(self._file, size)
        mapped = mmap.mmap(self._file, size, access=mmap.ACCESS_READ)
        mapped.madvise(mmap.MADV_RANDOM)
        self._room = size // self._row_bytes
        flat = np.frombuffer(mapped, self._dtype, self._room * self._row_bytes // self._dtype.itemsize)
        self._mapped: RowsArray = flat.reshape(self._room, *self._shape)

    def _forget_changes(self) -> None:
        self._changed: NumberArray = np.empty(0, np.uint32)
        """Ascending."""
        self._changes: RowsArray = np.empty((0, *self._shape), self._dtype)

    def read(self, numbers: NumberArray, columns: slice | None = None) -> RowsArray:
        """Copies of some rows, or of some columns of them."""
        mapped, appended, changes = (
            rows if columns is None else rows[:, columns] for rows in (self._mapped, self._appended, self._changes)
        )
        if self.count == self._in_file:
            rows = mapped[numbers]
        else:
            fresh = numbers >= self._in_file
            rows = mapped[np.where(fresh, np.uint32(0), numbers)]
            rows[fresh] = appended[numbers[fresh] - np.uint32(self._in_file)]
        if self._changed.size:
            at = np.minimum(np.searchsorted(self._changed, numbers), len(self._changed) - 1)
            known = np.flatnonzero(self._changed[at] == numbers)
            rows[known] = changes[at[known]]
        return rows

    def read_committed(self, numbers: NumberArray) -> RowsArray:
        """Copies of some rows as the last commit left them; those that were appended since are 0."""
        rows: RowsArray = self._mapped[np.minimum(numbers, self._room - 1)]
        rows[numbers >= self._in_file] = 0
        return rows

    def read_range(self, start: int, end: int) -> RowsArray:
        """Rows of some numbers in a row as the last commit left them; a view. Appended ones are not among them."""
        return self._mapped[start : min(end, self._in_file)]

    def append(self, rows: RowsArray) -> None:
        """Rows with the next numbers."""
        start = self.count - self._in_file
        end = start + len(rows)
        if end > len(self._appended):
            grown = np.empty((max(end, 2 * len(self._appended)), *self._shape), self._dtype)
            grown[:start] = self._appended[:start]
            self._appended = grown
        self._appended[start:end] = rows
        self.count += len(rows)

    def change(self, numbers: NumberArray, rows: RowsArray) -> None:
        """Other rows for some distinct numbers."""
        if not numbers.size:
            return
        fresh = numbers >= self._in_file
        self._appended[numbers[fresh] - np.uint32(self._in_file)] = rows[fresh]
        if fresh.all():
            return
        changed = np.concatenate([numbers[~fresh], self._changed])
        changes = np.concatenate([rows[~fresh], self._changes])
        self._changed, first = np.unique(changed, return_index=True)
        self._changes = changes[first]

    def encode_redo(self) -> bytes:
        """The changed rows, for the commit that they are part of."""
        return self._changed.tobytes() + self._changes.tobytes()

    def write_appended(self) -> None:
        """Write the appended rows, before the commit that they are part of. Raises OSError; can be repeated."""
        if self.count > self._room:
            self._map_file()
        data = self._appended[: self.count - self._in_file].tobytes()
        write_fully(self._file, data, self._in_file * self._row_bytes)

    def write_changed(self) -> None:
        """Write the changed rows, after the commit that they are part of. Raises OSError; can be repeated."""
        if self._changed.size:
            edges = np.flatnonzero(np.diff(self._changed.astype(np.int64), prepend=-2, append=-2) != 1)
            for start, end in pairwise(edges.tolist()):
                write_fully(self._file, self._changes[start:end].tobytes(), int(self._changed[start]) * self._row_bytes)
            self._forget_changes()
        if self._in_file < self.count:
            self._in_file = self.count
            self._appended = np.empty((1, *self._shape), self._dtype)

    def overwrite(self, start: int, rows: RowsArray) -> None:
        """Write rows that no commit depends on. Raises OSError."""
        write_fully(self._file, rows.tobytes(), start * self._row_bytes)

    def close(self) -> None:
        """Close the file; what waits is lost."""
        os.close(self._file)
