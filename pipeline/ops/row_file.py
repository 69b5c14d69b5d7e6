"""Rows on disk, encrypted, of which some are read without the others: a file of blocks, and a table of where each ends.

    <name>       a line for each block: the cipher text of its rows; behind it how many of them are marked
    <name>.at    for each line where it ends, in bytes, and how many rows are marked up to there

A block has BLOCK_ROWS rows, the last one maybe fewer. It stands once its line is synced. A crash may cut short a line
or an entry, or leave out the entry of a line: readers find that line by reading on from the last entry, and who appends
mends both first. So the table follows from the lines, and a file without one, as Liaison 0.3.0 wrote it, has all of
them still to be entered. One process appends at a time, others read meanwhile. Blocking.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec

from pipeline.access.query_cipher import AlteredTextError, QueryCipher
from pipeline.errors import LiaisonError
from pipeline.locale import N_
from pipeline.private_files import OWNER_ONLY

BLOCK_ROWS: Final = 8

RowT = TypeVar("RowT")

_ENTRY: Final = struct.Struct("<QQ")


class DamagedRowsError(LiaisonError):
    """What was kept can't be read: it is cut short, or was altered."""

    def __init__(self) -> None:
        super().__init__(N_("what was kept of this list is damaged; delete it and check the list again"))


class BlockEnd(NamedTuple):
    """Where a block ends, in bytes, and how many rows are marked up to there."""

    end: int = 0
    marked: int = 0


class RowCount(NamedTuple):
    """How many blocks there are, and how many of their rows are marked."""

    blocks: int
    marked: int


