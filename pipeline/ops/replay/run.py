"""`liaison ops replay`: what the national topics have received since a time is sent to them again.

The messages get new positions, and with them outcomes of their own: what was accepted before becomes a duplicate, what
is missing (after a restore from a backup) or was rejected by a fault of ours that is mended meanwhile becomes accepted.
The outcome of the first position stands as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final

from aiokafka import TopicPartition

from pipeline.errors import LiaisonError
from pipeline.ops.operation import audit_operation
from pipeline.ops.replay.rejections import ReplaySummary
from pipeline.ops.replay.resending import open_resender
from pipeline.records.messages import Position, Reason
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.kafka.positions import RejectedBatch, UnreadableBatch, origin_of
from pipeline.streams.kafka.reading import POLL_MS, offsets_since, plain_consumer, read_partitions
from pipeline.streams.registers.control import reject_batch
from pipeline.streams.registers.registry import read_agencies
from pipeline.times import unix_ms


async def replay_messages(
    settings: Settings,
    since: datetime,
    only: Collection[str] = (),
    *,
    dry: bool = False,
    on_sent: Callable[[], None] = lambda: None,
) -> ReplaySummary:
    """Send what came since a time again, up to what has come when this begins.

    All that the topics hold is read for it: to look up a time in a topic a broker inflates whole records, which others
    have made as large as they like, and one of gigabytes ends a broker.
    Messages that were themselves sent again are left out, so that doing it twice does not double them; so are batches
    that can't be read, whose messages the result counts as left. Raises LiaisonError for an agency that is not
    registered.
    """
    partitions = _source_partitions(settings, list(await read_agencies(settings)), only)
    starts = await offsets_since(settings, list(partitions), None)
    since_ms = unix_ms(since)
    last = await _last_offsets(settings, starts)
    replayed = ReplaySummary()
    async with open_resender(settings, dry=dry) as send:
        async for records in read_partitions(settings, {p: starts[p] for p in last}, last):
            for record in records:
                if origin_of(record) is not None or record.timestamp < since_ms:
                    continue
                if isinstance(record, UnreadableBatch):
                    replayed.left[Reason.UNREADABLE_BATCH] += record.positions
                    continue
                position = Position(record.topic, record.partition, record.offset)
                await send(record.topic, record.partition, record.key, record.value, position)
                replayed.sent[partitions[TopicPartition(record.topic, record.partition)]] += 1
                on_sent()
    return replayed


def _source_partitions(
    settings: Settings, registered: Collection[str], only: Collection[str]
) -> dict[TopicPartition, str]:
    """The partitions of the agencies' national topics, with the agency of each."""
    if unknown := sorted(set(only) - set(registered)):
        raise LiaisonError(f"not registered: {', '.join(unknown)}")
    return {
        TopicPartition(topics.topic_name(settings, topics.CASES, agency=agency), partition): agency
        for agency in only or registered
        for partition in range(settings.case_partitions)
    }


async def _last_offsets(settings: Settings, starts: dict[TopicPartition, int]) -> dict[TopicPartition, int]:
    """The last offset of each partition that has any: what is sent from now on must not be read as well."""
    async with plain_consumer(settings, []) as consumer:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(list(starts)) if starts else {}
    return {partition: end - 1 for partition, end in ends.items() if end > starts[partition]}


LOOK_S: Final = 20.0
"""How long to wait for the partition's answer."""


async def reject_damaged_batch(
    settings: Settings, topic: str, partition: int, offset: int, last_offset: int | None = None
) -> RejectedBatch:
    """Order that the damaged batch at an offset be given up, up to `last_offset` or as far as its header says.

    Audited before it happens. Raises LiaisonError where the topic is no national one, or the batch is none to give up.
    """
    if not topics.is_national(settings, topic):
        raise LiaisonError(f"{topic} is not a national topic; damage elsewhere is restored, not rejected")
    if not 0 <= partition < settings.case_partitions:
        raise LiaisonError(f"{topic} has no partition {partition}")
    held = await asyncio.to_thread(read_ids, settings, [topic])
    source = TopicPartition(topic, partition)
    last = await _damaged_up_to(settings, source, offset, last_offset)
    batch = RejectedBatch(topic, held.topics[topic], partition, offset, last)
    async with audit_operation(settings, f"rejected batch {topic}-{partition}-{offset} to {last}"):
        await reject_batch(settings, batch)
    return batch


async def _damaged_up_to(settings: Settings, source: TopicPartition, offset: int, given: int | None) -> int:
    """The last offset to give up. Raises LiaisonError where the batch can be read, or says nothing believable."""
    async with plain_consumer(settings, [source]) as consumer:
        begin = (await consumer.beginning_offsets([source]))[source]
        end = (await consumer.end_offsets([source]))[source]
        if not begin <= offset < end:
            raise LiaisonError(f"partition {source.partition} of {source.topic} holds offsets {begin} to {end - 1}")
        consumer.seek(source, offset)
        async with asyncio.timeout(LOOK_S):
            while (claimed := consumer.damaged_up_to(source)) is None:
                records = await consumer.getmany(source, timeout_ms=POLL_MS)
                if records or await consumer.position(source) > offset:
                    raise LiaisonError(f"the batch at offset {offset} is readable, or already given up")
    last = claimed if given is None else given
    if not offset <= last < end:
        raise LiaisonError("the batch's header is damaged too; give the last offset with --last")
    return last
