"""Followers and workers' consumers on a real broker, where records go or come while they recover."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition

from pipeline.access.audit import FACTS_FORMAT, Act, ActKind, Chain
from pipeline.settings import Settings
from pipeline.streams.audit.audit_tail import AUDIT_TRAIL, follow_audit
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import delete_records
from pipeline.streams.kafka.connection import client_options
from pipeline.streams.kafka.fetching import BatchConsumer
from pipeline.streams.kafka.following import FollowedTopic, Followers, follow_topic
from pipeline.streams.kafka.reading import Fetching, reading_policy
from pipeline.streams.kafka.topic_plans import apply_plan
from pipeline.times import now

pytestmark = pytest.mark.engines

PATIENCE_S = 60.0


@pytest.fixture
def partition(engine_settings: Settings) -> TopicPartition:
    """The audit's, which holds nothing yet."""
    apply_plan(engine_settings, topics.plan_topics(engine_settings, [], []))
    return TopicPartition(topics.topic_name(engine_settings, topics.AUDIT), 0)


async def write(settings: Settings, partition: TopicPartition, *values: bytes) -> None:
    async with AIOKafkaProducer(**client_options(settings)) as producer:
        for value in values:
            await producer.send_and_wait(partition.topic, value, partition=partition.partition)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.02)


def offset_of(record: ConsumerRecord) -> int:
    return int(record.offset)


async def test_records_that_go_while_a_follower_recovers_are_told_and_it_goes_on_at_the_first_that_is_left(
    engine_settings: Settings, partition: TopicPartition, caplog: pytest.LogCaptureFixture
) -> None:
    """It fails at a record that is deleted before it has come to it again; it does not begin at the end."""
    await write(engine_settings, partition, *[b"%d" % at for at in range(10)])
    seen, failing = list[int](), True

    def see(offset: int) -> None:
        if failing and offset == 4:
            raise ValueError
        seen.append(offset)

    followers = Followers()
    followed = FollowedTopic("the trail", partition, Fetching(at_once=2))
    async with follow_topic(engine_settings, followers, followed, offset_of, see):
        await until(followers.why_stopped)
        delete_records(engine_settings, {partition: 7})
        await until(lambda: seen[-1] == 9)
        await write(engine_settings, partition, b"10")
        await until(lambda: seen[-1] == 10)
        assert followers.why_stopped() == ""
    assert seen == [0, 1, 2, 3, 7, 8, 9, 10]
    told = f"{partition.topic}-0: Kafka holds offsets 4 to 6 no more; reading goes on at 7"
    assert told in {line.getMessage() for line in caplog.records}


@asynccontextmanager
async def member(settings: Settings, partition: TopicPartition) -> AsyncIterator[BatchConsumer]:
    """A consumer of a group, as a worker's is."""
    consumer = BatchConsumer(
        partition.topic,
        **client_options(settings),
        policy=reading_policy(settings),
        group_id=f"{settings.namespace}members",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def read(consumer: BatchConsumer) -> list[int]:
    """The offsets of what comes next."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await consumer.getmany(timeout_ms=200)):
            pass
    return [record.offset for records in found.values() for record in records]


@pytest.mark.parametrize("committed", [True, False])
async def test_a_group_whose_offset_is_gone_goes_on_at_the_first_record_and_knows_where_that_is(
    engine_settings: Settings, partition: TopicPartition, caplog: pytest.LogCaptureFixture, committed: bool
) -> None:
    """Whether its own offset has expired, or what stood there: its lanes then know what they have not applied."""
    await write(engine_settings, partition, *[b"%d" % at for at in range(10)])
    if committed:
        async with member(engine_settings, partition) as consumer:
            await read(consumer)
            await consumer.commit({partition: 3})
            assert consumer.begin_of(partition) == 0
    delete_records(engine_settings, {partition: 6})
    async with member(engine_settings, partition) as consumer:
        assert await read(consumer) == [6, 7, 8, 9]
        assert consumer.begin_of(partition) == 6
    told = f"{partition.topic}-0: Kafka holds offsets 3 to 5 no more; reading goes on at 6"
    assert (told in {line.getMessage() for line in caplog.records}) == committed


async def test_a_group_that_is_shared_out_anew_while_it_recovers_reads_what_is_left_once(
    engine_settings: Settings, partition: TopicPartition
) -> None:
    """Another member takes over in the middle, from what the first has acknowledged."""
    await write(engine_settings, partition, *[b"%d" % at for at in range(10)])
    async with member(engine_settings, partition) as first:
        records = (await first.getmany(timeout_ms=int(PATIENCE_S * 1000), max_records=3))[partition]
        await first.commit({partition: records[-1].offset + 1})
        async with member(engine_settings, partition) as other:
            await first.stop()
            assert [record.offset for record in records] + await read(other) == list(range(10))


async def test_an_entry_of_a_later_version_stops_who_counts_by_it_and_says_so(
    engine_settings: Settings, partition: TopicPartition
) -> None:
    """Whether it was there at the start or came later; what lies behind it is not counted either."""
    entry = Chain("host|0").make_entry(Act(ActKind.SEARCH, "anna", "fr-pj"), now())
    known, later = (
        msgspec.json.encode(msgspec.to_builtins(entry) | more)
        for more in ({}, {"format": FACTS_FORMAT + 1, "report": {"hits": 1}})
    )
    since_ms, seen, followers = 0, list[str](), Followers()
    position = f"{partition.topic}-0-1"
    said = f"the audit trail can't be followed: {position} has format {FACTS_FORMAT + 1}, which a later version"
    await write(engine_settings, partition, known)
    async with follow_audit(engine_settings, since_ms, [lambda one: seen.append(one.subject)], followers=followers):
        assert (seen, followers.why_stopped()) == (["anna"], "")
        await write(engine_settings, partition, later, known)
        await until(lambda: followers.why_stopped(AUDIT_TRAIL).startswith(said))
        assert seen == ["anna"]
    async with follow_audit(engine_settings, since_ms, [lambda one: seen.append(one.subject)], followers=followers):
        assert followers.why_stopped().startswith(said)
    assert seen == ["anna", "anna"]
