"""The transactional producer on the real broker: progress, fencing, large messages, what readers see."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.cluster import ClusterMetadata
from aiokafka.errors import NodeNotReadyError
from kafka import KafkaAdminClient

from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.producers import BATCH_BYTES
from pipeline.streams.kafka.reading import read_partitions, read_table
from pipeline.streams.kafka.topic_plans import apply_plan
from pipeline.streams.runtime.transactions import (
    AppliedPosition,
    Output,
    ProducerFencedError,
    ProducerUnusableError,
    Transactions,
    progress_partition,
)
from support.late_requests.proxy import Api, Fault, LateRequestProxy, Treatment
from support.waiting import PATIENCE_S

pytestmark = pytest.mark.engines

Make = Callable[..., Transactions]


@pytest.fixture
def target(engine_settings: Settings) -> str:
    apply_plan(engine_settings, topics.plan_topics(engine_settings, [], []))
    return topics.topic_name(engine_settings, topics.ACCEPTED)


@pytest.fixture
def make(engine_settings: Settings) -> Make:
    def make(topic_id: str = "id", index: int = 0) -> Transactions:
        return Transactions(engine_settings, "echo", "all", index, {"source": topic_id})

    return make


SOURCE = TopicPartition("source", 0)


async def contents(settings: Settings, topic: str) -> list[tuple[int, bytes]]:
    starts = {TopicPartition(topic, p): 0 for p in range(settings.case_partitions)}
    return [(r.partition, r.value) async for records in read_partitions(settings, starts) for r in records]


async def running(transactions: Transactions, check: Callable[[], Awaitable[Any]]) -> Any:
    await transactions.start_producer()
    try:
        return await check()
    finally:
        await transactions.stop()


async def test_a_commit_is_seen_with_its_progress(engine_settings: Settings, target: str, make: Make) -> None:
    first = make()
    await running(first, lambda: first.commit([Output(target, 1, b"k", b"v")], {SOURCE: AppliedPosition(41, 12)}))
    assert await contents(engine_settings, target) == [(1, b"v")]
    second = make()
    assert await second.start_producer() == {SOURCE: AppliedPosition(41, 12)}
    await second.stop()


async def test_a_broker_that_names_no_node_yet_is_one_that_is_not_ready(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one does that has just started."""
    monkeypatch.setattr(ClusterMetadata, "brokers", lambda _: set())
    with pytest.raises(NodeNotReadyError):
        await make().start_producer()


async def test_progress_of_another_index_or_of_a_topic_made_anew_is_not_ours(target: str, make: Make) -> None:
    first = make()
    await running(first, lambda: first.commit([], {SOURCE: AppliedPosition(41, 12)}))
    for other in (make("another"), make(index=1)):
        assert await other.start_producer() == {}
        await other.stop()


