"""What became of an agency's records, and what was linked to them: its receipts and its hits, as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Final, TypeVar

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.correlation.hits import Hit
from pipeline.errors import LiaisonError
from pipeline.feeds.uploads import UploadProgress
from pipeline.records.messages import Outcome, Receipt
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import admin_client
from pipeline.streams.kafka.reading import Fetching, plain_consumer, read_on, read_partitions
from pipeline.times import unix_ms

FOLLOW_WAIT_MS: Final = 500
"""How long the broker holds back its answer to a follower while nothing comes."""

T = TypeVar("T")

_receipt = msgspec.json.Decoder(Receipt).decode
_hit = msgspec.json.Decoder(Hit).decode


async def read_receipts(
    settings: Settings, agency: str, *, since: datetime | None = None, follow: bool = False
) -> AsyncGenerator[Receipt]:
    """The agency's receipts written since then, by partition in order; with `follow`, those to come too."""
    async with aclosing(_read_messages(settings, topics.RECEIPTS, agency, _receipt, since, follow)) as found:
        async for receipt in found:
            yield receipt


async def read_hits(
    settings: Settings, agency: str, *, since: datetime | None = None, follow: bool = False
) -> AsyncGenerator[Hit]:
    """The agency's hits written since then, in order; with `follow`, those to come too. Their ids tell repeats."""
    async with aclosing(_read_messages(settings, topics.HITS, agency, _hit, since, follow)) as found:
        async for hit in found:
            yield hit


async def receipts_of(settings: Settings, agency: str, reached: UploadProgress) -> AsyncGenerator[Receipt]:
    """The receipts of the stretch of the national topic that an upload lies on; ends when each position has one.

    Where others push to the same topic meanwhile, theirs in this stretch are among them.
    """
    topic = await asyncio.to_thread(readable_topic, settings, topics.RECEIPTS, agency)
    waiting = {p for p, end in enumerate(reached.end) if end > reached.begin[p]}
    if not waiting:
        return
    starts = {TopicPartition(topic, p): reached.receipts[p] for p in waiting}
    async with aclosing(_follow_records(settings, starts)) as chunks:
        async for records in chunks:
            for receipt in (_receipt(record.value) for record in records):
                partition, offsets = receipt.position.partition, receipt.offsets
                if offsets.start < reached.end[partition] and reached.begin[partition] < offsets.stop:
                    yield receipt
                # Intake works through a partition in order, and its receipts keep that order.
                if offsets.stop >= reached.end[partition]:
                    waiting.discard(partition)
            if not waiting:
                return


async def taken_since(settings: Settings, agency: str, reached: UploadProgress) -> dict[str, int]:
    """The highest version of each case that intake took, or had, in its receipts from the upload's first on."""
    topic = await asyncio.to_thread(readable_topic, settings, topics.RECEIPTS, agency)
    starts = {TopicPartition(topic, partition): offset for partition, offset in enumerate(reached.receipts)}
    taken: dict[str, int] = {}
    async with aclosing(read_partitions(settings, starts)) as chunks:
        async for records in chunks:
            for receipt in (_receipt(record.value) for record in records):
                if receipt.outcome != Outcome.REJECTED:
                    taken[receipt.case] = max(receipt.version, taken.get(receipt.case, 0))
    return taken


def readable_topic(settings: Settings, topic: topics.Topic, agency: str) -> str:
    """The topic's full name. Raises LiaisonError where it can't be seen: aiokafka would ask for ever."""
    name = topics.topic_name(settings, topic, agency=agency)
    with admin_client(settings) as client:
        if name not in client.list_topics():
            raise LiaisonError(f"topic {name} does not exist, or these credentials can't read it")
    return name


async def _read_messages(
    settings: Settings,
    topic: topics.Topic,
    agency: str,
    decode: Callable[[bytes], T],
    since: datetime | None,
    follow: bool,
) -> AsyncGenerator[T]:
    name = await asyncio.to_thread(readable_topic, settings, topic, agency)
    partitions = [TopicPartition(name, number) for number in range(topics.partition_count(settings, topic))]
    starts = await _start_offsets(settings, partitions, since) if since else dict.fromkeys(partitions, 0)
    async with aclosing(_follow_records(settings, starts) if follow else read_partitions(settings, starts)) as chunks:
        async for records in chunks:
            for record in records:
                yield decode(record.value)


async def _start_offsets(
    settings: Settings, partitions: list[TopicPartition], since: datetime
) -> dict[TopicPartition, int]:
    """The first offset written since then, of each partition; its end where there is none yet."""
    async with plain_consumer(settings, partitions) as consumer:
        ends = await consumer.end_offsets(partitions)
        found = await consumer.offsets_for_times(dict.fromkeys(partitions, unix_ms(since)))
        return {p: ends[p] if at is None else at.offset for p, at in found.items()}


async def _follow_records(
    settings: Settings, starts: Mapping[TopicPartition, int]
) -> AsyncGenerator[list[ConsumerRecord]]:
    """Committed records from these offsets on, for ever."""
    async with aclosing(read_on(settings, starts, Fetching(FOLLOW_WAIT_MS))) as fetched:
        async for found in fetched:
            yield found.records
