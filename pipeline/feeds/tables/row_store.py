"""Rows by a key, and what else must be remembered of millions of rows, in SQLite's temporary file.

It has no name, so that nobody else can open it, and it is gone when its owner is, or the process.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterator
from typing import Any

import orjson

from pipeline.feeds.tables.cells import SourceRow, TableCell

CACHE_KIB = 32 * 1024
"""What SQLite keeps in memory of a file."""


def open_temporary(owner: object) -> sqlite3.Connection:
    """A database that is closed when its owner goes; small ones stay in memory.

    Its owner may be handed from thread to thread, as uploads are, but is used by one at a time.
    """
    file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    weakref.finalize(owner, file.close)
    file.execute(f"pragma cache_size = -{CACHE_KIB}")
    file.execute("pragma journal_mode = off")
    file.execute("pragma temp_store = file")
    file.execute("begin")
    return file


MOST_OF_KEY = 10_000
"""Rows of one key that are taken into memory: far more than a case holds of anything (200 entities, 50 names)."""


class RowStore:
    """Rows by key, in the order in which they were added; of a key with too many MOST_OF_KEY and one more come."""

    def __init__(self) -> None:
        self._file = open_temporary(self)
        self._file.execute("create table entry (key text, number integer, content blob)")
        self._file.execute("create table found (key text primary key) without rowid")
        self._is_indexed = False
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, key: str, row: SourceRow) -> None:
        """Keep one row."""
        self._size += 1
        self._file.execute("insert into entry values (?, ?, ?)", (key, row.number, orjson.dumps(row.row)))

    def find(self, key: str) -> list[dict[str, TableCell]]:
        """The rows of a key."""
        self._index()
        query = "select content from entry where key = ? order by rowid limit ?"
        rows = self._file.execute(query, (key, MOST_OF_KEY + 1)).fetchall()
        if rows:
            self._file.execute("insert or ignore into found values (?)", (key,))
        return [_restore_row(orjson.loads(content)) for (content,) in rows]

    def count_unfound(self) -> int:
        """How many rows have a key for which nobody asked."""
        query = "select count(*) from entry where key not in (select key from found)"
        return int(self._file.execute(query).fetchone()[0])

    def groups(self) -> Iterator[list[SourceRow]]:
        """The rows of each key, keys in the order of their first row."""
        self._index()
        found = self._file.execute(
            "select entry.key, number, content from entry join "
            "(select key, min(rowid) as first from entry group by key) as whole on whole.key = entry.key "
            "order by whole.first, entry.rowid"
        )
        key, group = None, list[SourceRow]()
        for next_key, number, content in found:
            if next_key != key and group:
                yield group
                group = []
            key = next_key
            if len(group) <= MOST_OF_KEY:
                group.append(SourceRow(number, _restore_row(orjson.loads(content))))
        if group:
            yield group

    def _index(self) -> None:
        if not self._is_indexed:
            self._file.execute("create index by_key on entry (key)")
            self._is_indexed = True


class SeenKeys:
    """Where each key was first met."""

    def __init__(self) -> None:
        self._file = open_temporary(self)
        self._file.execute("create table seen (key text primary key, number integer) without rowid")

    def first_number(self, key: str, number: int) -> int:
        """The number under which the key was first given; `number` if that is now."""
        if self._file.execute("insert or ignore into seen values (?, ?)", (key, number)).rowcount:
            return number
        return int(self._file.execute("select number from seen where key = ?", (key,)).fetchone()[0])


def _restore_row(row: dict[str, Any]) -> dict[str, TableCell]:
    """JSON knows one kind of list; several texts are a tuple again, a group's rows stay a list."""
    return {column: _restore_cell(cell) if isinstance(cell, list) else cell for column, cell in row.items()}


def _restore_cell(cell: list[Any]) -> TableCell:
    if any(isinstance(inner, dict) for inner in cell):
        return [_restore_row(inner) for inner in cell]
    return tuple(cell)
