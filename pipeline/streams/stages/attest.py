"""The attest stage: every entry of `audit` becomes a leaf of the log, and its heads are signed.

One worker at a time does it, since `audit` has one partition. Leaves, heads and progress go in one transaction, so that
no entry is left out or comes twice; the log's end is read from the topic itself at each start.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from aiokafka import ConsumerRecord, TopicPartition

from pipeline.access.audit import AuditEntry
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.settings import Settings
from pipeline.streams.audit import log_keys
from pipeline.streams.audit.audit_tail import UnreadableEntry, decode_entry
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.kafka.reading import plain_consumer, read_partitions
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.runtime import faults
from pipeline.streams.runtime.processor import After, ChunkResult, NullStore, Processor
from pipeline.streams.runtime.stage import ALL, Stage, StageFeed
from pipeline.streams.runtime.transactions import AppliedPosition, Output
from pipeline.streams.runtime.worker_slots import claimed_slot
from pipeline.times import now
from pipeline.transparency.growth import GrowingLog, LogNotContinuedError, grow_log
from pipeline.transparency.notes import SigningKey
from pipeline.transparency.tag_keys import TagKeys

log = logging.getLogger(__name__)

STAGE: Final = "attest"

TAIL_OFFSETS: Final = 4096
"""Read from the topic's end to find its last head, four times as many where there is none: one comes every 1,000
entries."""

KEY_POLL_S: Final = 2.0
"""Between two looks for a signing key that is missing."""


class LogEnd(NullStore):
    """The end of the log, kept while its partition is owned; entries up to offset `known` have their leaves."""

    def __init__(self, growing: GrowingLog, key: SigningKey, known: int) -> None:
        self.growing, self.key, self.known = growing, key, known


class AttestProcessor(Processor):
    """Appends the entries of `audit` to the log."""

    def __init__(self, settings: Settings, keys: TagKeys, clock: Callable[[], datetime] = now) -> None:
        self._settings, self._keys, self._clock = settings, keys, clock
        self._topic = topics.topic_name(settings, topics.AUDIT_LOG)

    async def open_store(self, source: TopicPartition, applied: AppliedPosition) -> LogEnd:
        """The log as the topic holds it. Raises LiaisonError where it can't be gone on from."""
        growing = await read_log_end(self._settings, TopicPartition(self._topic, 0))
        key = await asyncio.to_thread(log_keys.signing_key, self._settings, make=growing.head is None)
        return LogEnd(growing, key, await self._leaves_end(source, applied, growing))

    async def _leaves_end(self, source: TopicPartition, applied: AppliedPosition, growing: GrowingLog) -> int:
        """Up to where entries have leaves: as progress tells, or, where a restore left none, up to the last leaf's."""
        if applied.offset != NO_OFFSET or not growing.tree.size:
            return applied.offset
        async for records in read_partitions(self._settings, {source: 0}):
            for record in records:
                entry = decode_entry(record)
                if isinstance(entry, AuditEntry) and growing.is_last(entry, self._keys):
                    return int(record.offset)
        raise LogNotContinuedError("`audit` does not hold the entry of the log's last leaf")

    def decide_records(self, source: TopicPartition, store: LogEnd, records: Sequence[ConsumerRecord]) -> ChunkResult:
        """The leaves of new entries, and the heads that are due. What is no entry has no leaf: nobody of ours wrote it.

        Raises InternalFaultError at an entry of a later version: its leaf would hold less than was done.
        """

        def grow(decoded: Sequence[tuple[ConsumerRecord, AuditEntry | UnreadableEntry]]) -> ChunkResult:
            entries = (one for record, one in decoded if isinstance(one, AuditEntry) and record.offset > store.known)
            grown = grow_log(store.growing, entries, self._keys, store.key, self._clock)
            return ChunkResult(outputs=[Output(self._topic, 0, key, value) for key, value in grown])

        return faults.decide_known(records, decode_entry, grow)


async def read_log_end(settings: Settings, partition: TopicPartition) -> GrowingLog:
    """The log as its topic ends; without a head before the first. Raises LogNotContinuedError for one without begin."""
    async with plain_consumer(settings, [partition]) as consumer:
        end = (await consumer.end_offsets([partition]))[partition]
    looked_at = TAIL_OFFSETS
    while True:
        start = max(0, end - looked_at)
        held = [
            (record.key, record.value)
            async for chunk in read_partitions(settings, {partition: start})
            for record in chunk
        ]
        found = GrowingLog.recover(held) if held or not start else None
        if found is not None:
            return found
        if not start:
            raise LogNotContinuedError("the audit log does not begin with its first leaf")
        looked_at *= 4


async def wait_for_signing_key(settings: Settings, partition: TopicPartition) -> None:
    """Return once the log can be signed: a log that has a head goes on under its own key alone.

    Without the key it says so once and waits for the file, as after a restore: an end would only be started again.
    """
    path = settings.audit_log_key_path
    if path.exists() or (await read_log_end(settings, partition)).head is None:
        return
    log.error("the audit log's signing key is not in %s; put it back. Until then no head is signed", path)
    while not path.exists():
        await asyncio.sleep(KEY_POLL_S)
    log.info("the audit log's signing key is there")


@asynccontextmanager
async def attest_stage(settings: Settings, wanted: str, after: After) -> AsyncIterator[Stage]:
    """The stage, one group whatever generation is active. Raises LiaisonError where topics are missing."""
    audit, audit_log = (topics.topic_name(settings, topic) for topic in (topics.AUDIT, topics.AUDIT_LOG))
    found = await asyncio.to_thread(read_ids, settings, [audit, audit_log])
    keys = log_keys.tag_keys(await asyncio.to_thread(key_ring, settings))
    await wait_for_signing_key(settings, TopicPartition(audit_log, 0))
    with claimed_slot(settings, STAGE) as slot:
        yield Stage(
            settings, slot, [StageFeed(STAGE, [audit], AttestProcessor(settings, keys), ALL)], found.topics, after
        )
