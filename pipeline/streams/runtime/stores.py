"""Where local stores lie, what they belong to, and when they are thrown away."""

from __future__ import annotations

import fcntl
import glob
import logging
import math
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeVar

from aiokafka import TopicPartition

from pipeline.correlation.store_file import StoreIdentity, StoreInUseError, lock_folder
from pipeline.settings import Settings
from pipeline.streams.kafka.admin import ClusterIds

log = logging.getLogger(__name__)

KEPT_S: Final = 24 * 3600
"""A store that no one holds and that was not in use for this long is deleted: its partition went elsewhere, and what
was withdrawn since is still in it."""

LOCK: Final = "owner.lock"
DATA: Final = "data.mdb"


def shared_root(settings: Settings) -> Path:
    """The stores of all workers that have this LIAISON_HOME."""
    return settings.home / "stores"


@contextmanager
def scratch_folder(settings: Settings, name: str) -> Iterator[Path]:
    """A root for the stores of a command, deleted at its end; no worker looks there for stores to adopt."""
    root = shared_root(settings) / "scratch" / f"{name}-{os.getpid()}"
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def store_folder(root: Path, stage: str, scope: str, source: TopicPartition) -> Path:
    """The folder of a source partition's store."""
    return root / stage / scope / f"{source.topic}-{source.partition}"


def adopt_store(own: Path) -> None:
    """Move the store to `own` that was written last of all that any slot has of this source partition, unless held.

    So a partition that goes from one worker to another of the same LIAISON_HOME takes its store with it.
    """
    *_, slot, stage, scope, name = own.parts
    copies = own.parents[3].glob(f"*/{glob.escape(stage)}/{glob.escape(scope)}/{glob.escape(name)}/{DATA}")
    for folder in sorted((copy.parent for copy in copies), key=_written_at, reverse=True):
        if folder == own:
            return
        try:
            _replace_store(folder, own)
        except (StoreInUseError, FileNotFoundError):  # held, or just deleted, by another
            continue
        except OSError as error:
            log.warning("store %s can't be taken from slot %s: %s", name, folder.parts[-4], error)
            return
        log.info("store %s: taken from slot %s to %s", name, folder.parts[-4], slot)
        return


def _replace_store(folder: Path, own: Path) -> None:
    """Replace a store by another; both are held meanwhile."""
    with closing(lock_folder(folder)), closing(lock_folder(own)):
        (folder / DATA).stat()
        shutil.rmtree(own)
        folder.rename(own)


def _written_at(folder: Path) -> float:
    with suppress(FileNotFoundError):
        return (folder / DATA).stat().st_mtime
    return 0.0


@dataclass(frozen=True)
class StorePlaces:
    """The stores of one stage and scope (a generation, or "all") under a root: those of a worker's slot, or scratch."""

    root: Path
    stage: str
    scope: str
    ids: ClusterIds

    def folder(self, source: TopicPartition) -> Path:
        """The folder of a source partition's store."""
        return store_folder(self.root, self.stage, self.scope, source)

    def identity(self, source: TopicPartition) -> StoreIdentity:
        """What the store of a source partition belongs to."""
        return StoreIdentity(self.ids.cluster, self.ids.topics[source.topic], source.partition, self.scope)


class Openable(Protocol):
    """A store that opens in a folder for an identity."""

    @property
    def offset(self) -> int:
        """The offset of the last commit, or NO_OFFSET."""

    def close(self) -> None:
        """Sync and close it."""


S = TypeVar("S", bound=Openable)

StoreOpener = Callable[[Path, StoreIdentity], S]


def reopen_store(kind: StoreOpener[S], places: StorePlaces, source: TopicPartition, applied: int) -> S:
    """The store of a source partition; one that is ahead of what was applied belongs to another history and is emptied.

    Raises StoreInUseError.
    """
    return reopen_unless(lambda store: store.offset > applied, kind, places, source)


def reopen_unless(
    is_ahead: Callable[[S], bool], kind: StoreOpener[S], places: StorePlaces, source: TopicPartition
) -> S:
    """The store of a source partition, emptied where it is ahead. Raises StoreInUseError."""
    folder, identity = places.folder(source), places.identity(source)
    store = kind(folder, identity)
    if not is_ahead(store):
        return store
    log.warning("store %s is of another history (%d), ahead of what was applied: made anew", folder.name, store.offset)
    store.close()
    shutil.rmtree(folder)
    return kind(folder, identity)


def touch_and_prune(held: Iterable[Path], root: Path, now: float | None = None) -> list[Path]:
    """Note that the stores held are in use, then delete the abandoned ones; run hourly."""
    for folder in held:
        with suppress(FileNotFoundError):  # a stage that keeps nothing has none
            os.utime(folder / LOCK)
    return delete_abandoned(root, now)


def delete_abandoned(root: Path, now: float | None = None) -> list[Path]:
    """Delete the stores that no one holds and that were in use last more than KEPT_S ago; `now` in Unix seconds.

    Other processes may delete and open stores under the same root at the same time.
    """
    oldest = (time.time() if now is None else now) - KEPT_S
    folders = [Path(folder) for folder, _, files in os.walk(root) if LOCK in files]
    return [folder for folder in folders if _delete_abandoned(folder, oldest)]


def _delete_abandoned(folder: Path, oldest: float) -> bool:
    try:
        with (folder / LOCK).open() as held:
            if os.fstat(held.fileno()).st_mtime >= oldest:
                return False
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
    except (BlockingIOError, FileNotFoundError):  # held, or just deleted, by another
        return False
    return True


def delete_generation(root: Path, namespace: str, generation: str) -> list[Path]:
    """Delete all stores of a generation of this namespace that no one holds."""
    names = [f"{glob.escape(namespace)}{topic}.{generation}-*" for topic in STORED]
    found = [folder for name in names for folder in sorted(root.glob(f"*/*/{generation}/{name}"))]
    return [folder for folder in found if _delete_abandoned(folder, math.inf)]


STORED: Final = ("fingerprints", "postings", "links", "blocks")
"""The topics of a generation for whose partitions there are stores; the last is an earlier version's."""


def delete_namespace(root: Path, namespace: str) -> None:
    """Delete all stores of a namespace that no one holds."""
    for folder in sorted(root.glob(f"*/*/*/{glob.escape(namespace)}*")):
        _delete_abandoned(folder, math.inf)


def size_on_disk(folder: Path) -> int:
    """Bytes that a store's files take; LMDB's map is sparse, so their length says nothing.

    Its owner may write other files in their place meanwhile.
    """
    size = 0
    with suppress(FileNotFoundError):
        for file in list(folder.iterdir()):
            with suppress(FileNotFoundError):
                size += file.stat().st_blocks * 512
    return size
