"""The runbook's remedy for a hanging transaction, drilled on the real broker."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator

import orjson
import pytest
from aiokafka import TopicPartition
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.ops.transactions import OpenTransaction, open_transactions
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import ClusterNotReadyError
from pipeline.streams.kafka.producers import FailFastProducer
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.kafka.topic_plans import apply_plan
from pipeline.streams.monitoring.offsets import StableOffsetWatch
from pipeline.streams.runtime.transactions import AppliedPosition, Output, Transactions
from support.installation.command import LIAISON
from support.waiting import WaitFor

pytestmark = pytest.mark.engines

VERIFICATION = "transaction.partition.verification.enable"
TRANSACTION_TIMEOUT_MS = 1000
SOURCE = TopicPartition("source", 0)


@pytest.fixture
def unverified(kafka_admin: KafkaAdminClient, wait_for: WaitFor) -> Iterator[None]:
    """A broker that, as before KIP-890, takes a write to a partition that was never added to the transaction."""
    broker = str(kafka_admin.describe_cluster()["brokers"][0]["broker_id"])

    def is_set(value: str) -> bool:
        asked = [ConfigResource(ConfigResourceType.BROKER, broker, None)]
        (found,) = kafka_admin.describe_configs(asked, config_filter="all").values()
        return bool(found[broker][VERIFICATION]["value"] == value)

    def verify(value: str) -> None:
        """A broker accepts a setting before it goes by it."""
        configs = {VERIFICATION: value}
        kafka_admin.alter_configs([ConfigResource(ConfigResourceType.BROKER, broker, configs)])
        wait_for(lambda: is_set(value))

    verify("false")
    yield
    verify("true")


@pytest.fixture
def target(engine_settings: Settings) -> TopicPartition:
    apply_plan(engine_settings, topics.plan_topics(engine_settings, [], []))
    return TopicPartition(topics.topic_name(engine_settings, topics.ACCEPTED), 0)


async def write_behind_the_coordinators_back(settings: Settings, target: TopicPartition) -> None:
    """A late Produce: the coordinator has forgotten the transaction that it belongs to."""
    producer = FailFastProducer(settings, f"{settings.namespace}late", transaction_timeout_ms=TRANSACTION_TIMEOUT_MS)

    async def pretend(partitions: set[TopicPartition]) -> None:
        for partition in tuple(partitions):
            producer._txn_manager.partition_added(partition)

    object.__setattr__(producer._sender, "_do_add_partitions_to_txn", pretend)
    await producer.start()
    await producer.begin_transaction()
    await producer.send_and_wait(target.topic, b"late", key=b"k", partition=target.partition)
    await producer.drop()


async def committed(settings: Settings, target: TopicPartition) -> list[bytes | None]:
    return [record.value async for records in read_partitions(settings, {target: 0}) for record in records]


def listed(settings: Settings) -> list[OpenTransaction]:
    """The open transactions; none while a topic that has just been made has no leader that knows of it."""
    try:
        return open_transactions(settings)
    except ClusterNotReadyError:
        return []


def liaison(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LIAISON, "ops", "transactions", *words], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.usefixtures("unverified")
async def test_a_hanging_transaction_is_found_and_aborted_and_the_partition_goes_on(
    engine_settings: Settings, engine_environment: dict[str, str], target: TopicPartition
) -> None:
    now = 0.0
    watch = StableOffsetWatch(engine_settings, lambda: now)
    assert await watch.ask_ages([target]) == {target: 0.0}
    await write_behind_the_coordinators_back(engine_settings, target)
    transactions = Transactions(engine_settings, "echo", "all", 0, {"source": "id"})
    await transactions.start_producer()
    await transactions.commit([Output(target.topic, target.partition, b"k", b"kept")], {SOURCE: AppliedPosition(0)})
    assert await watch.ask_ages([target]) == {target: 0.0}
    now = 150.0
    assert await watch.ask_ages([target]) == {target: 150.0}

    listed = await asyncio.to_thread(liaison, engine_environment, "list", "--json")
    assert listed.returncode == 0, listed.stderr
    (found,) = orjson.loads(listed.stdout)
    assert (found["topic"], found["partition"], found["hanging"]) == (target.topic, target.partition, True)
    words = ("abort", target.topic, str(target.partition), "--producer-id", str(found["producer_id"]))
    done = await asyncio.to_thread(liaison, engine_environment, *words)
    assert done.returncode == 0, done.stderr

    assert await watch.ask_ages([target]) == {target: 0.0}
    assert await committed(engine_settings, target) == [b"kept"]
    await transactions.commit([Output(target.topic, target.partition, b"k", b"next")], {SOURCE: AppliedPosition(1)})
    await transactions.stop()
    assert await committed(engine_settings, target) == [b"kept", b"next"]
    again = await asyncio.to_thread(liaison, engine_environment, *words)
    assert again.returncode == 1
    assert "has no open transaction" in again.stderr


async def test_a_transaction_that_its_coordinator_knows_of_is_left_to_it(
    engine_settings: Settings, target: TopicPartition, wait_for: WaitFor
) -> None:
    producer = FailFastProducer(engine_settings, f"{engine_settings.namespace}slow", transaction_timeout_ms=60_000)
    await producer.start()
    await producer.begin_transaction()
    await producer.send_and_wait(target.topic, b"open", key=b"k", partition=target.partition)
    (found,) = await asyncio.to_thread(wait_for, lambda: listed(engine_settings))
    assert (found.transactional_id, found.hanging) == (f"{engine_settings.namespace}slow", False)
    await producer.abort_transaction()
    await producer.stop()
    await asyncio.to_thread(wait_for, lambda: not open_transactions(engine_settings))