async def test_the_order_within_a_partition_survives_many_batches(
    engine_settings: Settings, target: str, make: Make
) -> None:
    values = [b"%d" % n + b" " * (BATCH_BYTES // 3) for n in range(10)]
    huge = b"x" * (4 * BATCH_BYTES)
    outputs = [Output(target, 0, b"k", value) for value in (*values[:5], huge, *values[5:])]
    transactions = make()
    await running(transactions, lambda: transactions.commit(outputs, {SOURCE: AppliedPosition(0)}))
    assert await contents(engine_settings, target) == [(0, o.value) for o in outputs]


async def test_a_new_owner_fences_the_old_and_nothing_of_the_old_shows(
    engine_settings: Settings, target: str, make: Make
) -> None:
    zombie, owner = make(), make()
    await zombie.start_producer()
    await owner.start_producer()
    with pytest.raises(ProducerFencedError):
        await zombie.commit([Output(target, 0, b"k", b"late")], {SOURCE: AppliedPosition(7)})
    await owner.commit([Output(target, 0, b"k", b"owner")], {SOURCE: AppliedPosition(3)})
    await zombie.stop()
    await owner.stop()
    assert await contents(engine_settings, target) == [(0, b"owner")]
    third = make()
    assert await third.start_producer() == {SOURCE: AppliedPosition(3)}
    await third.stop()


async def test_a_fence_that_falls_between_two_sends_is_known_for_one(
    target: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    zombie, owner = make(), make()
    await zombie.start_producer()
    await owner.start_producer()
    producer = zombie._producer
    assert producer is not None
    send = producer.send_batch
    sent: list[object] = []

    async def once_fenced(*arguments: Any, **named: Any) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            while sent and not producer._txn_manager.is_fatal_error():
                await asyncio.sleep(0.01)
        sent.append(arguments)
        return await send(*arguments, **named)

    monkeypatch.setattr(producer, "send_batch", once_fenced)
    with pytest.raises(ProducerFencedError):
        await zombie.commit([Output(target, 0, b"k", b"late")], {SOURCE: AppliedPosition(7)})
    assert len(sent) == 2
    await zombie.stop()
    await owner.stop()


async def test_an_open_transaction_of_a_dead_owner_is_aborted_by_the_next(
    engine_settings: Settings, target: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kafka itself would abort it no sooner than this test may take."""
    monkeypatch.setattr("pipeline.streams.runtime.transactions.TRANSACTION_TIMEOUT_MS", 600_000)
    dead = make()
    await dead.start_producer()
    producer = dead._producer
    assert producer is not None
    await producer.begin_transaction()
    await producer.send_and_wait(target, b"unfinished", key=b"k", partition=0)
    owner = make()
    await running(owner, lambda: owner.commit([Output(target, 0, b"k", b"done")], {SOURCE: AppliedPosition(5)}))
    assert await contents(engine_settings, target) == [(0, b"done")]
    await dead.stop()


async def test_a_stopped_producer_says_so(target: str, make: Make) -> None:
    transactions = make()
    await running(transactions, lambda: transactions.commit([], {SOURCE: AppliedPosition(1)}))
    with pytest.raises(ProducerUnusableError):
        await transactions.commit([Output(target, 0, b"k", b"v")], {SOURCE: AppliedPosition(2)})


async def test_the_progress_topic_holds_one_value_an_index(engine_settings: Settings, target: str, make: Make) -> None:
    transactions = make()
    await transactions.start_producer()
    for offset in range(3):
        await transactions.commit([], {SOURCE: AppliedPosition(offset)})
    await transactions.stop()
    topic = topics.topic_name(engine_settings, topics.PROGRESS)
    table = await read_table(engine_settings, topic, [progress_partition("echo", 0)])
    assert table == {b"echo|all|source|0": b'{"offset":2,"topic_id":"id"}'}


@pytest.mark.parametrize("api", [Api.ADD_PARTITIONS, Api.PRODUCE, Api.END_TRANSACTION])
@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in {Fault.NONE, Fault.DELAYED}])
async def test_a_request_without_an_answer_leaves_one_copy_of_the_transaction(
    engine_settings: Settings, target: str, make: Make, fault: Fault, api: Api
) -> None:
    left = [Treatment(fault, after=2)]

    def treat(transactional_id: str, asked: Api) -> Treatment:
        return left.pop() if left and asked is api else Treatment()

    async with LateRequestProxy(engine_settings, treat) as proxy:
        transactions = Transactions(proxy.behind, "echo", "all", 0, {"source": "id"}, request_timeout_ms=500)
        await transactions.start_producer()
        for offset in range(3):
            await transactions.commit(
                [Output(target, 0, b"k", b"%d" % offset)], {SOURCE: AppliedPosition(offset, offset + 1)}
            )
        await transactions.stop()
    assert not left
    assert await contents(engine_settings, target) == [(0, b"%d" % offset) for offset in range(3)]
    # A late Produce may come before its transaction's end is written, and goes with it; a copy is told by its sequence.
    assert set(proxy.accepted) <= {Api.PRODUCE.name}
    third = make()
    assert await third.start_producer() == {SOURCE: AppliedPosition(2, 3)}
    await third.stop()


async def test_a_producer_whose_progress_was_moved_by_another_gives_up(
    engine_settings: Settings, target: str, make: Make
) -> None:
    """Its next producer is not let in before the other has committed: else the two might take turns."""
    dropped: list[Treatment] = []
    was_dropped, has_moved = asyncio.Event(), asyncio.Event()
    never = Treatment(Fault.LATE, after=1000)

    def treat(transactional_id: str, asked: Api) -> Treatment:
        if asked is Api.INIT_PRODUCER_ID and was_dropped.is_set() and not has_moved.is_set():
            return never
        if dropped and asked is Api.PRODUCE:
            was_dropped.set()
            return dropped.pop()
        return Treatment()

    async with LateRequestProxy(engine_settings, treat) as proxy:
        zombie = Transactions(proxy.behind, "echo", "all", 0, {"source": "id"}, request_timeout_ms=500)
        await zombie.start_producer()
        dropped.append(never)
        committing = asyncio.create_task(
            zombie.commit([Output(target, 0, b"k", b"late")], {SOURCE: AppliedPosition(7)})
        )
        await asyncio.wait_for(was_dropped.wait(), PATIENCE_S)
        owner = make()
        await owner.start_producer()
        await owner.commit([Output(target, 0, b"k", b"owner")], {SOURCE: AppliedPosition(3)})
        has_moved.set()
        with pytest.raises(ProducerFencedError):
            await committing
        await zombie.stop()
        await owner.stop()
    assert await contents(engine_settings, target) == [(0, b"owner")]


async def test_large_values_are_compressed_and_small_ones_are_not(
    engine_settings: Settings, make: Make, target: str, kafka_admin: KafkaAdminClient
) -> None:
    said = [json.dumps({"case": f"be-fp:{at}", "words": ["ivan", "petrov"] * 100}).encode() for at in range(20)]
    random = Random(7)
    short = [random.randbytes(100) for _ in range(20)]
    owner = make()

    async def write() -> None:
        outputs = [
            Output(target, at % 2, b"%d" % at, value)
            for both in zip(said, short, strict=True)
            for at, value in enumerate(both)
        ]
        await owner.commit(outputs, {SOURCE: AppliedPosition(1)})

    await running(owner, write)
    assert sorted(await contents(engine_settings, target)) == sorted(
        [*((0, v) for v in said), *((1, v) for v in short)]
    )
    (folder,) = (folder for broker in kafka_admin.describe_log_dirs() for folder in broker["log_dirs"])
    (sizes,) = (
        {p["partition_index"]: p["partition_size"] for p in t["partitions"]}
        for t in folder["topics"]
        if t["name"] == target
    )
    assert sizes[0] < sum(map(len, said)) / 4
    assert sizes[1] > sum(map(len, short))
