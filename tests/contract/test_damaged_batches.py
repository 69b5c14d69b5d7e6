"""Unreadable and damaged batches on a real broker: what a consumer makes of them, and that it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka import reading
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.kafka.positions import BlockedPartitionError, RejectedBatch, UnreadableBatch
from pipeline.streams.kafka.topic_plans import apply_plan
from pipeline.streams.registers import control
from support.kafka.fetch_proxy import FetchProxy
from support.kafka.record_batches import (
    ATTRIBUTES,
    changed_at,
    cut_short,
    made_batch,
    made_record,
    produce_raw,
    split_raw,
    with_codec,
    with_wrong_crc,
    zstd_bomb,
)

pytestmark = pytest.mark.engines

DAMAGES = pytest.mark.parametrize("damage", [with_wrong_crc, cut_short])
TRANSACTIONAL, CONTROL = 0x10, 0x20


@pytest.fixture
def proxy(engine_settings: Settings) -> Iterator[FetchProxy]:
    with FetchProxy(engine_settings.kafka_url).running() as running:
        yield running


@pytest.fixture
def settings(engine_settings: Settings, proxy: FetchProxy, kafka_admin: KafkaAdminClient) -> Settings:
    """Through the proxy; topics `cases.fr-pj`, which is national, and those of ours are there."""
    apply_plan(engine_settings, topics.plan_topics(engine_settings, ["fr-pj"], []))
    kafka_admin.create_topics([NewTopic(f"{engine_settings.namespace}ours", 1, 1)])
    return engine_settings.model_copy(update={"kafka_url": proxy.address})


def national(settings: Settings) -> TopicPartition:
    return TopicPartition(topics.topic_name(settings, topics.CASES, agency="fr-pj"), 0)


def ours(settings: Settings) -> TopicPartition:
    return TopicPartition(f"{settings.namespace}ours", 0)


async def fill(settings: Settings, partition: TopicPartition) -> None:
    """Three batches: offsets 0 and 1, 2 to 4, 5."""
    for count in (2, 3, 1):
        body = b"".join(made_record(at, b"k", b"v") for at in range(count))
        await produce_raw(settings.kafka_url, partition.topic, partition.partition, made_batch(body, count))


async def found(settings: Settings, partition: TopicPartition) -> list[Any]:
    """Offsets read, of an unreadable batch the first and the last."""
    async with aclosing(reading.read_partitions(settings, {partition: 0})) as chunks:
        records = [record async for chunk in chunks for record in chunk]
    return [(r.offset, r.last_offset) if isinstance(r, UnreadableBatch) else r.offset for r in records]


async def test_an_unknown_codec_takes_one_batch_and_no_other(settings: Settings, proxy: FetchProxy) -> None:
    await fill(settings, national(settings))
    proxy.change = changed_at(3, lambda batch: with_codec(batch, 5))
    assert await found(settings, national(settings)) == [0, 1, (2, 4), 5]


async def test_the_rest_of_a_batch_is_marked_where_reading_begins_in_it(settings: Settings, proxy: FetchProxy) -> None:
    await fill(settings, national(settings))
    proxy.change = changed_at(3, lambda batch: with_codec(batch, 5))
    async with aclosing(reading.read_partitions(settings, {national(settings): 3}, {national(settings): 3})) as chunks:
        (record,) = [record async for chunk in chunks for record in chunk]
    assert (record.offset, record.last_offset, record.problem) == (
        3, 3, "its compression 5 is not one of gzip, snappy, lz4, zstd",
    )  # fmt: skip


async def test_the_broker_takes_bombs_and_each_is_one_marker(settings: Settings) -> None:
    source = national(settings)
    tiny = b"".join(made_record(at, None, None) for at in range(100_001))
    await produce_raw(settings.kafka_url, source.topic, source.partition, zstd_bomb(b"x" * 1000, 100 << 20))
    await produce_raw(settings.kafka_url, source.topic, source.partition, made_batch(tiny, 100_001, codec=4))
    await produce_raw(settings.kafka_url, source.topic, source.partition, made_batch(made_record(0, b"k", b"v"), 1))
    assert await found(settings, source) == [(0, 1), (2, 100_002), 100_003]


@DAMAGES
async def test_damage_that_passes_costs_nothing(settings: Settings, proxy: FetchProxy, damage: Any) -> None:
    await fill(settings, national(settings))
    damaged = changed_at(3, damage)

    def twice(topic: str, partition: int, fetched: bytes) -> bytes:
        return damaged(topic, partition, fetched) if proxy.changed < 2 else fetched

    proxy.change = twice
    assert await found(settings, national(settings)) == [0, 1, 2, 3, 4, 5]
    assert proxy.changed == 2


@DAMAGES
async def test_damage_that_stays_is_told_after_a_while(
    settings: Settings, proxy: FetchProxy, damage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PATIENCE_S", 0.5)
    await fill(settings, ours(settings))
    proxy.change = changed_at(3, damage)
    with pytest.raises(BlockedPartitionError, match=r"ours can't be read on at partition 0, offset 2: the batch"):
        await found(settings, ours(settings))
    assert proxy.changed > 1, "fetched again"


@DAMAGES
async def test_damage_that_an_operator_gives_up_is_one_marker(
    settings: Settings, engine_settings: Settings, proxy: FetchProxy, damage: Any
) -> None:
    source = national(settings)
    await fill(settings, source)
    proxy.change = changed_at(3, damage)
    for topic_id in ("of an earlier topic", read_ids(engine_settings, [source.topic]).topics[source.topic]):
        await control.reject_batch(engine_settings, RejectedBatch(source.topic, topic_id, 0, 2, 4))
    assert await found(settings, source) == [0, 1, (2, 4), 5]


async def test_an_order_for_a_topic_of_the_same_name_is_no_order(
    settings: Settings, engine_settings: Settings, proxy: FetchProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PATIENCE_S", 1.0)
    source = national(settings)
    await fill(settings, source)
    proxy.change = changed_at(3, with_wrong_crc)
    await control.reject_batch(engine_settings, RejectedBatch(source.topic, "of an earlier topic", 0, 2, 4))
    with pytest.raises(BlockedPartitionError):
        await found(settings, source)


async def test_a_topic_of_our_own_is_never_skipped(settings: Settings, proxy: FetchProxy) -> None:
    await fill(settings, ours(settings))
    proxy.change = changed_at(3, lambda batch: with_codec(batch, 5))
    with pytest.raises(BlockedPartitionError, match="compression 5"):
        await found(settings, ours(settings))


async def test_batches_of_aborted_transactions_are_skipped_unread(settings: Settings, proxy: FetchProxy) -> None:
    source = national(settings)
    async with AIOKafkaProducer(
        bootstrap_servers=settings.kafka_url, transactional_id=f"{source.topic}-writer"
    ) as producer:
        for end in (producer.abort_transaction, producer.commit_transaction):
            await producer.begin_transaction()
            await producer.send_and_wait(source.topic, b"v", partition=0)
            await end()

    def unreadable(_topic: str, _partition: int, fetched: bytes) -> bytes:
        return b"".join(
            with_codec(b, 5) if b[ATTRIBUTES + 1] & TRANSACTIONAL and not b[ATTRIBUTES + 1] & CONTROL else b
            for b in split_raw(fetched)
        )

    proxy.change = unreadable
    assert await found(settings, source) == [(2, 2)], "0 was aborted, 1 and 3 are markers"
