"""`liaison ops backup`: what an installation cannot compute again, copied from Kafka to files while it works.

The topics of generations are left out: they follow from `accepted` (invariant I1), so that no common moment of all
topics is needed. Cases come first and the audit trail last: every agency of a case, and every act behind a decision, is
there. What is kept for days alone (national topics, receipts, rejections, hits) is not in it.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Final

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.ops.backup.files import BackupFolder, BackupManifest, BackupRecord
from pipeline.ops.backup.sealed_keys import gather_keys, seal_keys
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.rights import ROLES
from pipeline.streams.kafka.admin import ClusterIds, read_ids
from pipeline.streams.kafka.reading import read_partitions, read_table
from pipeline.streams.provisioning.users import list_users
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.registers.registry import read_agencies
from pipeline.streams.runtime.stage import ALL
from pipeline.streams.runtime.transactions import HITS_PUBLISHED, Progress, progress_key, read_marker
from pipeline.streams.stages import notify
from pipeline.streams.stages.attest import read_log_end
from pipeline.transparency.growth import LogNotContinuedError

KEPT: Final = tuple(topic for topic in topics.CATALOGUE if topic.backed_up)
"""In the catalogue's order: the audit behind its log, so that each leaf's entry is there."""

SEGMENT_BYTES: Final = 16 << 20
"""What waits in memory before it is written, and what a backup that is cut off reads again at most."""

CountCopied = Callable[[], None]


async def copy_installation(
    settings: Settings,
    folder: BackupFolder,
    clock: Callable[[], datetime],
    count: CountCopied,
    passphrase: bytes = b"",
) -> BackupManifest:
    """Copy everything into a folder, or what an attempt that was cut off lacks of it. Raises LiaisonError, KafkaError.

    `count` is told of every chunk read and every file read back. With a passphrase the folder also holds, sealed, what
    else a restore needs; where that can't be had, nothing is copied.
    """
    log = await _log_name(settings)
    users = await asyncio.to_thread(list_users, settings, [*await read_agencies(settings), *ROLES])
    keys = await asyncio.to_thread(gather_keys, settings, log, users) if passphrase else None
    names = [topics.topic_name(settings, topic) for topic in KEPT]
    table = await read_table(settings, topics.topic_name(settings, topics.PROGRESS), range(topics.PROGRESS_PARTITIONS))
    found = await asyncio.to_thread(read_ids, settings, names)
    manifest = folder.begin_or_resume(_new_manifest(settings, found, table, log, users, clock()))
    for topic in KEPT:
        for partition in range(topics.partition_count(settings, topic)):
            await _copy_partition(settings, folder, topic, partition, count)
    if keys is not None:
        folder.write_sealed(await asyncio.to_thread(seal_keys, keys, passphrase))
    return await asyncio.to_thread(folder.finish, manifest, clock().isoformat(), count)


async def _log_name(settings: Settings) -> str:
    """The audit log's name, by its last head; "" before the first, and of a damaged log, which is copied as it is."""
    try:
        end = await read_log_end(settings, TopicPartition(topics.topic_name(settings, topics.AUDIT_LOG), 0))
    except LogNotContinuedError:
        return ""
    return end.head.origin if end.head else ""


def _new_manifest(
    settings: Settings,
    found: ClusterIds,
    table: Mapping[bytes, bytes],
    log: str,
    users: tuple[str, ...],
    now: datetime,
) -> BackupManifest:
    notes = [read_marker(table, HITS_PUBLISHED, index) for index in range(settings.case_partitions)]
    return BackupManifest(
        id=uuid.uuid4().hex[:12],
        cluster=found.cluster,
        namespace=settings.namespace,
        case_partitions=settings.case_partitions,
        secrets=key_ring(settings).ids,
        turns=tuple(note.switches if note else 0 for note in notes),
        told={feed: _last_notified_offset(settings, table, feed, topic) for feed, topic in notify.FEEDS.items()},
        begun=now.isoformat(),
        log=log,
        users=users,
    )


def _last_notified_offset(settings: Settings, table: Mapping[bytes, bytes], feed: str, topic: topics.Topic) -> int:
    """The last offset that a feed of the notify stage had told of; -1 before the first."""
    value = table.get(progress_key(f"{feed}|{ALL}", TopicPartition(topics.topic_name(settings, topic), 0)))
    return -1 if value is None else msgspec.json.decode(value, type=Progress).offset


async def _copy_partition(
    settings: Settings, folder: BackupFolder, topic: topics.Topic, partition: int, count: CountCopied
) -> None:
    start = await asyncio.to_thread(folder.next_offset, topic.pattern, partition)
    source = TopicPartition(topics.topic_name(settings, topic), partition)
    waiting: list[BackupRecord] = []
    size = 0
    async with aclosing(read_partitions(settings, {source: start})) as chunks:
        async for records in chunks:
            waiting += map(_make_record, records)
            size += sum(len(record.value or b"") for record in records)
            if size >= SEGMENT_BYTES:
                await asyncio.to_thread(folder.write_segment, topic.pattern, partition, waiting)
                waiting, size = [], 0
            count()
    if waiting:
        await asyncio.to_thread(folder.write_segment, topic.pattern, partition, waiting)


def _make_record(record: ConsumerRecord) -> BackupRecord:
    return BackupRecord(record.offset, record.timestamp, record.key, record.value)
