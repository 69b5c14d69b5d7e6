"""Reads the topic `audit`: whole for verification, from its last hours on to follow it, and as it grows to check it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from pipeline.access.audit import AuditEntry
from pipeline.access.audit_verification import TrailFinding, TrailVerifier
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.positions import BlockedPartitionError
from pipeline.streams.kafka.reading import plain_consumer, read_partitions
from pipeline.transparency.leaves import is_sealable

log = logging.getLogger(__name__)

POLL_MS: Final = 500
"""How long one wait for entries lasts; whoever waits to have caught up looks again after it."""

GATHER_MS: Final = 250
GATHER_BYTES: Final = 2**16
"""Entries are fetched together: one by one, each would cost Kafka and its reader about what writing it does."""
PAUSE_S: Final = 2.0
"""Between two attempts while Kafka can't be read. A choice: after an outage what others wrote is seen that much
later."""

DAY_MS: Final = 24 * 3600 * 1000

See = Callable[[AuditEntry], None]

_decode = msgspec.json.Decoder(AuditEntry).decode


class UnreadableEntry(NamedTuple):
    """What stands in the topic and is no entry: who wrote it is nobody of ours, or of a later version.

    `chain` is its message's key, `position` where it stands.
    """

    chain: str
    position: str


SeeUnreadable = Callable[[UnreadableEntry], object]


def decode_entry(record: ConsumerRecord) -> AuditEntry | UnreadableEntry:
    """The entry in a record of the topic. What is none is an error in the log: it says nothing of what was done."""
    try:
        entry = _decode(record.value or b"")
        if is_sealable(entry):
            return entry
    except msgspec.MsgspecError:
        pass
    position = f"{record.topic}-{record.partition}-{record.offset}"
    log.error("%s is no audit entry", position)
    return UnreadableEntry((record.key or b"").decode(errors="replace"), position)


def pass_over(_: UnreadableEntry) -> None:
    """The log has it already."""


def _audit_partition(settings: Settings) -> TopicPartition:
    return TopicPartition(topics.topic_name(settings, topics.AUDIT), 0)


async def read_entries(settings: Settings, unreadable: SeeUnreadable = pass_over) -> AsyncIterator[AuditEntry]:
    """Every entry that the topic holds, in its order; `unreadable` is told of what is none."""
    async for _, entry in entries_from(settings, 0):
        if isinstance(entry, UnreadableEntry):
            unreadable(entry)
        else:
            yield entry


async def entries_from(settings: Settings, start: int) -> AsyncIterator[tuple[int, AuditEntry | UnreadableEntry]]:
    """Each entry from an offset on, with its own."""
    async for records in read_partitions(settings, {_audit_partition(settings): start}):
        for record in records:
            yield record.offset, decode_entry(record)


@asynccontextmanager
async def follow_audit(
    settings: Settings, since_ms: int, see: Iterable[See], unreadable: SeeUnreadable = pass_over
) -> AsyncIterator[None]:
    """Hand on every entry since a time (Unix, ms), in order, then each new one, until the context ends.

    `unreadable` is told of what is no entry. Entered once what was there at the start has been handed on.
    """
    follower = _Follower(settings, since_ms, tuple(see), unreadable)
    task = asyncio.create_task(follower.run())
    try:
        caught_up = asyncio.create_task(follower.caught_up.wait())
        await asyncio.wait({task, caught_up}, return_when=asyncio.FIRST_COMPLETED)
        caught_up.cancel()
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class _Follower:
    """One consumer without a group; it starts anew after an outage, where it was.

    So it does where an entry can't be taken in, without end: one that was passed over would count for nothing.
    """

    def __init__(self, settings: Settings, since_ms: int, see: tuple[See, ...], unreadable: SeeUnreadable) -> None:
        self._settings, self._since_ms, self._see, self._unreadable = settings, since_ms, see, unreadable
        self._next: int | None = None
        self.caught_up = asyncio.Event()

    async def run(self) -> None:
        while True:
            try:
                await self._follow_partition(_audit_partition(self._settings))
            except (KafkaError, OSError, BlockedPartitionError) as error:
                log.warning("the audit trail cannot be followed: %s", error or type(error).__name__)
            except Exception:
                log.exception("the audit trail cannot be followed")
            await asyncio.sleep(PAUSE_S)

    async def _follow_partition(self, partition: TopicPartition) -> None:
        async with plain_consumer(self._settings, [partition], GATHER_MS, GATHER_BYTES) as consumer:
            end = (await consumer.end_offsets([partition]))[partition]
            if self._next is None:
                found = (await consumer.offsets_for_times({partition: self._since_ms}))[partition]
                self._next = end if found is None else int(found.offset)
            consumer.seek(partition, self._next)
            while True:
                if await consumer.position(partition) >= end:  # a restore's transaction ends in no record
                    self.caught_up.set()
                for record in (await consumer.getmany(timeout_ms=POLL_MS)).get(partition, ()):
                    self._take_entry(decode_entry(record))
                    self._next = record.offset + 1

    def _take_entry(self, entry: AuditEntry | UnreadableEntry) -> None:
        if isinstance(entry, UnreadableEntry):
            self._unreadable(entry)
        else:
            for see in self._see:
                see(entry)


FRESH: Final = timedelta(minutes=1)
"""A check of this age is not made again: each checkpoint, by which one sees that an end is missing, takes as long."""


class TrailStatus(msgspec.Struct, frozen=True):
    """How the trail stands: `entries` have been read, `at` is when its end was last reached; None before it was."""

    entries: int = 0
    findings: tuple[TrailFinding, ...] = ()
    at: datetime | None = None
    running: bool = False


class TrailCheck:
    """One check at a time; whoever asks meanwhile waits for the same. What was read is not read again."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._settings, self._clock = settings, clock
        self._verification = TrailVerifier()
        self._next = 0
        self._done = TrailStatus()
        self._task: asyncio.Task[None] | None = None

    async def check_trail(self, patience_s: float) -> TrailStatus:
        """How the trail stands, made anew unless fresh; `running` where that takes longer than `patience_s`.

        Raises KafkaError and OSError where the trail can't be read.
        """
        is_fresh = self._done.at is not None and self._clock() - self._done.at < FRESH
        if self._task is None and not is_fresh:
            self._task = asyncio.create_task(self._run_check())
        task = self._task
        if task is not None:
            await asyncio.wait([task], timeout=patience_s)
            if not task.done():
                return msgspec.structs.replace(self._done, entries=self._verification.entries, running=True)
            self._task = None if self._task is task else self._task
            task.result()
        return self._done

    def close(self) -> None:
        """End a check that is running."""
        if self._task is not None:
            self._task.cancel()

    async def _run_check(self) -> None:
        async for offset, entry in entries_from(self._settings, self._next):
            if isinstance(entry, UnreadableEntry):
                self._verification.note_unreadable(*entry)
            else:
                self._verification.check_entry(entry)
            self._next = offset + 1
        at = self._clock()
        self._done = TrailStatus(self._verification.entries, tuple(self._verification.findings(at)), at)