class RowFile(Generic[RowT]):
    """The rows of a file, each of a `kind`, under the key of the month of `created`. There need be no such file yet."""

    def __init__(self, path: Path, kind: type[RowT], cipher: QueryCipher, created: datetime) -> None:
        self._path, self._table = path, _table_of(path)
        self._kind: Any = tuple[kind, ...]  # type: ignore[valid-type]
        self._cipher, self._created = cipher, created

    def seal(self, rows: Sequence[RowT]) -> dict[str, bytes]:
        """A whole file with its table, by their names, for who makes a folder of them."""
        lines = [self._seal_block(rows[at : at + BLOCK_ROWS], 0) for at in range(0, len(rows), BLOCK_ROWS)]
        table, end = bytearray(), 0
        for line in lines:
            end += len(line)
            table += _ENTRY.pack(end, 0)
        return {self._path.name: b"".join(lines), self._table.name: bytes(table)}

    def append(self, rows: Sequence[RowT], marked: int) -> None:
        """Keep the next block; the one before is full.

        Raises FileNotFoundError where the folder is gone, and as `mend` does.
        """
        last = self.mend()
        end = _append(self._path, self._seal_block(rows, marked))
        _append(self._table, _ENTRY.pack(end, last.marked + marked))

    def mend(self) -> BlockEnd:
        """Drop what a crash cut short, and enter the lines that have no entry. For who appends; tells the last block.

        Raises DamagedRowsError where a line that was entered is not there.
        """
        entered = _size(self._table) // _ENTRY.size
        if _size(self._table) % _ENTRY.size:
            os.truncate(self._table, entered * _ENTRY.size)
        last = self._find_entered(entered)
        if missing := self._read_on(last):
            _append(self._table, b"".join(_ENTRY.pack(*one) for one in missing))
            last = missing[-1]
        if _size(self._path) > last.end:
            os.truncate(self._path, last.end)
        return last

    def count(self) -> RowCount:
        """How many blocks there are, told from the sizes of file and table and the last entry."""
        entered = _size(self._table) // _ENTRY.size
        last = self._find_entered(entered)
        missing = self._read_on(last) if _size(self._path) > last.end else []
        return RowCount(entered + len(missing), (missing[-1] if missing else last).marked)

    def read(self, first: int = 0, last: int | None = None) -> Iterator[RowT]:
        """The rows from `first`, from 0, to before `last`, each block read once, when its first row is asked for.

        Raises DamagedRowsError, FileNotFoundError, LiaisonError where the month's key is gone.
        """
        if last is not None and last <= first:
            return
        begin = first // BLOCK_ROWS
        ends = self._find_ends(begin, None if last is None else -(-last // BLOCK_ROWS))
        with self._path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            for at, (start, stop) in enumerate(pairwise(ends), begin):
                if not start.end < stop.end <= size:
                    raise DamagedRowsError
                file.seek(start.end)
                rows, row = self._open_block(file.read(stop.end - start.end)), at * BLOCK_ROWS
                yield from rows[max(0, first - row) : None if last is None else last - row]

    def pick(self, numbers: Iterable[int]) -> Iterator[RowT]:
        """Some rows by their numbers, from 0, which rise; each block is read once. Raises as `read` does."""
        for block, some in groupby(numbers, lambda number: number // BLOCK_ROWS):
            first = block * BLOCK_ROWS
            rows = list(self.read(first, first + BLOCK_ROWS))
            yield from (rows[number - first] for number in some)

    def _find_ends(self, begin: int, end: int | None) -> list[BlockEnd]:
        """Where the block before `begin` ends, and each from there to before block `end`."""
        if end is not None and len(known := self._read_table(begin, end)) == end - begin + 1:
            return known
        known = self._read_table(0, None)
        return [*known, *self._read_on(known[-1])][begin : None if end is None else end + 1]

    def _find_entered(self, count: int) -> BlockEnd:
        """Where the last of so many blocks ends, by the table."""
        return self._read_table(count, count)[0]

    def _read_table(self, begin: int, end: int | None) -> list[BlockEnd]:
        """As `_find_ends`, as far as the table has it."""
        before = [] if begin else [BlockEnd()]
        skipped = max(0, begin - 1)
        try:
            with self._table.open("rb", buffering=0) as file:
                file.seek(skipped * _ENTRY.size)
                raw = file.read(-1 if end is None else (end - skipped) * _ENTRY.size)
        except FileNotFoundError:
            return before
        whole = len(raw) // _ENTRY.size * _ENTRY.size
        return before + [BlockEnd(*one) for one in _ENTRY.iter_unpack(raw[:whole])]

    def _read_on(self, last: BlockEnd) -> list[BlockEnd]:
        """Where the whole lines behind the last entry end."""
        found: list[BlockEnd] = []
        try:
            with self._path.open("rb") as file:
                if file.seek(0, os.SEEK_END) < last.end:
                    raise DamagedRowsError
                file.seek(last.end)
                for line in file:
                    if line.endswith(b"\n"):
                        marked = line.partition(b" ")[2].strip()  # a step that Liaison 0.2.0 wrote says nothing of it
                        last = BlockEnd(last.end + len(line), last.marked + (int(marked) if marked.isdigit() else 0))
                        found.append(last)
        except FileNotFoundError:
            if last.end:
                raise DamagedRowsError from None
        return found

    def _seal_block(self, rows: Sequence[RowT], marked: int) -> bytes:
        return f"{self._cipher.encrypt(msgspec.json.encode(rows).decode(), self._created)} {marked}\n".encode()

    def _open_block(self, line: bytes) -> tuple[RowT, ...]:
        try:
            text = self._cipher.decrypt(line.partition(b" ")[0].decode(), self._created)
            rows: tuple[RowT, ...] = msgspec.json.decode(text, type=self._kind)
        except (AlteredTextError, UnicodeDecodeError, msgspec.MsgspecError) as error:
            raise DamagedRowsError from error
        return rows


def have_as_many_blocks(one: Path, other: Path) -> bool:
    """Whether two files have entered as many blocks, told from the sizes of their tables; False where one has none."""
    return 0 < _size(_table_of(one)) == _size(_table_of(other))


def _table_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.at")


def _size(path: Path) -> int:
    """0 where there is no such file."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _append(path: Path, content: bytes) -> int:
    """Add to a file, synced; tells where it ends then."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, OWNER_ONLY)
    with os.fdopen(descriptor, "ab") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        return file.tell()
