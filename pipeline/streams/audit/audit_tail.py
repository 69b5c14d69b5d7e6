"""Reads the topic `audit`: whole for verification, from its last hours on to follow it, and as it grows to check it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.access import audit
from pipeline.access.audit import AuditEntry
from pipeline.access.audit_verification import TrailFinding, TrailVerifier
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.following import FollowedTopic, Followers, follow_topic
from pipeline.streams.kafka.positions import decode_value
from pipeline.streams.kafka.reading import Fetching, plain_consumer, read_partitions
from pipeline.transparency.leaves import is_sealable

log = logging.getLogger(__name__)

AUDIT_TRAIL: Final = "the audit trail"
"""What it is to those who are told that it can't be followed."""

GATHER_MS: Final = 250
GATHER_BYTES: Final = 2**16
"""Entries are fetched together: one by one, each would cost Kafka and its reader about what writing it does."""

DAY_MS: Final = 24 * 3600 * 1000

See = Callable[[AuditEntry], None]


class UnreadableEntry(NamedTuple):
    """What stands in the topic and is no entry: who wrote it is nobody of ours.

    `chain` is its message's key, `position` where it stands.
    """

    chain: str
    position: str


SeeUnreadable = Callable[[UnreadableEntry], object]


def decode_entry(record: ConsumerRecord) -> AuditEntry | UnreadableEntry:
    """The entry in a record of the topic. What is none is an error in the log: it says nothing of what was done.

    Raises LaterFormatError for an entry of a later version: whoever passed over it would tell less than was done.
    """
    try:
        entry = decode_value(audit.decode_entry, record)
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
    """Every entry that the topic holds, in its order; `unreadable` is told of what is none.

    Raises LaterFormatError at one of a later version.
    """
    async for _, entry in entries_from(settings, 0):
        if isinstance(entry, UnreadableEntry):
            unreadable(entry)
        else:
            yield entry


async def entries_from(settings: Settings, start: int) -> AsyncIterator[tuple[int, AuditEntry | UnreadableEntry]]:
    """Each entry from an offset on, with its own. Raises LaterFormatError at one of a later version."""
    async for records in read_partitions(settings, {_audit_partition(settings): start}):
        for record in records:
            yield record.offset, decode_entry(record)


@asynccontextmanager
async def follow_audit(
    settings: Settings,
    since_ms: int,
    see: Iterable[See],
    unreadable: SeeUnreadable = pass_over,
    followers: Followers | None = None,
) -> AsyncIterator[None]:
    """Hand on every entry since a time (Unix, ms), in order, then each new one, until the context ends.

    `unreadable` is told of what is no entry. Entered once what was there at the start has been handed on, or can't be.
    An entry of a later version stops it: what is counted would be wrong without it.
    """
    partition, seers = _audit_partition(settings), tuple(see)

    async def begin(reached: int | None) -> int:
        return await _offset_since(settings, partition, since_ms) if reached is None else reached

    def take_entry(entry: AuditEntry | UnreadableEntry) -> None:
        if isinstance(entry, UnreadableEntry):
            unreadable(entry)
        else:
            for seer in seers:
                seer(entry)

    followed = FollowedTopic(AUDIT_TRAIL, partition, Fetching(GATHER_MS, GATHER_BYTES))
    held = follow_topic(settings, followers or Followers(), followed, decode_entry, take_entry, begin=begin)
    async with held as follower:
        await follower.wait_caught_up()
        yield


async def _offset_since(settings: Settings, partition: TopicPartition, since_ms: int) -> int:
    async with plain_consumer(settings, [partition]) as consumer:
        end = (await consumer.end_offsets([partition]))[partition]
        found = (await consumer.offsets_for_times({partition: since_ms}))[partition]
    return int(end if found is None else found.offset)


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

        Raises KafkaError and OSError where the trail can't be read, LaterFormatError where a later version wrote to it.
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
