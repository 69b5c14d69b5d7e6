"""The stores of a lane's source partitions, each with how far its records were applied."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aiokafka import TopicPartition

from pipeline.backoff import retrying
from pipeline.correlation.store_file import NO_OFFSET, StoreUnwritableError
from pipeline.streams.runtime.processor import Store
from pipeline.streams.runtime.transactions import AppliedPosition

log = logging.getLogger(__name__)


@dataclass
class OpenStore:
    """A store and how far its source partition was applied."""

    store: Store
    applied: AppliedPosition


class LaneStores:
    """What a lane has open; empty before it starts and after it stops. `on_unwritable` hears that a disk is full."""

    def __init__(self, lane: str, partitions: Sequence[TopicPartition], on_unwritable: Callable[[], None]) -> None:
        self._lane, self._partitions, self._on_unwritable = lane, partitions, on_unwritable
        self._open: dict[TopicPartition, OpenStore] = {}
        self.lock = asyncio.Lock()
        """Held while stores are synced or closed: neither may begin within the other."""

    @property
    def complete(self) -> bool:
        """Whether the store of every partition is open."""
        return len(self._open) == len(self._partitions)

    def __getitem__(self, partition: TopicPartition) -> OpenStore:
        return self._open[partition]

    def add_store(self, partition: TopicPartition, store: Store, applied: AppliedPosition) -> None:
        """Take a store that was opened at what was applied."""
        self._open[partition] = OpenStore(store, applied)

    def applied_offsets(self) -> dict[TopicPartition, int]:
        """The last offset applied of each partition (-1: none); what is not open yet has applied none."""
        held = self._open
        return {p: held[p].applied.offset if p in held else NO_OFFSET for p in self._partitions}

    async def commit_stores(self, applied: Mapping[TopicPartition, AppliedPosition]) -> None:
        """Commit the stores; while the disk is full nothing more is consumed and nothing is lost."""
        for partition, reached in applied.items():
            held = self._open[partition]
            async for attempt in retrying(StoreUnwritableError, log, f"lane {self._lane}: the commit of a store"):
                with attempt:
                    self._commit_store(held.store, reached.offset)
            held.applied = reached

    def _commit_store(self, store: Store, offset: int) -> None:
        try:
            store.commit(offset)
        except StoreUnwritableError:
            self._on_unwritable()
            raise

    async def compact_stores(self, erase_after_s: float) -> None:
        """Write files anew that have held what was erased for so long."""
        for held in self._open.values():
            try:
                await asyncio.to_thread(held.store.compact, erase_after_s)
            except StoreUnwritableError as error:
                log.warning("lane %s: %s; what was erased stays in the file until there is room", self._lane, error)

    async def sync_stores(self) -> None:
        """Bring to the disk what was committed; the caller holds the lock. Raises what the disk does."""
        await asyncio.to_thread(self._sync_all)

    def _sync_all(self) -> None:
        for held in list(self._open.values()):
            held.store.sync()

    async def close(self) -> None:
        """Close all stores, once a sync that is under way has ended."""
        async with self.lock:
            closing, self._open = self._open, {}
            for held in closing.values():
                with contextlib.suppress(Exception):
                    held.store.close()
