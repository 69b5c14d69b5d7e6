"""A lane's order of effects, with stand-ins for Kafka; the same on the real broker is in tests/contract."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from pipeline.correlation.store_file import StoreUnwritableError
from pipeline.errors import LiaisonError
from pipeline.records.messages import Position
from pipeline.streams.catalogues import metrics
from pipeline.streams.kafka.positions import UnreadableBatch
from pipeline.streams.runtime import lane as lanes
from pipeline.streams.runtime.deciding import Decider
from pipeline.streams.runtime.faults import MAX_FAULTS_IN_A_ROW, FaultCount, InternalFaultError
from pipeline.streams.runtime.health import LaneState
from pipeline.streams.runtime.in_hand import HandNote, Hands
from pipeline.streams.runtime.lane import Lane, LaneHost
from pipeline.streams.runtime.metering import Meter
from pipeline.streams.runtime.processor import ChunkResult, Processor, ProgressTable
from pipeline.streams.runtime.source_queues import SLICE_RECORDS, WAITING_CHUNKS
from pipeline.streams.runtime.transactions import AppliedPosition, Output, ProducerFencedError

SOURCE = TopicPartition("source", 0)
OTHER = TopicPartition("other", 0)


@dataclass
class Chunk:
    """A Faust event, as far as lanes see it."""

    value: list[Any]
    source: TopicPartition = SOURCE
    acknowledged: bool = False

    @property
    def message(self) -> Any:
        return SimpleNamespace(topic=self.source.topic, partition=self.source.partition)

    def ack(self) -> None:
        self.acknowledged = True


def chunk(*offsets: int, source: TopicPartition = SOURCE) -> Chunk:
    made = [SimpleNamespace(topic=source.topic, partition=0, offset=at, timestamp=1000, value=b"") for at in offsets]
    return Chunk(made, source)


@dataclass
class World(Processor):
    """What a lane touches, with a journal of what it did and failures to come."""

    journal: list[str] = field(default_factory=list)
    written: list[int] = field(default_factory=list)
    failures: dict[str, list[Exception]] = field(default_factory=dict)
    applied: int = -1
    records: int = 0
    offset: int = -1
    lost: bool = False
    waiting: list[Output] = field(default_factory=list)
    broken: set[tuple[str, int]] = field(default_factory=set)
    """Topic and offset of records that fail inside."""
    decided: list[tuple[str, int]] = field(default_factory=list)
    paused: set[TopicPartition] = field(default_factory=set)
    gave_up: list[InternalFaultError] = field(default_factory=list)
    stores: dict[TopicPartition, SourceStore] = field(default_factory=dict)
    pace: float = 0.0
    begins: dict[TopicPartition, int] = field(default_factory=dict)

    def did(self, what: str) -> None:
        if failure := self.failures.get(what, []):
            raise failure.pop(0)
        self.journal.append(what)

    # The work
    async def open_store(self, source: TopicPartition, applied: AppliedPosition) -> SourceStore:
        self.did("open")
        self.offset = applied.offset
        self.stores[source] = SourceStore(self, applied.offset)
        return self.stores[source]

    async def startup_outputs(self, applied: Mapping[TopicPartition, int], table: ProgressTable) -> list[Output]:
        return self.waiting if applied == {SOURCE: self.applied} else []

    def decide_records(self, source: TopicPartition, store: Any, records: Sequence[Any]) -> ChunkResult:
        self.did("step")
        result = ChunkResult()
        for at, record in enumerate(records):
            if (record.topic, record.offset) in self.broken:
                position = Position(record.topic, record.partition, record.offset)
                raise InternalFaultError(position, ValueError("a name"), result, at)
            self.decided.append((record.topic, record.offset))
            result.outputs.append(Output("target", 0, b"", b"%d" % record.offset))
        return result

    async def publish_effects(self, result: ChunkResult) -> Sequence[Output]:
        self.did("publish")
        return ()

    # The transactions
    async def start(self) -> dict[TopicPartition, AppliedPosition]:
        self.did("start")
        return {SOURCE: AppliedPosition(self.applied, self.records)}

    async def stop(self) -> None:
        pass

    async def write(self, outputs: Sequence[Output], applied: Mapping[TopicPartition, AppliedPosition]) -> None:
        self.did("transaction")
        self.written += [int(output.value) for output in outputs]
        self.applied, self.records, _ = applied.get(SOURCE, AppliedPosition(self.applied, self.records))

    def pace_s(self) -> float:
        return self.pace

    def lose(self) -> None:
        self.lost = True

    # The consumer
    def begin_of(self, partition: TopicPartition) -> int:
        return self.begins.get(partition, 0)

    def pause_fetching(self, partition: TopicPartition) -> None:
        self.paused.add(partition)

    def resume_fetching(self, partition: TopicPartition) -> None:
        self.paused.remove(partition)


@dataclass
class SourceStore:
    """The store of one source partition."""

    world: World
    offset: int

    def commit(self, offset: int) -> None:
        self.world.did("commit")
        self.offset = self.world.offset = offset

    def sync(self) -> None:
        self.world.did("sync")

    def compact(self, after_s: float) -> None:
        self.world.did("renew")

    def close(self) -> None:
        pass


async def read_nothing(source: TopicPartition, first: int, last: int) -> AsyncIterator[Any]:
    if first <= last:
        raise AssertionError(f"{source} is read again")
    yield


@asynccontextmanager
async def running(world: World, *others: TopicPartition) -> AsyncIterator[Lane]:
    transactions: Any = SimpleNamespace(start_producer=world.start, stop=world.stop, commit=world.write, table={})
    meter = Meter("lane", "", lambda: 2.0)
    lane = Lane(
        "lane",
        world,
        transactions,
        [SOURCE, *others],
        meter,
        LaneHost(
            Decider(),
            world.lose,
            lambda lane, effect: None,
            60.0,
            world,
            FaultCount(world.gave_up.append),
            world.pace_s,
            Hands(),
            lambda: False,
            read_nothing,
        ),
        HandNote(Path("in-hand")),
    )
    try:
        yield lane
    finally:
        await lane.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(lanes, "FIRST_PAUSE_S", 0.01)
    return World()


async def test_effects_come_in_order_and_acknowledgement_last(world: World) -> None:
    one = chunk(0, 1, 2)
    async with running(world) as lane:
        await lane.enqueue_chunk(one)
        await until(lambda: world.offset == 2)
        before = one.acknowledged
        await lane.acknowledge()
    assert (before, one.acknowledged) == (False, True)
    assert world.journal[:8] == ["start", "open", "step", "step", "publish", "transaction", "commit", "sync"]
    assert world.written == [0, 1, 2]


async def test_a_transaction_waits_for_its_pace_or_until_it_is_full(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.pace = 3600.0
    monkeypatch.setattr(lanes, "MOST_RECORDS", 3)
    async with running(world) as lane:
        await lane.enqueue_chunk(chunk(0))
        await until(lambda: world.offset == 0)
        await lane.enqueue_chunk(chunk(1, 2))
        await asyncio.sleep(0.05)
        assert world.offset == 0
        await lane.enqueue_chunk(chunk(3))
        await until(lambda: world.offset == 3)
    assert world.journal.count("transaction") == 2


async def test_what_is_due_goes_out_before_the_first_record_and_again_after_a_failure(world: World) -> None:
    world.waiting = [Output("target", 0, b"", b"-1")]
    world.failures["transaction"] = [OSError("transient")]
    async with running(world) as lane:
        await lane.enqueue_chunk(chunk(0))
        await until(lambda: world.offset == 0)
    assert world.written == [-1, 0]
    assert world.journal[:6] == ["start", "open", "start", "open", "transaction", "step"]


async def test_records_are_counted_once_whatever_fails(world: World) -> None:
    world.applied, world.records = 3, 2
    world.failures["commit"] = [OSError("transient")]
    async with running(world) as lane:
        await lane.enqueue_chunk(chunk(3, 5, 8))
        await until(lambda: world.offset == 8)
    assert (world.applied, world.records) == (8, 4)


async def test_what_was_applied_is_skipped_and_still_acknowledged(world: World) -> None:
    world.applied = 3
    old, mixed = chunk(1, 2), chunk(3, 4)
    async with running(world) as lane:
        await lane.enqueue_chunk(old)
        await lane.enqueue_chunk(mixed)
        await until(lambda: world.written == [4])
    assert old.acknowledged
    assert mixed.acknowledged


@pytest.mark.parametrize("effect", ["start", "open", "step", "publish", "transaction", "commit"])
async def test_a_failure_before_any_effect_is_tried_again_without_loss_or_double(world: World, effect: str) -> None:
    world.failures[effect] = [OSError("transient"), OSError("transient")]
    one = chunk(0, 1)
    async with running(world) as lane:
        await lane.enqueue_chunk(one)
        await until(lambda: world.applied == 1 and not lane.failing)
        await lane.acknowledge()
    assert world.written == [0, 1]
    assert one.acknowledged


@pytest.mark.parametrize(
    ("applied", "begin", "first", "missed"),
    [
        (1, 5, 5, 3),  # it stood still for longer than Kafka keeps the topic
        (1, 5, 7, 3),  # what lies between begin and first are marks of transactions
        (4, 5, 5, 0),  # what was deleted had been applied, as correlate does with `pairs`
        (-1, 5, 5, 0),  # a group that has applied nothing begins where the topic does
        (1, 0, 5, 0),  # a gap alone is compaction, or marks of transactions
        (1, 5, 3, 0),  # fetched before it was deleted
    ],
)
async def test_records_that_were_deleted_before_they_were_applied_are_counted_once_and_told(
    world: World, caplog: pytest.LogCaptureFixture, applied: int, begin: int, first: int, missed: int
) -> None:
    def count() -> float:
        labels = {"topic": SOURCE.topic, "partition": str(SOURCE.partition)}
        return metrics.REGISTRY.get_sample_value("liaison_records_missed_total", labels) or 0.0

    before, world.applied, world.begins = count(), applied, {SOURCE: begin}
    world.failures["transaction"] = [OSError("transient")]
    async with running(world) as lane:
        await lane.enqueue_chunk(chunk(first))
        await until(lambda: world.applied == first)
    assert count() - before == missed
    told = f"Kafka has deleted offsets {applied + 1} to {begin - 1}, which were not applied"
    assert any(told in line.getMessage() for line in caplog.records) == bool(missed)


@pytest.mark.parametrize(
    ("error", "said"), [(LiaisonError("audit-0-7 is of a later version"), "audit-0-7 is of a later version"),
                        (ValueError("a name"), "")],
)  # fmt: skip
async def test_a_lane_that_tries_again_says_why_where_that_tells_nothing_of_a_record(
    world: World, error: Exception, said: str
) -> None:
    world.failures["step"] = [error] * 3
    async with running(world) as lane:
        await lane.enqueue_chunk(chunk(0))
        await until(lambda: lane.failing)
        assert (lane.state, lane.problem) == (LaneState.FAILING, said)
        await until(lambda: world.applied == 0 and not lane.failing)
        assert lane.problem == ""


async def test_a_full_disk_stops_consumption_until_there_is_room(world: World) -> None:
    world.failures["commit"] = [StoreUnwritableError("full")] * 3
    async with running(world) as lane:
        await lane.enqueue_chunk(chunk(0))
        await until(lambda: lane.failing)
        await until(lambda: world.offset == 0)
    assert world.written == [0]
    assert world.journal.count("transaction") == 1


async def test_a_failed_sync_acknowledges_nothing_until_it_works(world: World) -> None:
    world.failures["sync"] = [OSError("disk")]
    one = chunk(0)
    async with running(world) as lane:
        await lane.enqueue_chunk(one)
        await until(lambda: world.offset == 0)
        await lane.acknowledge()
        assert not one.acknowledged
        await lane.acknowledge()
        assert one.acknowledged


async def test_a_fenced_lane_stops_and_asks_to_join_anew(world: World) -> None:
    world.failures["transaction"] = [ProducerFencedError("fenced")]
    one = chunk(0)
    async with running(world) as lane:
        await lane.enqueue_chunk(one)
        await until(lambda: world.lost)
    assert world.written == []
    assert not one.acknowledged


async def test_slow_records_are_committed_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "MOST_STEP_S", 0.0)
    count = 2 * SLICE_RECORDS
    one = chunk(*range(count))
    async with running(world) as lane:
        await lane.enqueue_chunk(one)
        await until(lambda: world.applied == count - 1)
    assert world.journal.count("transaction") == 7, "of 1, 2, 4, 8, 16, 32 and the rest"
    assert world.written == list(range(count))


def hold_effects(world: World) -> asyncio.Event:
    """Let what the lane publishes wait until the event is set."""
    gate = asyncio.Event()

    async def publish(result: ChunkResult) -> Sequence[Output]:
        await gate.wait()
        return ()

    world.publish_effects = publish  # type: ignore[method-assign]
    return gate


async def test_a_full_lane_pauses_its_source_and_a_closing_one_drops(world: World) -> None:
    gate = hold_effects(world)
    chunks = [chunk(n) for n in range(WAITING_CHUNKS + 3)]
    async with running(world) as lane:
        await lane.enqueue_chunk(chunks[0])
        await until(lambda: lane.publishing)
        for one in chunks[1:]:
            assert (SOURCE in world.paused) == (one.value[0].offset >= WAITING_CHUNKS)
            await lane.enqueue_chunk(one)
        asyncio.get_running_loop().call_soon(gate.set)
    assert world.paused == set()
    assert [one.acknowledged for one in chunks] == [True] + [False] * (len(chunks) - 1)


async def test_a_record_is_decided_in_the_next_transaction_however_much_of_another_source_waits(world: World) -> None:
    gate = hold_effects(world)
    async with running(world, OTHER) as lane:
        await lane.enqueue_chunk(chunk(0))
        await until(lambda: lane.publishing)
        for n in range(20):
            await lane.enqueue_chunk(chunk(*range(1 + 500 * n, 501 + 500 * n)))
        await lane.enqueue_chunk(chunk(0, source=OTHER))
        assert world.paused == {SOURCE}
        gate.set()
        await until(lambda: ("other", 0) in world.decided)
        assert world.decided.index(("other", 0)) <= 3, "it waits for one slice of the other source"
        await until(lambda: world.applied == 10_000)
    assert sorted(world.written) == [0, *range(10_001)]


def faults_of(topic: str) -> float:
    """How many internal faults of the feed `lane` this process counted for a source topic."""
    labels = {"feed": "lane", "topic": topic}
    return metrics.REGISTRY.get_sample_value("liaison_internal_faults_total", labels) or 0.0


async def test_a_record_that_fails_inside_holds_up_its_own_source_alone_until_it_works(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "HOLD_S", 0.01)
    world.broken = {("source", 2)}
    before = faults_of("source")
    poisoned, other = chunk(0, 1, 2, 3), chunk(*range(MAX_FAULTS_IN_A_ROW), source=OTHER)
    async with running(world, OTHER) as lane:
        await lane.enqueue_chunk(poisoned)
        await until(lambda: world.applied == 1 and faults_of("source") > before)
        await lane.enqueue_chunk(other)
        await until(lambda: ("other", MAX_FAULTS_IN_A_ROW - 1) in world.decided)
        assert not {("source", 2), ("source", 3)} & set(world.decided)
        world.broken.clear()
        await until(lambda: world.applied == 3)
        await lane.acknowledge()
        assert lane.state is LaneState.WORKING
    assert (poisoned.acknowledged, other.acknowledged) == (True, True)
    assert [offset for topic, offset in world.decided if topic == "source"] == [0, 1, 2, 3]
    assert world.journal.count("start") == 1, "a fault of one record is no reason to start anew"


async def test_failures_in_a_row_are_told_once_and_nothing_is_taken_for_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "HOLD_S", 0.01)
    world.broken = {("source", 0)}
    one = chunk(0)
    async with running(world) as lane:
        await lane.enqueue_chunk(one)
        await until(lambda: bool(world.gave_up))
        assert lane.state is LaneState.FAILING
    assert [str(fault) for fault in world.gave_up] == ["source-0-0: ValueError"]
    assert (world.applied, world.written, one.acknowledged) == (-1, [], False)


def test_a_record_that_is_decided_on_ends_the_row() -> None:
    told: list[InternalFaultError] = []
    count, fault = FaultCount(told.append), InternalFaultError(Position("a", 0, 1), ValueError(), ChunkResult(), 0)
    for _ in range(3):
        for _ in range(MAX_FAULTS_IN_A_ROW - 1):
            count.note_failed(fault)
        count.note_decided()
    assert told == []
    for _ in range(MAX_FAULTS_IN_A_ROW):
        count.note_failed(fault)
    assert told == [fault]


async def test_an_idle_lane_writes_stores_anew_when_it_is_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "RENEWAL_LOOK_S", 0.01)
    world.failures["renew"] = [StoreUnwritableError("full")]
    async with running(world) as lane:
        await until(lambda: "renew" in world.journal)
        assert not lane.failing
        await lane.enqueue_chunk(chunk(0))
        await until(lambda: world.offset == 0)


async def test_closing_ends_a_pause(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "FIRST_PAUSE_S", 600.0)
    world.failures["start"] = [OSError("transient")]
    async with running(world) as lane:
        await until(lambda: lane.failing)
        async with asyncio.timeout(lanes.CLOSING_S - 1):
            await lane.close()
    assert world.journal == []


async def test_an_unreadable_batch_is_applied_to_its_end_and_what_was_applied_of_it_is_left_out(world: World) -> None:
    world.applied = 4
    async with running(world) as lane:
        first = chunk(1)
        first.value += [UnreadableBatch("source", 0, 2, 9, 1000, "malformed")]
        await lane.enqueue_chunk(first)
        await until(lambda: world.applied == 9)
        await lane.enqueue_chunk(chunk(8, 9, 10))
        await until(lambda: world.applied == 10)
    assert world.written == [5, 10]


async def test_a_store_ahead_of_its_progress_stops_its_partition_and_no_other_until_it_is_opened_anew(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """What it already holds would be taken for told. Opened anew, after whatever failure, it is where progress is."""
    counted = {"invariant": "store_ahead"}
    before = metrics.REGISTRY.get_sample_value("liaison_broken_invariants_total", counted) or 0.0
    async with running(world, OTHER) as lane:
        await lane.enqueue_chunk(chunk(0))
        await until(lambda: world.applied == 0)
        world.stores[SOURCE].offset = 7
        await lane.enqueue_chunk(chunk(1, 2))
        await until(lambda: lane.state is LaneState.AHEAD)
        await lane.enqueue_chunk(chunk(0, 1, source=OTHER))
        await until(lambda: world.stores[OTHER].offset == 1)
        assert world.decided == [("source", 0), ("other", 0), ("other", 1)]
        assert metrics.REGISTRY.get_sample_value("liaison_broken_invariants_total", counted) == before + 1
        assert "source-0: the store is ahead of its progress (7, 0)" in caplog.text
        world.failures["transaction"] = [OSError("transient")]
        await lane.enqueue_chunk(chunk(2, source=OTHER))
        await until(lambda: world.applied == 2)
        assert lane.state is LaneState.WORKING


@pytest.mark.parametrize("offsets", [(3, 5, 4), (4, 3), (3, 3)])
async def test_a_record_behind_a_later_one_stops_the_lane_and_is_not_taken_for_applied(
    world: World, offsets: tuple[int, ...]
) -> None:
    counted = {"invariant": "record_order"}
    before = metrics.REGISTRY.get_sample_value("liaison_broken_invariants_total", counted) or 0.0
    async with running(world) as lane:
        await lane.enqueue_chunk(chunk(0, 2))
        await until(lambda: world.applied == 2)
        await lane.enqueue_chunk(chunk(*offsets))
        await until(lambda: lane.problem != "")
        assert lane.problem.startswith(f"source-0: offset {offsets[-1]} came behind {offsets[-2]}")
        assert lane.state is not LaneState.WORKING
    assert world.written == [0, 2]
    assert (metrics.REGISTRY.get_sample_value("liaison_broken_invariants_total", counted) or 0.0) > before


async def test_a_store_that_is_opened_ahead_decides_nothing(world: World) -> None:
    async def open_ahead(source: TopicPartition, applied: AppliedPosition) -> SourceStore:
        return SourceStore(world, applied.offset + 1)

    world.open_store = open_ahead  # type: ignore[method-assign]
    async with running(world) as lane:
        await lane.enqueue_chunk(chunk(0))
        await until(lambda: lane.state is LaneState.AHEAD)
    assert (world.decided, world.written) == ([], [])
