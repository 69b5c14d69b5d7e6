"""Lag on a real broker: each group by its own acknowledgement, transaction markers left out."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from pipeline.settings import Settings
from pipeline.streams.monitoring.lag import Lag, ends_of, lag_of
from support.waiting import WaitFor

pytestmark = pytest.mark.engines


async def _filled(settings: Settings, topic: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_url, transactional_id=f"{topic}-writer")
    async with producer:
        for value in (b"one", b"two", b"three"):
            async with producer.transaction():
                await producer.send_and_wait(topic, value, partition=0)


async def _acknowledged(settings: Settings, group: str, partition: TopicPartition, offset: int) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_url, group_id=group, enable_auto_commit=False)
    async with consumer:
        consumer.assign([partition])
        await consumer.commit({partition: offset})


def test_groups_that_read_one_partition_are_told_apart(
    engine_settings: Settings, kafka_admin: KafkaAdminClient, namespace: str, wait_for: WaitFor
) -> None:
    partition = TopicPartition(f"{namespace}read", 0)
    kafka_admin.create_topics([NewTopic(partition.topic, 1, 1)])
    ahead, between, behind = (f"{namespace}{name}" for name in ("ahead", "between", "behind"))

    asyncio.run(_filled(engine_settings, partition.topic))
    wait_for(lambda: asyncio.run(ends_of(engine_settings, [partition])) == {partition: 6})  # the last marker is there

    async def lags() -> list[Lag]:
        await _acknowledged(engine_settings, ahead, partition, 6)
        await _acknowledged(engine_settings, between, partition, 2)
        return await lag_of(engine_settings, {group: [partition] for group in (ahead, between, behind)})

    found = {lag.group: lag.lag for lag in asyncio.run(lags())}
    assert found == {ahead: 0, between: 2, behind: 3}
