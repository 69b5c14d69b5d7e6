"""The store of a home: its cases' fingerprints, which homes watch them, and which pairs this home follows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from pipeline.correlation.protocol import CaseVersion
from pipeline.correlation.store_file import NO_OFFSET


class SourcePosition(NamedTuple):
    """How much of a source partition a store has taken in: the last offset, and how many records in all."""

    offset: int = NO_OFFSET
    records: int = 0


class HomeStore(Protocol):
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
        """Where the last `commit` stands in each source, by its name; a source that is missing was not read."""

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

    def sync(self) -> None:
        """Make commits survive a power cut, before offsets are acknowledged; any thread may call it."""

    def compact(self, after_s: float) -> None:
        """Remove from disk every trace of the content of cases that were withdrawn or expired `after_s` seconds ago.

        It may take seconds. Any thread may call it while no method but `sync` and `close` is called. Raises
        StoreUnwritableError, after which it can be tried again.
        """

    def close(self) -> None:
        """Sync and close. Changes since the last commit are lost."""


class MemoryHomeStore:
    """A HomeStore in memory, for the batch run and for tests; it keeps nothing after close."""

    def __init__(self) -> None:
        self.rebuilt = self.behind = False
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
        self.positions = dict(positions)

    def sync(self) -> None:
        """Memory has nothing to sync."""

    def compact(self, after_s: float) -> None:
        """Memory leaves nothing on disk."""

    def close(self) -> None:
        """Memory has nothing to close."""

    def snapshot(self) -> MemoryHomeStore:
        """Return a copy of the store; later changes of one do not affect the other."""
        copy = MemoryHomeStore()
        copy.rebuilt, copy.behind = self.rebuilt, self.behind
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
