"""A lane's order of effects, with stand-ins for Kafka; the same on the real broker is in tests/contract."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from pipeline.correlation.store_file import StoreUnwritableError
from pipeline.streams import lane as lanes
from pipeline.streams.lane import Lane
from pipeline.streams.metering import Meter
from pipeline.streams.transactions import Applied, Lost, Output
from pipeline.streams.work import Result, Table

SOURCE = TopicPartition("source", 0)


@dataclass
class Chunk:
    """A Faust event, as far as lanes see it."""

    value: list[Any]
    acknowledged: bool = False

    @property
    def message(self) -> Any:
        return SimpleNamespace(topic=SOURCE.topic, partition=SOURCE.partition)

    def ack(self) -> None:
        self.acknowledged = True


def chunk(*offsets: int) -> Chunk:
    return Chunk([SimpleNamespace(topic="source", partition=0, offset=offset, timestamp=1000) for offset in offsets])


@dataclass
class World:
    """What a lane touches, with a journal of what it did and failures to come."""

    journal: list[str] = field(default_factory=list)
    written: list[int] = field(default_factory=list)
    failures: dict[str, list[Exception]] = field(default_factory=dict)
    applied: int = -1
    records: int = 0
    offset: int = -1
    lost: bool = False
    waiting: list[Output] = field(default_factory=list)

    def _did(self, what: str) -> None:
        if failure := self.failures.get(what, []):
            raise failure.pop(0)
        self.journal.append(what)

    # The work
    async def open(self, source: TopicPartition, applied: Applied) -> World:
        self._did("open")
        self.offset = applied.offset
        return self

    async def due(self, applied: Mapping[TopicPartition, int], table: Table) -> list[Output]:
        return self.waiting if applied == {SOURCE: self.applied} else []

    def step(self, source: TopicPartition, store: Any, records: Sequence[Any]) -> Result:
        self._did("step")
        return Result([Output("target", 0, b"", b"%d" % record.offset) for record in records])

    async def publish(self, result: Result) -> Sequence[Output]:
        self._did("publish")
        return ()

    # The transactions
    async def start(self) -> dict[TopicPartition, Applied]:
        self._did("start")
        return {SOURCE: Applied(self.applied, self.records)}

    async def stop(self) -> None:
        pass

    async def write(self, outputs: Sequence[Output], applied: Mapping[TopicPartition, Applied]) -> None:
        self._did("transaction")
        self.written += [int(output.value) for output in outputs]
        self.applied, self.records = applied.get(SOURCE, Applied(self.applied, self.records))

    # The store
    def commit(self, offset: int) -> None:
        self._did("commit")
        self.offset = offset

    def sync(self) -> None:
        self._did("sync")

    def renew(self, after_s: float) -> None:
        self._did("renew")

    def close(self) -> None:
        pass

    def lose(self) -> None:
        self.lost = True


@asynccontextmanager
async def running(world: World) -> AsyncIterator[Lane]:
    transactions: Any = SimpleNamespace(start=world.start, stop=world.stop, commit=world.write, table={})
    meter = Meter("lane", "", lambda: 2.0)
    lane = Lane(
        "lane", world, transactions, [SOURCE], asyncio.Lock(), world.lose, lambda lane, effect: None, meter, 60.0
    )  # type: ignore[arg-type]
    try:
        yield lane
    finally:
        await lane.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(lanes, "FIRST_PAUSE_S", 0.01)
    return World()


async def test_effects_come_in_order_and_acknowledgement_last(world: World) -> None:
    one = chunk(0, 1, 2)
    async with running(world) as lane:
        await lane.put(one)
        await until(lambda: world.offset == 2)
        assert not one.acknowledged
        await lane.acknowledge()
    assert one.acknowledged
    assert world.journal[:7] == ["start", "open", "step", "publish", "transaction", "commit", "sync"]
    assert world.written == [0, 1, 2]


async def test_what_is_due_goes_out_before_the_first_record_and_again_after_a_failure(world: World) -> None:
    world.waiting = [Output("target", 0, b"", b"-1")]
    world.failures["transaction"] = [OSError("transient")]
    async with running(world) as lane:
        await lane.put(chunk(0))
        await until(lambda: world.offset == 0)
    assert world.written == [-1, 0]
    assert world.journal[:6] == ["start", "open", "start", "open", "transaction", "step"]


async def test_records_are_counted_once_whatever_fails(world: World) -> None:
    world.applied, world.records = 3, 2
    world.failures["commit"] = [OSError("transient")]
    async with running(world) as lane:
        await lane.put(chunk(3, 5, 8))
        await until(lambda: world.offset == 8)
    assert (world.applied, world.records) == (8, 4)


async def test_what_was_applied_is_skipped_and_still_acknowledged(world: World) -> None:
    world.applied = 3
    old, mixed = chunk(1, 2), chunk(3, 4)
    async with running(world) as lane:
        await lane.put(old)
        await lane.put(mixed)
        await until(lambda: world.written == [4])
    assert old.acknowledged
    assert mixed.acknowledged


@pytest.mark.parametrize("effect", ["start", "open", "step", "publish", "transaction", "commit"])
async def test_a_failure_before_any_effect_is_tried_again_without_loss_or_double(world: World, effect: str) -> None:
    world.failures[effect] = [OSError("transient"), OSError("transient")]
    one = chunk(0, 1)
    async with running(world) as lane:
        await lane.put(one)
        await until(lambda: world.applied == 1 and not lane.failing)
        await lane.acknowledge()
    assert world.written == [0, 1]
    assert one.acknowledged


async def test_a_full_disk_stops_consumption_until_there_is_room(world: World) -> None:
    world.failures["commit"] = [StoreUnwritableError("full")] * 3
    async with running(world) as lane:
        await lane.put(chunk(0))
        await until(lambda: lane.failing)
        await until(lambda: world.offset == 0)
    assert world.written == [0]
    assert world.journal.count("transaction") == 1


async def test_a_failed_sync_acknowledges_nothing_until_it_works(world: World) -> None:
    world.failures["sync"] = [OSError("disk")]
    one = chunk(0)
    async with running(world) as lane:
        await lane.put(one)
        await until(lambda: world.offset == 0)
        await lane.acknowledge()
        assert not one.acknowledged
        await lane.acknowledge()
        assert one.acknowledged


async def test_a_fenced_lane_stops_and_asks_to_join_anew(world: World) -> None:
    world.failures["transaction"] = [Lost("fenced")]
    one = chunk(0)
    async with running(world) as lane:
        await lane.put(one)
        await until(lambda: world.lost)
    assert world.written == []
    assert not one.acknowledged


async def test_slow_records_are_committed_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "MOST_STEP_S", 0.0)
    count = 2 * lanes.SLICE_RECORDS + 1
    one = chunk(*range(count))
    async with running(world) as lane:
        await lane.put(one)
        await until(lambda: world.applied == count - 1)
    assert world.journal.count("transaction") == 3
    assert world.written == list(range(count))


async def test_a_full_lane_holds_back_and_a_closing_one_drops(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "MOST_STEP_S", 60.0)  # a slow machine must not part the chunk in hand
    gate = asyncio.Event()

    async def publish(result: Result) -> Sequence[Output]:
        await gate.wait()
        return ()

    world.publish = publish  # type: ignore[method-assign]
    chunks = [chunk(*range(600 * n, 600 * (n + 1))) for n in range(7)]
    async with running(world) as lane:
        puts = [asyncio.create_task(lane.put(one)) for one in chunks]
        await until(lambda: sum(put.done() for put in puts) == 5)
        await asyncio.sleep(0.01)
        assert sum(put.done() for put in puts) == 5
        asyncio.get_running_loop().call_later(0.01, gate.set)
    assert all(put.done() for put in puts)
    assert [one.acknowledged for one in chunks] == [True] + [False] * 6


async def test_an_idle_lane_writes_stores_anew_when_it_is_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "RENEWAL_LOOK_S", 0.01)
    world.failures["renew"] = [StoreUnwritableError("full")]
    async with running(world) as lane:
        await until(lambda: "renew" in world.journal)
        assert not lane.failing
        await lane.put(chunk(0))
        await until(lambda: world.offset == 0)


async def test_closing_ends_a_pause(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "FIRST_PAUSE_S", 600.0)
    world.failures["start"] = [OSError("transient")]
    async with running(world) as lane:
        await until(lambda: lane.failing)
        async with asyncio.timeout(lanes.CLOSING_S - 1):
            await lane.close()
    assert world.journal == []
