"""The newest version of each case of a file, kept in a temporary file: a register may have millions."""

from __future__ import annotations

from pipeline.feeds.temporary_file import open_temporary
from pipeline.records.versions import KnownVersion


class KnownVersions:
    """The highest version met of each case, and the hash of its content, by case key."""

    def __init__(self) -> None:
        self._file = open_temporary(self)
        self._file.execute("create table known (key text primary key, version integer, content text) without rowid")

    def find(self, case: str) -> KnownVersion | None:
        """What is known of the case."""
        row = self._file.execute("select version, content from known where key = ?", (case,)).fetchone()
        return KnownVersion(*row) if row else None

    def keep(self, case: str, version: KnownVersion) -> None:
        """Know this version, which is newer than what was known."""
        values = (case, version.version, version.content_hash)
        self._file.execute("insert or replace into known values (?, ?, ?)", values)
