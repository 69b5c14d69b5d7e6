"""Runs of a real lane over a few chunks behind a bad network, each by a seed, and the audit of what they left in Kafka.

A run has a transactional id and a source partition of its own, so many go on at once. Every source record leads to one
record in each of two topics, which names its offset and how many records the store had seen. `audit` reads topics only.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from late_requests import Api, Fault, LateRequestProxy, Treatment

from pipeline.settings import Settings
from pipeline.streams import topics
from pipeline.streams.admin import Ids, admin, ids
from pipeline.streams.connection import options
from pipeline.streams.lane import Lane
from pipeline.streams.metering import Meter
from pipeline.streams.reading import read, read_table
from pipeline.streams.stores import Places, reopened
from pipeline.streams.table_store import TableStore
from pipeline.streams.transactions import Applied, Output, Progress, Transactions
from pipeline.streams.work import Result, Table

STAGE: Final = "late"
RECORDS: Final = 24
"""Source records of a run, in chunks of up to MOST_IN_CHUNK."""
MOST_IN_CHUNK: Final = 6
FILLING: Final = b" " * 200
BATCH_BYTES: Final = 600
"""Two outputs fill a batch, so that a chunk needs several Produce requests between which something may come late."""
REQUEST_TIMEOUT_MS: Final = 600
"""Shortened; a request takes the broker some milliseconds, and many runs share this process."""
AT_ONCE: Final = 60
IN_A_WORLD: Final = 600
"""Runs between which topics are made anew: a start reads a partition of `progress`, which all runs fill."""
RUN_S: Final = 120.0
"""Longest run: Kafka takes 30 s to end a transaction that nobody owns any more."""

FAULTY: Final = 0.15
"""Share of requests that meet a fault: some five a run, with those of the attempts that follow."""
FAULTS: Final = tuple(fault for fault in Fault if fault is not Fault.NONE)
MOST_AFTER: Final = 9
"""A chunk takes about five requests, so a late one meets the same transaction, the next, or the one behind it."""


class Verdict(NamedTuple):
    """What became of a run's chunks, as the topics tell; all 0 is as it must be."""

    torn: int = 0
    """Chunks of which the two topics tell differently, or that are there in part."""
    lost: int = 0
    """Chunks that are in neither topic."""
    doubled: int = 0
    """Chunks that are in both topics more than once."""
    untrue: int = 0
    """1 where `progress` does not name the last record, or a record's count or place is wrong."""


@dataclass
class _Chunk:
    """A Faust event, as far as lanes see it."""

    value: list[Any]
    partition: TopicPartition
    acknowledged: bool = False

    @property
    def message(self) -> Any:
        return SimpleNamespace(topic=self.partition.topic, partition=self.partition.partition)

    def ack(self) -> None:
        self.acknowledged = True


class _Pairs:
    """Writes two records for each source record; the store counts them."""

    def __init__(self, settings: Settings, targets: Sequence[str], places: Places, seed: int) -> None:
        self._settings, self._targets, self._places, self._seed = settings, targets, places, seed

    async def open(self, source: TopicPartition, applied: Applied) -> TableStore:
        store = reopened(TableStore, self._places, source, applied.offset)
        if store.offset < applied.offset:
            async for records in read(self._settings, {source: store.offset + 1}, {source: applied.offset}):
                self.step(source, store, records)
            store.commit(applied.offset)
        return store

    async def due(self, applied: Mapping[TopicPartition, int], table: Table) -> list[Output]:
        return []

    def step(self, source: TopicPartition, store: TableStore, records: Sequence[ConsumerRecord]) -> Result:
        count = int(bytes(store.get(b"count") or b"0"))
        outputs = []
        for record in records:
            count += 1
            key = b"%d|%d" % (self._seed, record.offset)
            outputs += [Output(target, source.partition, key, b"%d%s" % (count, FILLING)) for target in self._targets]
        store.put(b"count", b"%d" % count)
        return Result(outputs)

    async def publish(self, result: Result) -> Sequence[Output]:
        return ()


@dataclass
class World:
    """Topics and a proxy for AT_ONCE runs at a time; run after run has a partition of each topic."""

    settings: Settings
    """Those of the broker itself, with a namespace and a home of its own."""
    proxy: LateRequestProxy
    found: Ids
    source: str
    targets: tuple[str, str]
    chances: dict[str, random.Random] = field(default_factory=dict)

    @property
    def behind(self) -> Settings:
        """Settings that lead through the proxy."""
        return self.settings.model_copy(update={"kafka_url": f"127.0.0.1:{self.proxy.port}"})


