"""The store of a home: its cases' fingerprints, which homes watch them, and which pairs this home follows.

On disk it is one LMDB environment (pipeline.correlation.store_file). Cases are numbered as they come, and fingerprints
are kept by number, so that new ones are appended to full pages; a table of 20 bytes a case leads from ids to numbers.
Each fingerprint is compressed by zstd: four of made-up cases fill a page of 4 KB, of which two took all before.
Nothing is held in memory but what was not committed yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import cramjam
import lmdb
import msgspec

from pipeline.correlation.protocol import CASE_ID_BYTES, CaseVersion
from pipeline.correlation.store_file import NO_OFFSET, Databases, DurableStore, StoreFile, StoreIdentity


class SourcePosition(NamedTuple):
    """How much of a source partition a store has taken in: the last offset, and how many records in all."""

    offset: int = NO_OFFSET
    records: int = 0


FINGERPRINTS: Final = "fingerprints"
"""The source whose offset decides whether a store must be rebuilt."""
PAIRS: Final = "pairs"
WATCHES: Final = "watches"


class HomeStore(DurableStore, Protocol):
    """What a home needs of a store.

    One thread writes it. Reads see uncommitted changes. After a crash the store has what was committed last.
    """

    rebuilt: bool
    """Whether the store was lost once: then a case may have been posted before of which it knows nothing. The owner
    sets it; it is committed with the rest."""
    behind: bool
    """Whether the store was once behind what was applied: then another one, which may have known less, has taken
    records in its place. The owner sets it; it is committed with the rest."""

    @property
    def positions(self) -> Mapping[str, SourcePosition]:
        """Where the last `commit` stands in each source, by its name; a source that is missing was not read.

        A store without a position in FINGERPRINTS must be rebuilt.
        """

    @property
    def cases(self) -> int:
        """How many cases the last `commit` has."""

    def get_versions(self, cases: Collection[bytes]) -> dict[bytes, CaseVersion]:
        """The versions of those of the cases that the store knows, by id."""

    def put_versions(self, versions: Mapping[bytes, CaseVersion]) -> None:
        """Keep these versions, by id, in place of earlier ones."""

    def get_watching(self, cases: Sequence[bytes]) -> list[Collection[bytes]]:
        """For each B, the ids of the cases A whose homes watch it."""

    def set_watching(self, a: bytes, b: bytes, on: bool) -> None:
        """Note whether the home of A watches B; nothing happens if it is so already."""

    def get_followed(self, cases: Sequence[bytes]) -> list[Collection[bytes]]:
        """For each A, the ids of the cases B for which this home follows the pair."""

    def set_followed(self, a: bytes, b: bytes, on: bool) -> None:
        """Note whether this home follows the pair; nothing happens if it is so already."""

    def commit(self, positions: Mapping[str, SourcePosition]) -> None:
        """Commit all changes since the last commit at once, with the positions that they stand for.

        After an error the same commit can be tried again.
        """


class MemoryHomeStore:
    """A HomeStore in memory, for the batch run and for tests; it keeps nothing after close."""

    def __init__(self) -> None:
        self.rebuilt = self.behind = False
        self.cases = 0
        self.positions: Mapping[str, SourcePosition] = {}
        self._versions: dict[bytes, CaseVersion] = {}
        self._watching: dict[bytes, set[bytes]] = {}
        self._followed: dict[bytes, set[bytes]] = {}

    def get_versions(self, cases: Collection[bytes]) -> dict[bytes, CaseVersion]:
        """Look each id up."""
        held = self._versions
        return {case: held[case] for case in cases if case in held}

    def put_versions(self, versions: Mapping[bytes, CaseVersion]) -> None:
        """Hold them in memory."""
        self._versions |= versions

    def get_watching(self, cases: Sequence[bytes]) -> list[Collection[bytes]]:
        """Return the ids, ascending."""
        return [sorted(self._watching.get(case, ())) for case in cases]

    def set_watching(self, a: bytes, b: bytes, on: bool) -> None:
        """Keep the id of A under that of B."""
        _set_member(self._watching, b, a, on)

    def get_followed(self, cases: Sequence[bytes]) -> list[Collection[bytes]]:
        """Return the ids, ascending."""
        return [sorted(self._followed.get(case, ())) for case in cases]

    def set_followed(self, a: bytes, b: bytes, on: bool) -> None:
        """Keep the id of B under that of A."""
        _set_member(self._followed, a, b, on)

    def commit(self, positions: Mapping[str, SourcePosition]) -> None:
        """Note the positions: changes hold at once."""
        self.positions, self.cases = dict(positions), len(self._versions)

    def sync(self) -> None:
        """Memory has nothing to sync."""

    def compact(self, after_s: float) -> None:
        """Memory leaves nothing on disk."""

    def close(self) -> None:
        """Memory has nothing to close."""

    def snapshot(self) -> MemoryHomeStore:
        """Return a copy of the store; later changes of one do not affect the other."""
        copy = MemoryHomeStore()
        copy.rebuilt, copy.behind, copy.cases = self.rebuilt, self.behind, self.cases
        copy.positions, copy._versions = self.positions, dict(self._versions)
        copy._watching = {case: set(others) for case, others in self._watching.items()}
        copy._followed = {case: set(others) for case, others in self._followed.items()}
        return copy


def _set_member(sets: dict[bytes, set[bytes]], of: bytes, member: bytes, on: bool) -> None:
    if on:
        sets.setdefault(of, set()).add(member)
    elif of in sets:
        sets[of].discard(member)
        if not sets[of]:
            del sets[of]


MAP_SIZE = 1 << 30
"""First size of the memory map in bytes; it costs address space only and doubles when full."""

DATABASES: Final[Databases] = {
    "numbers": {},
    "versions": {},
    "watching": {"dupsort": True, "dupfixed": True},
    "followed": {"dupsort": True, "dupfixed": True},
}

NUMBER_BYTES, ORDER_BYTES = 4, 8
"""A case's number, big-endian so that new ones are appended, and the version before its fingerprint."""

