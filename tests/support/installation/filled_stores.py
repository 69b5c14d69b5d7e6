"""Stores that fill a small disk chunk by chunk, as tests/fault/test_full_disk.py asks."""

from __future__ import annotations

import traceback
from pathlib import Path
from random import Random
from typing import Any, Final, Protocol

from pipeline.correlation.home_store import FINGERPRINTS, WATCHES, LmdbHomeStore, SourcePosition
from pipeline.correlation.meeting_store_on_disk import DiskMeetingStore
from pipeline.correlation.protocol import CaseVersion, case_id
from pipeline.correlation.store_file import StoreIdentity
from pipeline.matching.fingerprint import Fingerprint
from pipeline.streams.runtime.table_store import TableStore
from support.correlation.meeting_cases import WORDS, assert_holds, put, spread_key

IDENTITY = StoreIdentity("cluster", "topic", 0, "generation")


class Kind(Protocol):
    """A kind of store, and what a chunk is in it. `chunk` counts from 0; a commit's offset is its chunk's number."""

    def open_store(self, folder: Path) -> Any:
        """Open one in a folder."""

    def put(self, store: Any, chunk: int) -> None:
        """Put a chunk of some 40 kB."""

    def commit(self, store: Any, chunk: int) -> None:
        """Commit it."""

    def holds(self, store: Any, chunk: int) -> bool:
        """Whether the store has all chunks up to this one."""

    def step_of(self, error: Exception) -> str:
        """What of a commit the disk refused."""


class Table:
    """The store of the other stages."""

    def open_store(self, folder: Path) -> TableStore:
        return TableStore(folder, IDENTITY)

    def put(self, store: TableStore, chunk: int) -> None:
        store.put(b"%06d" % chunk, bytes([chunk % 256]) * 40_000)

    def commit(self, store: TableStore, chunk: int) -> None:
        store.commit(chunk)

    def holds(self, store: TableStore, chunk: int) -> bool:
        return [store.get(b"%06d" % n) for n in range(chunk + 1)] == [
            bytes([n % 256]) * 40_000 for n in range(chunk + 1)
        ]

    def step_of(self, error: Exception) -> str:
        return "commit"


class HomeKind:
    """A home's store, with who watches each case."""

    def open_store(self, folder: Path) -> LmdbHomeStore:
        return LmdbHomeStore(folder, IDENTITY)

    def _version(self, chunk: int, number: int) -> CaseVersion:
        text = Random(f"{chunk}-{number}").randbytes(4000).hex()  # of which half is left, as it is compressed
        return CaseVersion(Fingerprint(f"a:{chunk}-{number}", 1, text, "fr-pj", "FR"))

    def put(self, store: LmdbHomeStore, chunk: int) -> None:
        versions = {case_id(f"a:{chunk}-{n}"): self._version(chunk, n) for n in range(10)}
        store.put_versions(versions)
        for case in versions:
            store.set_watching(case_id("b:1"), case, on=True)
            store.set_followed(case, case_id("c:1"), on=True)

    def commit(self, store: LmdbHomeStore, chunk: int) -> None:
        store.commit({FINGERPRINTS: SourcePosition(chunk, 10 * (chunk + 1)), WATCHES: SourcePosition(chunk)})

    def holds(self, store: LmdbHomeStore, chunk: int) -> bool:
        for each in range(chunk + 1):
            ids = [case_id(f"a:{each}-{n}") for n in range(10)]
            found = store.get_versions(ids)
            if [found[case].encoded for case in ids] != [self._version(each, n).encoded for n in range(10)]:
                return False
            if list(map(list, store.get_watching(ids))) != [[case_id("b:1")]] * 10:
                return False
            if list(map(list, store.get_followed(ids))) != [[case_id("c:1")]] * 10:
                return False
        return True

    def step_of(self, error: Exception) -> str:
        return "commit"


class MeetingKind:
    """A meeting place's store. Each chunk has new cases, and amends those of the chunk before."""

    def __init__(self) -> None:
        self._keys = [spread_key(key) for key in range(40)]

    def open_store(self, folder: Path) -> DiskMeetingStore:
        """With an even number most of it are runs, with an odd one most is in the log."""
        runs = int(folder.name[-1]) % 2 == 0
        return DiskMeetingStore(folder, IDENTITY, WORDS, run_entries=20_000 if runs else 1_000_000)

    def _cases(self, chunk: int, version: int) -> dict[str, tuple[int, list[int]]]:
        return {f"a:{chunk}-{n}": (version, self._keys[n % 7 + version : n % 7 + 25 + version]) for n in range(100)}

    def put(self, store: DiskMeetingStore, chunk: int) -> None:
        put(store, self._cases(chunk, 1))
        if chunk:
            put(store, self._cases(chunk - 1, 2))

    def commit(self, store: DiskMeetingStore, chunk: int) -> None:
        store.commit(chunk)

    def holds(self, store: DiskMeetingStore, chunk: int) -> bool:
        held = self._cases(chunk, 1)
        for each in range(chunk):
            held |= self._cases(each, 2)
        assert_holds(store, held, self._keys)
        return True

    def step_of(self, error: Exception) -> str:
        steps = {
            "write_appended": "rows",
            "write_changed": "rows",
            "_continue_merges": "runs",
            "_write_newest": "runs",
        }
        cause = error.__cause__ or error
        frames = [frame.name for frame in traceback.extract_tb(cause.__traceback__)]
        return next((steps[name] for name in frames if name in steps), "commit")


KINDS: Final[dict[str, Kind]] = {"table": Table(), "home": HomeKind(), "meeting": MeetingKind()}