@asynccontextmanager
async def world(settings: Settings) -> AsyncIterator[World]:
    """A world of fresh topics, deleted afterwards."""
    source, *targets = (f"{settings.namespace}late-{name}" for name in ("source", "left", "right"))
    progress = topics.name(settings, topics.PROGRESS)
    counts = {source: AT_ONCE, **dict.fromkeys(targets, AT_ONCE), progress: topics.PROGRESS_PARTITIONS}
    found = await asyncio.to_thread(_create, settings, counts)
    await _fill(settings, source)
    chances: dict[str, random.Random] = {}

    def treat(transactional_id: str, api: Api) -> Treatment:
        chance = chances.get(transactional_id)
        return Treatment() if chance is None else treatment(chance)

    proxy = LateRequestProxy(int(settings.kafka_url.rsplit(":", 1)[1]), treat)
    await proxy.start()
    try:
        yield World(settings, proxy, found, source, (targets[0], targets[1]), chances)
    finally:
        await proxy.stop()
        await asyncio.to_thread(_delete, settings, list(counts))


def _create(settings: Settings, counts: Mapping[str, int]) -> Ids:
    with admin(settings) as client:
        new = {name: {"num_partitions": count, "replication_factor": 1} for name, count in counts.items()}
        client.create_topics(new, wait_for_metadata=True)
    return ids(settings, list(counts))


def _delete(settings: Settings, names: list[str]) -> None:
    with admin(settings) as client:
        client.delete_topics(names)


async def _fill(settings: Settings, source: str) -> None:
    async with AIOKafkaProducer(**options(settings), linger_ms=5) as producer:
        sent = [
            await producer.send(source, b"%d" % offset, partition=partition)
            for partition in range(AT_ONCE)
            for offset in range(RECORDS)
        ]
        await asyncio.gather(*sent)


def treatment(chance: random.Random) -> Treatment:
    """What becomes of the next request."""
    if chance.random() >= FAULTY:
        return Treatment()
    delay_s = chance.uniform(0.0, 2.5) * REQUEST_TIMEOUT_MS / 1000
    return Treatment(chance.choice(FAULTS), delay_s, chance.randint(1, MOST_AFTER))


async def run(world: World, seed: int, index: int) -> None:
    """One run: a lane applies all chunks, and is made anew as a stage would whenever it loses its index."""

    partition = TopicPartition(world.source, index)
    transactional_id = f"{world.settings.namespace}{STAGE}-{seed}-{index}"
    world.chances[transactional_id] = random.Random(seed)
    chunks = list(_chunks(partition, seed))
    try:
        async with asyncio.timeout(RUN_S):
            ended = False
            while not ended:
                ended = await _one_life(world, seed, partition, chunks)
    finally:
        del world.chances[transactional_id]
        await world.proxy.deliver(transactional_id)


def _chunks(partition: TopicPartition, seed: int) -> Iterable[_Chunk]:
    start, chance = 0, random.Random(seed)
    while start < RECORDS:
        end = min(RECORDS, start + chance.randint(1, MOST_IN_CHUNK))
        records = [
            SimpleNamespace(topic=partition.topic, partition=partition.partition, offset=offset, timestamp=0)
            for offset in range(start, end)
        ]
        yield _Chunk(records, partition)
        start = end


async def _one_life(world: World, seed: int, partition: TopicPartition, chunks: Sequence[_Chunk]) -> bool:
    """A lane until all is applied (true), or until it has lost its index."""
    changed, lost = asyncio.Event(), asyncio.Event()

    def lose() -> None:
        lost.set()
        changed.set()

    lane = _lane(world, seed, partition, lose, changed.set)
    try:
        for chunk in chunks:
            if chunk.acknowledged:
                continue
            await lane.put(chunk)
            while lane.applied()[partition] < chunk.value[-1].offset:
                await changed.wait()
                changed.clear()
                if lost.is_set():
                    return False
    finally:
        await lane.close()
    return True


def _lane(
    world: World, seed: int, partition: TopicPartition, lose: Callable[[], None], went_on: Callable[[], None]
) -> Lane:
    scope = str(seed)
    places = Places(world.settings, STAGE, scope, world.found)
    transactions = Transactions(
        world.behind,
        STAGE,
        scope,
        partition.partition,
        world.found.topics,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        batch_bytes=BATCH_BYTES,
    )
    return Lane(
        f"{STAGE}-{seed}",
        _Pairs(world.settings, world.targets, places, seed),
        transactions,
        [partition],
        asyncio.Lock(),
        lose,
        lambda lane, effect: went_on(),
        Meter(STAGE, world.settings.namespace),
        60.0,
    )