ZSTD_LEVEL: Final = 1
"""Of 1,391 bytes of JSON, a made-up case's, 839 are left; 822 by level 9, which takes three times as long."""

STATE: Final = b"state"


class _State(msgspec.Struct):
    """The store's own record."""

    cases: int = 0
    rebuilt: bool = False
    behind: bool = False
    positions: dict[str, SourcePosition] = {}


class LmdbHomeStore:
    """A HomeStore in a folder of its own, which it holds by a lock while it is open."""

    def __init__(
        self, folder: Path, identity: StoreIdentity, *, boot: str | None = None, map_size: int = MAP_SIZE
    ) -> None:
        """Open what is there; start empty (no positions) if it is another's or may be torn. Raises StoreInUseError.

        `boot` is this start of the machine (boot_id() if not given); `map_size` is in bytes.
        """
        self._file = StoreFile(folder, identity, DATABASES, map_size=map_size, boot=boot)
        held = self._file.reader.get(STATE)
        state = msgspec.json.decode(held, type=_State) if held else _State()
        self.positions: Mapping[str, SourcePosition] = state.positions
        self.rebuilt, self.behind = state.rebuilt, state.behind
        self.cases = state.cases
        self._forget_changes()

    @property
    def offset(self) -> int:
        """The offset of the last commit in FINGERPRINTS, or NO_OFFSET."""
        return self.positions.get(FINGERPRINTS, SourcePosition()).offset

    def _forget_changes(self) -> None:
        self._new: dict[bytes, CaseVersion] = {}
        self._members: dict[str, dict[bytes, dict[bytes, bool]]] = {"watching": {}, "followed": {}}

    def get_versions(self, cases: Collection[bytes]) -> dict[bytes, CaseVersion]:
        """Return what was put since the last commit, else what the file has; it is decoded when it is asked for."""
        found = {case: self._new[case] for case in cases if case in self._new} if self._new else {}
        numbers = self._find_numbers([case for case in cases if case not in found])
        cursor = self._file.reader.cursor(db=self._file.databases["versions"])
        records = {bytes(number): value for number, value in cursor.getmulti(numbers.values())}
        for case, number in numbers.items():
            value = records[number]
            order = int.from_bytes(value[:ORDER_BYTES], "little")
            found[case] = CaseVersion(encoded=bytes(cramjam.zstd.decompress(value[ORDER_BYTES:])), order=order)
        return found

    def _find_numbers(self, cases: Iterable[bytes]) -> dict[bytes, bytes]:
        """The numbers of those of the cases that the file has."""
        cursor = self._file.reader.cursor(db=self._file.databases["numbers"])
        return {bytes(case): bytes(number) for case, number in cursor.getmulti(cases)}

    def put_versions(self, versions: Mapping[bytes, CaseVersion]) -> None:
        """Keep them in memory until the commit."""
        self._new |= versions

    def get_watching(self, cases: Sequence[bytes]) -> list[Collection[bytes]]:
        """Return the ids, ascending."""
        return self._get_members("watching", cases)

    def set_watching(self, a: bytes, b: bytes, on: bool) -> None:
        """Keep the change in memory until the commit."""
        self._members["watching"].setdefault(b, {})[a] = on

    def get_followed(self, cases: Sequence[bytes]) -> list[Collection[bytes]]:
        """Return the ids, ascending."""
        return self._get_members("followed", cases)

    def set_followed(self, a: bytes, b: bytes, on: bool) -> None:
        """Keep the change in memory until the commit."""
        self._members["followed"].setdefault(a, {})[b] = on

    def _get_members(self, database: str, cases: Sequence[bytes]) -> list[Collection[bytes]]:
        cursor = self._file.reader.cursor(db=self._file.databases[database])
        found = cursor.getmulti(cases, dupdata=True, dupfixed_bytes=CASE_ID_BYTES)
        held: dict[bytes, set[bytes]] = {}
        for key, value in found:
            held.setdefault(bytes(key), set()).add(bytes(value))
        for case in self._members[database].keys() & set(cases):
            members = held.setdefault(case, set())
            for member, on in self._members[database][case].items():
                (members.add if on else members.discard)(member)
        return [sorted(held.get(case, ())) for case in cases]

    def commit(self, positions: Mapping[str, SourcePosition]) -> None:
        """Write all changes and the positions in one LMDB transaction.

        The time at which a withdrawal takes the place of a version decides when the file is written anew.
        """
        at, numbers = positions.get(FINGERPRINTS, SourcePosition()), self._find_numbers(self._new)
        erases = any(self._new[case].fingerprint.withdrawn for case in numbers)
        state = _State(self.cases, self.rebuilt, self.behind, dict(positions))
        self._file.commit(
            at.offset, self._make_writer(state, numbers), at.records, erased_at=time.time() if erases else None
        )
        self.cases, self.positions = state.cases, state.positions
        self._forget_changes()

    def _make_writer(self, state: _State, numbers: Mapping[bytes, bytes]) -> Callable[[lmdb.Transaction], None]:
        """What writes all changes, in key order, which keeps LMDB's pages warm; it may be called again."""

        def write_changes(transaction: lmdb.Transaction) -> None:
            databases, cases = self._file.databases, self.cases
            for case in sorted(self._new):
                version = self._new[case]
                compressed = bytes(cramjam.zstd.compress(version.encoded, level=ZSTD_LEVEL))
                value = version.order.to_bytes(ORDER_BYTES, "little") + compressed
                number = numbers.get(case)
                if number is None:
                    number, cases = cases.to_bytes(NUMBER_BYTES), cases + 1
                    transaction.put(case, number, db=databases["numbers"])
                    transaction.put(number, value, db=databases["versions"], append=True)
                else:
                    transaction.put(number, value, db=databases["versions"])
            for database, changed in self._members.items():
                for case, members in sorted(changed.items()):
                    for member, on in members.items():
                        change = transaction.put if on else transaction.delete
                        change(case, member, db=databases[database])
            state.cases = cases
            transaction.put(STATE, msgspec.json.encode(state))

        return write_changes

    def sync(self) -> None:
        """Flush the file to disk."""
        self._file.sync()

    def compact(self, after_s: float) -> None:
        """Copy the file without what was erased."""
        if self._file.erased_at is not None and time.time() - self._file.erased_at >= after_s:
            self._file.rewrite_file()

    def close(self) -> None:
        """Sync and close the file, and give up its lock."""
        self._file.close()
