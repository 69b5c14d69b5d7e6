"""Where local stores lie, what they belong to, and when they are thrown away."""

from __future__ import annotations

import fcntl
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeVar

from aiokafka import TopicPartition

from pipeline.correlation.store_file import Identity
from pipeline.settings import Settings
from pipeline.streams.admin import Ids

KEPT_S: Final = 24 * 3600
"""A store that no one holds and that was not opened for this long is deleted: its partition went elsewhere."""

LOCK: Final = "owner.lock"


def root(settings: Settings) -> Path:
    """All stores of this worker."""
    return settings.home / "stores" / settings.worker_name


@dataclass(frozen=True)
class Places:
    """The stores of one stage and scope (a generation, or "all") of one worker."""

    settings: Settings
    stage: str
    scope: str
    ids: Ids

    def folder(self, source: TopicPartition) -> Path:
        """The folder of a source partition's store."""
        return root(self.settings) / self.stage / self.scope / f"{source.topic}-{source.partition}"

    def identity(self, source: TopicPartition) -> Identity:
        """What the store of a source partition belongs to."""
        return Identity(self.ids.cluster, self.ids.topics[source.topic], source.partition, self.scope)


class Openable(Protocol):
    """A store that opens in a folder for an identity."""

    def __init__(self, folder: Path, identity: Identity) -> None: ...
    @property
    def offset(self) -> int: ...
    def close(self) -> None: ...


S = TypeVar("S", bound=Openable)


def reopened(kind: type[S], places: Places, source: TopicPartition, applied: int) -> S:
    """The store of a source partition; one that is ahead of what was applied belongs to another history and is emptied.

    Raises StoreInUseError.
    """
    folder, identity = places.folder(source), places.identity(source)
    store = kind(folder, identity)
    if store.offset <= applied:
        return store
    store.close()
    shutil.rmtree(folder)
    return kind(folder, identity)


def delete_abandoned(root: Path, now: float | None = None) -> list[Path]:
    """Delete the stores that no one holds and that were opened last more than KEPT_S ago; `now` in Unix seconds."""
    oldest = (time.time() if now is None else now) - KEPT_S
    locks = [lock for lock in root.rglob(LOCK) if lock.stat().st_mtime < oldest]
    return [lock.parent for lock in locks if _delete(lock)]


def _delete(lock: Path) -> bool:
    with lock.open() as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        shutil.rmtree(lock.parent)
        return True