async def audit(world: World, seeds: Iterable[int]) -> dict[int, Verdict]:
    """The verdict on each run, by its seed. Reads committed records only."""
    held: dict[tuple[int, str], list[tuple[int, int]]] = {}
    starts = {TopicPartition(topic, index): 0 for topic in world.targets for index in range(AT_ONCE)}
    async for records in read(world.settings, starts):
        for record in records:
            seed, offset = map(int, record.key.split(b"|"))
            held.setdefault((seed, record.topic), []).append((offset, int(record.value)))
    progress = topics.name(world.settings, topics.PROGRESS)
    table = await read_table(world.settings, progress, range(topics.PROGRESS_PARTITIONS))
    reached = {int(key.split(b"|")[1]): msgspec.json.decode(value, type=Progress) for key, value in table.items()}
    return {
        seed: _verdict(world, seed, [held.get((seed, target), []) for target in world.targets], reached.get(seed))
        for seed in seeds
    }


def _verdict(world: World, seed: int, sides: Sequence[list[tuple[int, int]]], reached: Progress | None) -> Verdict:
    counts = [Counter(offset for offset, _ in side) for side in sides]
    torn = lost = doubled = 0
    for chunk in _chunks(TopicPartition(world.source, 0), seed):
        seen = {count[record.offset] for record in chunk.value for count in counts}
        torn += len(seen) > 1
        lost += seen == {0}
        doubled += len(seen) == 1 and seen.pop() > 1
    true = reached is not None and (reached.offset, reached.records) == (RECORDS - 1, RECORDS)
    true = true and all(side == [(offset, offset + 1) for offset in range(RECORDS)] for side in sides)
    return Verdict(torn, lost, doubled, int(not true))


@dataclass
class Report:
    """What many runs came to: `failed` verdicts by seed, and what the network did."""

    runs: int = 0
    failed: dict[int, Verdict] = field(default_factory=dict)
    broken: dict[int, str] = field(default_factory=dict)
    """Runs that did not end, with why."""
    treated: Counter[tuple[str, str]] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        faults = Counter[str]()
        for (api, fault), number in self.treated.items():
            faults[api] += number if fault != Fault.NONE else 0
        sums = [sum(1 for verdict in self.failed.values() if verdict[place]) for place in range(4)]
        return (
            f"{self.runs} runs: {len(self.failed)} failed (torn {sums[0]}, lost {sums[1]}, doubled {sums[2]}, "
            f"untrue {sums[3]}), {len(self.broken)} without an end; faults {dict(faults)}; "
            f"late requests accepted {dict(self.accepted)}, refused {dict(self.refused)}"
        )


async def run_all(settings: Settings, first_seed: int, runs: int) -> Report:
    """Run and audit as many seeds from the first on, AT_ONCE at a time; topics are made anew after IN_A_WORLD runs."""
    report = Report()
    for start in range(first_seed, first_seed + runs, IN_A_WORLD):
        seeds = range(start, min(start + IN_A_WORLD, first_seed + runs))
        own = settings.model_copy(update={"namespace": f"{settings.namespace}{start}-"})
        async with world(own) as here:
            report.broken |= await _run_each(here, seeds)
            verdicts = await audit(here, seeds)
        report.runs += len(seeds)
        report.failed |= {seed: verdict for seed, verdict in verdicts.items() if verdict != Verdict()}
        report.treated += here.proxy.treated
        report.accepted += here.proxy.accepted
        report.refused += here.proxy.refused
    return report


async def _run_each(world: World, seeds: Iterable[int]) -> dict[int, str]:
    """Run the seeds, each on the next index that is free; returns those that did not end, with why."""
    free: asyncio.Queue[int] = asyncio.Queue()
    for index in range(AT_ONCE):
        free.put_nowait(index)
    broken: dict[int, str] = {}

    async def run_one(seed: int, index: int) -> None:
        try:
            await run(world, seed, index)
        except Exception as error:
            broken[seed] = repr(error)
        finally:
            free.put_nowait(index)

    async with asyncio.TaskGroup() as group:
        for seed in seeds:
            group.create_task(run_one(seed, await free.get()))
    return broken
