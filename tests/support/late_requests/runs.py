"""Runs of a real lane over a few chunks behind a bad network, each by a seed.

A run has a transactional id and a source partition of its own, so many go on at once. Every source record leads to one
record in each of two topics, which names its offset and how many records the store had seen.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from aiokafka import ConsumerRecord, TopicPartition

from pipeline.settings import Settings
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.runtime.deciding import Decider
from pipeline.streams.runtime.faults import FaultCount
from pipeline.streams.runtime.in_hand import HandNote, Hands
from pipeline.streams.runtime.lane import Lane, LaneHost
from pipeline.streams.runtime.metering import Meter
from pipeline.streams.runtime.processor import ChunkResult, Processor
from pipeline.streams.runtime.stores import StorePlaces, reopen_store
from pipeline.streams.runtime.table_store import TableStore
from pipeline.streams.runtime.transactions import AppliedPosition, Output, Transactions
from support.late_requests.audit import Verdict, audit
from support.late_requests.proxy import Fault
from support.late_requests.world import AT_ONCE, REQUEST_TIMEOUT_MS, STAGE, Chunk, World, chunks, world

FILLING: Final = b" " * 200
BATCH_BYTES: Final = 600
"""Two outputs fill a batch, so that a chunk needs several Produce requests between which something may come late."""
IN_A_WORLD: Final = 600
"""Runs between which topics are made anew: a start reads a partition of `progress`, which all runs fill."""
LOOK_S: Final = 0.2
RUN_S: Final = 600.0
"""From when a run hangs. Kafka takes 30 s to end a transaction that nobody owns any more, and cores that ten processes
share have taken more than two minutes over a run that takes seconds alone."""


class _NoFlow:
    """Nothing is fetched: chunks are handed over one by one."""

    def begin_of(self, partition: TopicPartition) -> int:
        return 0

    def pause_fetching(self, partition: TopicPartition) -> None:
        """A queue that is full."""

    def resume_fetching(self, partition: TopicPartition) -> None:
        """A queue that has room again."""


class _Pairs(Processor):
    """Writes two records for each source record; the store counts them."""

    def __init__(self, settings: Settings, targets: Sequence[str], places: StorePlaces, seed: int) -> None:
        self._settings, self._targets, self._places, self._seed = settings, targets, places, seed

    async def open_store(self, source: TopicPartition, applied: AppliedPosition) -> TableStore:
        store = reopen_store(TableStore, self._places, source, applied.offset)
        if store.offset < applied.offset:
            async for records in read_partitions(self._settings, {source: store.offset + 1}, {source: applied.offset}):
                self.decide_records(source, store, records)
            store.commit(applied.offset)
        return store

    def decide_records(
        self, source: TopicPartition, store: TableStore, records: Sequence[ConsumerRecord]
    ) -> ChunkResult:
        count = int(bytes(store.get(b"count") or b"0"))
        outputs = []
        for record in records:
            count += 1
            key = b"%d|%d" % (self._seed, record.offset)
            outputs += [Output(target, source.partition, key, b"%d%s" % (count, FILLING)) for target in self._targets]
        store.put(b"count", b"%d" % count)
        return ChunkResult(outputs)


async def run(world: World, seed: int, index: int) -> None:
    """One run: a lane applies all chunks, and is made anew as a stage would whenever it loses its index."""
    partition = TopicPartition(world.source, index)
    transactional_id = f"{world.settings.namespace}{STAGE}-{seed}-{index}"
    world.chances[transactional_id] = random.Random(seed)
    feed = list(chunks(partition, seed))
    try:
        async with asyncio.timeout(RUN_S):
            ended = False
            while not ended:
                ended = await _one_life(world, seed, partition, feed)
    finally:
        del world.chances[transactional_id]
        await world.proxy.deliver(transactional_id)


async def _one_life(world: World, seed: int, partition: TopicPartition, feed: Sequence[Chunk]) -> bool:
    """A lane until all is applied (true), or until it has lost its index."""
    changed, lost = asyncio.Event(), asyncio.Event()

    def lose() -> None:
        lost.set()
        changed.set()

    lane = _lane(world, seed, partition, lose, changed.set)
    try:
        for chunk in feed:
            if chunk.acknowledged:
                continue
            await lane.enqueue_chunk(chunk)
            while lane.applied_offsets()[partition] < chunk.value[-1].offset:
                with suppress(TimeoutError):  # a chunk that was applied before has no effect to tell of
                    async with asyncio.timeout(LOOK_S):
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
    places = StorePlaces(world.settings.home / world.settings.namespace, STAGE, scope, world.found)
    transactions = Transactions(
        world.proxy.behind,
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
        Meter(STAGE, world.settings.namespace),
        LaneHost(
            Decider(),
            lose,
            lambda lane, effect: went_on(),
            60.0,
            _NoFlow(),
            FaultCount(lambda fault: lose()),
            lambda: 0.0,
            Hands(),
            lambda: False,
            read_again,
        ),
        HandNote(world.settings.home / "in-hand" / scope),
    )


async def read_again(source: TopicPartition, first: int, last: int) -> AsyncIterator[ConsumerRecord]:
    """A stage that sets nothing aside reads nothing again."""
    if first <= last:
        raise AssertionError(f"{source} is read again")
    yield


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
