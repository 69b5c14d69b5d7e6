"""A record that ends the process is found, begun alone twice, and passed over; nothing else ever is.

A process ends where its lane does by an error that nothing catches: its file and `progress` are all that is left.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.streams.runtime import lane as lanes
from pipeline.streams.runtime.attempts import MOST_ATTEMPTS, Suspect, order_key, parse_suspect_key, suspect_key
from pipeline.streams.runtime.deciding import Decider
from pipeline.streams.runtime.faults import FaultCount
from pipeline.streams.runtime.in_hand import NARROWED, CarefulRange, CarefulRanges, HandNote, Hands
from pipeline.streams.runtime.lane import Lane, LaneHost
from pipeline.streams.runtime.metering import Meter
from pipeline.streams.runtime.processor import ChunkResult, Processor
from pipeline.streams.runtime.transactions import REMOVED, AppliedPosition, Output, Progress

SOURCES = (TopicPartition("one", 0), TopicPartition("two", 0))
IDS = {source.topic: "id" for source in SOURCES}
PREFIX = "stage|all"


class ProcessEnded(BaseException):
    """Nothing of ours catches it."""


class HeldStore:
    """The store of one source partition, lost with its process."""

    def __init__(self, offset: int) -> None:
        self.offset = offset

    def commit(self, offset: int) -> None:
        self.offset = offset

    def sync(self) -> None:
        pass

    def compact(self, after_s: float) -> None:
        pass

    def close(self) -> None:
        pass


@dataclass
class World(Processor):
    """What outlives a process: the log, what was written, `progress`, and the files of its machines."""

    files: Path
    count: int = 40
    """Records of each source partition."""
    poison: set[Suspect] = field(default_factory=set)
    ends_at: str = ""
    """The next effect after which the process ends."""
    written: list[Suspect] = field(default_factory=list)
    applied: dict[TopicPartition, AppliedPosition] = field(default_factory=dict)
    table: dict[bytes, bytes] = field(default_factory=dict)
    deaths: Counter[tuple[Suspect, ...]] = field(default_factory=Counter)
    """By what was being decided on."""
    blamed: list[Suspect] = field(default_factory=list)
    alone: bool = True
    machine: int = 0
    sets_aside = True

    # The work
    async def open_store(self, source: TopicPartition, applied: AppliedPosition) -> HeldStore:
        return HeldStore(applied.offset)

    def decide_records(self, source: TopicPartition, store: Any, records: Sequence[Any]) -> ChunkResult:
        some = tuple(Suspect(source, record.offset) for record in records)
        if found := self.poison.intersection(some):
            self.deaths[some] += 1
            raise ProcessEnded(found)
        return ChunkResult([Output(one.source.topic, 0, b"", b"%d" % one.offset) for one in some])

    # The transactions
    topic, partition, prefix, topic_ids = "progress", 0, PREFIX, IDS

    async def start_producer(self) -> Mapping[TopicPartition, AppliedPosition]:
        return dict(self.applied)

    async def reread_table(self) -> dict[bytes, bytes]:
        return dict(self.table)

    async def commit(self, outputs: Sequence[Output], applied: Mapping[TopicPartition, AppliedPosition]) -> None:
        for output in outputs:
            if output.topic != self.topic:
                self.written.append(Suspect(TopicPartition(output.topic, 0), int(output.value)))
            elif output.value is REMOVED:
                self.table.pop(output.key, None)
            else:
                self.table[output.key] = output.value
        self.applied |= applied

    async def stop(self) -> None:
        pass

    # The host
    def after(self, lane: str, effect: str) -> None:
        if effect == self.ends_at:
            self.ends_at = ""
            raise ProcessEnded(effect)

    async def read(self, source: TopicPartition, first: int, last: int) -> AsyncIterator[Any]:
        for record in _records(source, first, last + 1):
            yield record

    def begin_of(self, partition: TopicPartition) -> int:
        return 0

    def pause_fetching(self, partition: TopicPartition) -> None:
        pass

    def resume_fetching(self, partition: TopicPartition) -> None:
        pass

    # Lives
    def make_lane(self, hangs: bool = False) -> Lane:
        host = LaneHost(
            Decider(), lambda: None, self.after, 60.0, self, FaultCount(print), lambda: 0.0, Hands(), lambda: hangs,
            self.read,
        )  # fmt: skip
        note = HandNote(self.files / str(self.machine) / "lane")
        transactions: Any = self
        return Lane("lane", self, transactions, SOURCES, Meter("lane", "", lambda: 2.0), host, note)

    async def live(self, until: Callable[[], bool] | None = None, *, close: bool = True) -> bool:
        """One process, until all is applied or something else is so; whether it ended by itself, or was told to."""
        lane = self.make_lane()
        task: asyncio.Task[None] = vars(lane)["_task"]
        for source in SOURCES:
            begin = self.applied.get(source, AppliedPosition()).offset + 1
            chunk: Any = SimpleNamespace(
                value=_records(source, begin, self.count),
                message=SimpleNamespace(topic=source.topic, partition=0),
                ack=lambda: None,
            )
            if chunk.value:
                await lane.enqueue_chunk(chunk)
        async with asyncio.timeout(60):
            while not task.done() and not (until or self.is_done)():
                await asyncio.sleep(0)
        if task.done():
            with suppress(ProcessEnded):
                await task
            return False
        if close:
            await lane.close()
        else:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        return True

    def is_done(self) -> bool:
        return all(self.applied.get(source, AppliedPosition()).offset == self.count - 1 for source in SOURCES)

    def noted(self) -> dict[Suspect, Progress]:
        found = {parse_suspect_key(key): value for key, value in self.table.items()}
        return {
            key.suspect: msgspec.json.decode(value, type=Progress) for key, value in found.items() if key is not None
        }

    def aside(self) -> set[Suspect]:
        return {one for one, progress in self.noted().items() if progress.aside}


def _records(source: TopicPartition, first: int, end: int) -> list[Any]:
    return [
        SimpleNamespace(topic=source.topic, partition=0, offset=at, timestamp=1000, value=b"", key=b"%d" % at)
        for at in range(first, end)
    ]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def _all_but(world: World, left_out: set[Suspect]) -> list[Suspect]:
    return sorted({Suspect(source, at) for source in SOURCES for at in range(world.count)} - left_out)


async def test_a_record_that_ends_the_process_is_set_aside_after_two_attempts_alone_and_others_go_on(
    world: World,
) -> None:
    poison = Suspect(SOURCES[0], 17)
    world.poison = {poison}
    lives = 1
    while not await world.live():
        lives += 1
    assert world.aside() == {poison}
    assert sorted(world.written) == _all_but(world, {poison})
    assert world.deaths[(poison,)] >= MOST_ATTEMPTS
    assert lives <= 2 + MOST_ATTEMPTS + 1
    assert world.applied[poison.source].records == world.count - 1, "what is passed over is not counted as applied"
    assert set(world.noted()) == {poison}
    assert not list(world.files.rglob("lane")), "a lane that ends in good order leaves no file"


async def test_what_is_set_aside_is_replayed_by_order_and_as_if_nothing_had_been(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = Suspect(SOURCES[0], 17)
    world.poison = {poison}
    while not await world.live():
        pass
    monkeypatch.setattr(lanes, "RENEWAL_LOOK_S", 0.0)
    order = order_key(suspect_key(PREFIX, poison))
    world.table[order] = msgspec.json.encode(Progress(poison.offset, "id"))
    before = world.deaths[(poison,)]
    while not await world.live(lambda: world.noted()[poison].aside == "aside" and order not in world.table):
        pass
    assert world.deaths[(poison,)] == before + MOST_ATTEMPTS, "an order gives two attempts more"

    world.poison = set()
    world.table[order] = msgspec.json.encode(Progress(poison.offset, "id"))
    assert await world.live(lambda: not world.table)
    assert sorted(world.written) == _all_but(world, set())
    assert {position.records for position in world.applied.values()} == {world.count}


async def test_a_worker_killed_with_nothing_in_hand_and_one_told_to_end_count_nothing(world: World) -> None:
    for _ in range(5):
        assert await world.live(close=False)
    assert await world.live()
    assert world.table == {}
    assert not list(world.files.rglob("lane"))


async def test_an_attempt_is_written_down_before_it_is_begun(world: World) -> None:
    poison = Suspect(SOURCES[1], 0)
    world.poison = {poison}
    while (poison,) not in world.deaths:
        await world.live()
    seen = []
    while not world.aside():
        seen.append((world.noted().get(poison) or Progress(0, "")).attempts)
        await world.live(lambda: bool(world.aside()))
    assert seen == sorted(seen)
    assert world.deaths[(poison,)] >= MOST_ATTEMPTS


@pytest.mark.parametrize("at", ["attempt", "publish", "transaction", "commit"])
async def test_an_end_beside_an_attempt_blames_what_was_begun_and_sets_nothing_aside_at_once(
    world: World, at: str
) -> None:
    """The file says that something was in hand, and each record of it comes alone; all of them come once."""
    world.count = 8
    world.ends_at = "publish"
    assert not await world.live()
    world.ends_at = at
    assert not await world.live()
    assert all(progress.attempts <= 1 for progress in world.noted().values())
    assert await world.live()
    assert sorted(world.written) == _all_but(world, set())
    assert world.table == {}


async def test_a_worker_that_is_told_to_end_takes_its_attempt_back_and_one_that_hangs_does_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "CLOSING_S", 0.01)
    suspect = Suspect(SOURCES[0], 0)
    for hangs, attempts in ((False, 0), (True, 1)):
        world.table.clear()
        note = HandNote(world.files / "0" / "lane")
        note.take(suspect.source.topic, 0, 0)
        note.keep()
        lane = world.make_lane(hangs)
        begun, stuck = asyncio.Event(), asyncio.Event()

        async def publish_effects(
            result: ChunkResult, begun: asyncio.Event = begun, stuck: asyncio.Event = stuck
        ) -> Sequence[Output]:
            begun.set()
            await stuck.wait()
            return ()

        vars(world)["publish_effects"] = publish_effects
        chunk: Any = SimpleNamespace(
            value=_records(suspect.source, 0, 1), message=SimpleNamespace(topic=suspect.source.topic, partition=0)
        )
        await lane.enqueue_chunk(chunk)
        await begun.wait()
        assert world.noted()[suspect].attempts == 1
        await lane.close()
        assert (world.noted().get(suspect) or Progress(0, "")).attempts == attempts
        assert (world.files / "0" / "lane").exists() == (hangs or bool(HandNote(world.files / "0" / "lane").careful))


def test_what_was_in_hand_is_narrowed_by_each_end_until_a_record_is_alone() -> None:
    ranges = CarefulRanges([CarefulRange("t", 0, 999)])
    assert ranges.most_at("t", 500) == -(-1000 // NARROWED)
    ranges = CarefulRanges([*ranges, CarefulRange("t", 500, 531)])
    assert [ranges.most_at("t", at) for at in (499, 500, 531, 532, 1000)] == [32, 1, 1, 32, 0]
    records = _records(TopicPartition("t", 0), 490, 540)
    assert [ranges.count_takable("t", records[at:]) for at in (0, 10, 42)] == [10, 1, 8]
    ranges.drop_applied("t", 531)
    assert ranges.most_at("t", 531) == 32
    ranges.drop_applied("t", 999)
    assert not ranges


def test_a_torn_note_is_none(tmp_path: Path) -> None:
    path = tmp_path / "lane"
    path.write_bytes(b'[["t",0,')
    assert not HandNote(path).careful


async def test_who_is_alone_waits_for_others_and_others_wait_for_it() -> None:
    hands, order = Hands(), []

    async def hold(name: str, alone: bool) -> None:
        async with hands.alone() if alone else hands.together():
            order.append(f"{name} begins")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            order.append(f"{name} ends")

    await asyncio.gather(*(hold(name, alone=name.isupper()) for name in ("a", "b", "C", "d", "E", "f")))
    for name in "CE":
        at = order.index(f"{name} begins")
        assert order[at + 1] == f"{name} ends", order


EVENTS = st.one_of(
    st.sampled_from(["idle kill", "told", "machine"]), st.sampled_from(["attempt", "publish", "transaction", "commit"])
)


@given(
    poison=st.sets(st.tuples(st.sampled_from(SOURCES), st.integers(0, 11)), max_size=3),
    events=st.lists(EVENTS, max_size=6),
)
@settings(deadline=None, max_examples=40)
def test_whatever_happens_what_ends_no_process_is_applied_once_and_the_rest_is_set_aside(
    poison: set[tuple[TopicPartition, int]], events: list[str]
) -> None:
    """Crashes between any two effects, kills, orders to end, and machines that go with their files."""

    async def run(folder: str) -> None:
        world = World(Path(folder), count=12, poison={Suspect(*one) for one in poison})
        for event in events:
            if event == "machine":
                world.machine += 1
            elif event in ("idle kill", "told"):
                await world.live(lambda: True, close=event == "told")
            else:
                # One end beside a record does not set it aside; its own two do.
                world.ends_at = event
                await world.live()
        world.ends_at = ""
        for _ in range(100):
            if await world.live():
                break
        assert world.is_done()
        spared = {one for one in world.aside() if one not in world.poison}
        assert sorted(set(world.written)) == _all_but(world, world.poison | spared)
        assert len(set(world.written)) == len(world.written)
        assert world.aside() >= world.poison
        assert len(spared) * MOST_ATTEMPTS <= sum(event == "attempt" or event == "publish" for event in events)
        assert set(world.noted()) == world.aside()
        for source in SOURCES:
            passed = sum(one.source == source for one in world.aside())
            assert world.applied[source].records == world.count - passed

    with TemporaryDirectory() as folder:
        asyncio.run(run(folder))
