"""`liaison ops rejected batch`: an operator gives up a damaged batch, so that its partition goes on."""

from __future__ import annotations

import asyncio
from typing import Final

from aiokafka import TopicPartition

from pipeline.errors import LiaisonError
from pipeline.ops.operation import audit_operation
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.kafka.batch_rejections import RejectedBatch
from pipeline.streams.kafka.reading import POLL_MS, plain_consumer
from pipeline.streams.registers.control import reject_batch

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
