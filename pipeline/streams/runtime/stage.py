"""A stage: a Faust app whose agents hand their chunks to lanes, one for each owned index.

A worker is a static member of its consumer group: one with an instance id keeps its partitions when it restarts within
the session timeout. The price: the broker hands it its old assignment even if it asks for other topics, and aiokafka
sends no LeaveGroup for it. So a worker looks before it joins what the group knows of its instance, and removes that
where it no longer holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from aiokafka import ConsumerRecord, TopicPartition
from kafka.admin import KafkaAdminClient, MemberToRemove
from kafka.errors import GroupIdNotFoundError, NoError, UnknownMemberIdError

from pipeline.backoff import retrying
from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.catalogues import metrics
from pipeline.streams.kafka.admin import admin_client
from pipeline.streams.kafka.chunks import ChunkApp, ChunkConsumer
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.runtime.deciding import Decider
from pipeline.streams.runtime.faults import MAX_FAULTS_IN_A_ROW, FaultCount, InternalFaultError
from pipeline.streams.runtime.health import LaneState
from pipeline.streams.runtime.in_hand import HandNote, Hands
from pipeline.streams.runtime.lane import Lane, LaneHost
from pipeline.streams.runtime.metering import Meter
from pipeline.streams.runtime.processor import After, Processor
from pipeline.streams.runtime.source_queues import Chunk
from pipeline.streams.runtime.stop_order import StopOrder
from pipeline.streams.runtime.stores import adopt_store, store_folder
from pipeline.streams.runtime.transactions import Transactions
from pipeline.streams.runtime.worker_slots import WorkerSlot


class FencedError(LiaisonError):
    """Another worker has joined with this one's instance id."""

    def __init__(self, slot: WorkerSlot) -> None:
        super().__init__(
            f"another worker has the place of this one (group {slot.group}, instance {slot.instance_id}): "
            f"{slot.home} was copied, or is shared by machines without locks that hold for all; "
            "give each machine its own LIAISON_HOME, delete workers/id in the copy, and start this worker again"
        )


class GroupUnreachableError(LiaisonError):
    """A group can't be read or changed now; nothing was done."""


@contextmanager
def _group_admin(settings: Settings) -> Iterator[KafkaAdminClient]:
    try:
        with admin_client(settings) as client:
            yield client
    except LiaisonError as error:
        raise GroupUnreachableError(str(error)) from error


def subscription_of(settings: Settings, slot: WorkerSlot) -> frozenset[str] | None:
    """The topics that the group holds this slot's instance to read; None where it is no member, none if not known.

    A group that is rebalancing does not tell. Raises GroupUnreachableError.
    """
    with _group_admin(settings) as client:
        found = client.describe_groups([slot.group])[slot.group]
    if found["error"] is not None and GroupIdNotFoundError.__name__ not in found["error"]:
        raise GroupUnreachableError(f"group {slot.group} can't be read: {found['error']}")
    for member in found["members"]:
        if member["group_instance_id"] == slot.instance_id:
            metadata = member["member_metadata"]
            return frozenset(metadata["topics"]) if isinstance(metadata, dict) else frozenset()
    return None


def leave_group(settings: Settings, slot: WorkerSlot, reason: str) -> None:
    """Remove the slot's instance from its group: the others share its partitions at once.

    Raises GroupUnreachableError.
    """
    member = MemberToRemove(group_instance_id=slot.instance_id, reason=reason)
    with _group_admin(settings) as client:
        (result,) = client.remove_group_members(slot.group, [member]).values()
    if result not in (NoError, UnknownMemberIdError):
        raise GroupUnreachableError(f"group {slot.group} does not let {slot.instance_id} go: {result.__name__}")


def prepare_to_join(settings: Settings, slot: WorkerSlot, topics: Iterable[str]) -> None:
    """Leave the group where it holds the slot's instance to read other topics than these.

    Raises FencedError where the slot's last worker was fenced and the other still has its place.
    Raises GroupUnreachableError.
    """
    held = subscription_of(settings, slot)
    if held is not None and slot.was_fenced:
        raise FencedError(slot)
    slot.note_fenced(fenced=False)
    if held is not None and held != frozenset(topics):
        leave_group(settings, slot, "subscription changed")


log = logging.getLogger(__name__)

SYNC_INTERVAL_S: Final = 1.0
"""How often stores are synced and offsets acknowledged: fsync per chunk costs 238 us an event (measured)."""


ENDING_S: Final = 15.0
"""Longest orderly end: closing lanes takes at most 5 s, leaving the group a moment."""


PACE_S: Final = 0.004
LONGEST_PACE_S: Final = 0.25
"""Pause of each lane between the beginnings of two transactions, for each lane of the worker, and at most. A
transaction costs some 4 ms of CPU however few records it has, so that many lanes with a few records each would do
nothing else; and what is applied together costs less."""


@dataclass(frozen=True)
class StageFeed:
    """What one agent consumes, and the work done on it. Partition i of all its topics shares one lane.

    `scope` is the generation whose progress this is, or ALL; without transactions the work's effects must be safe to
    repeat, and nothing is remembered.
    """

    name: str
    topics: Sequence[str]
    work: Processor
    scope: str
    transactional: bool = True


@dataclass(frozen=True)
class OwnedPartition:
    """A source partition of this worker as it stands.

    `folder` is its store's, whether it has one or not.
    `applied` and `fetched` are the last offsets applied and handed on (-1: none), `position` the offset fetched next
    (None: not known); `outside`: whether an effect outside Kafka is under way. `aside` are the offsets of records that
    were set aside, ascending; `problem` says why its lane tries again, "" where it does not or no words are known.
    """

    feed: str
    partition: TopicPartition
    state: LaneState
    applied: int
    fetched: int
    position: int | None
    outside: bool
    folder: Path
    aside: Sequence[int] = ()
    problem: str = ""


ALL: Final = "all"
"""Scope of what does not depend on the generation."""


def noop(lane: str, effect: str) -> None:
    """What follows an effect outside of tests."""


class Stage:
    """One Faust app, its lanes, and their life with the assignment of partitions."""

    def __init__(
        self,
        settings: Settings,
        slot: WorkerSlot,
        feeds: Iterable[StageFeed],
        topic_ids: Mapping[str, str],
        after: After = noop,
    ) -> None:
        self.slot = slot
        self.rejoin = asyncio.Event()
        self.joined = False
        """Whether the group has assigned it partitions, or none, since it started."""
        self.lost = False
        """Whether it is to rejoin because another worker has taken a partition over."""
        self.fenced = asyncio.Event()
        self.app = ChunkApp(settings, slot.group, slot.instance_id, self.fenced.set)
        self._settings = settings
        self._topic_ids = topic_ids
        self._after = after
        self._lanes: dict[tuple[str, int], Lane] = {}
        self.hangs: Callable[[], bool] = lambda: False
        """Whether the worker's own health says that it should be restarted."""
        self._decider, self._hands = Decider(), Hands()
        self._faults = FaultCount(self._give_up)
        self._broken: LiaisonError | None = None
        self._feeds: dict[str, StageFeed] = {}
        for feed in feeds:
            for topic in feed.topics:
                if self._feeds.setdefault(topic, feed) is not feed:
                    raise ValueError(f"{topic} has two feeds: {self._feeds[topic].name}, {feed.name}")
        self.app.on_partitions_assigned.connect(cast(Any, self._on_assigned))
        self.app.on_partitions_revoked.connect(cast(Any, self._on_revoked))
        for feed in {id(feed): feed for feed in self._feeds.values()}.values():
            self._add_agent(feed)

    def _add_agent(self, feed: StageFeed) -> None:
        topic = self.app.topic(*feed.topics, key_serializer="raw", value_serializer="raw")

        async def consume(stream: Any) -> None:
            async for chunk in stream.noack().events():
                await self.offer_chunk(feed, chunk)

        self.app.agent(topic, name=feed.name)(consume)

    async def offer_chunk(self, feed: StageFeed, chunk: Chunk) -> None:
        """Hand a chunk to its lane; one of an earlier assignment is dropped, since it will be fetched again."""
        lane = self._lanes.get((feed.name, chunk.message.partition))
        if lane is not None and chunk.message.generation_id == self.app.consumer_generation_id:
            await lane.enqueue_chunk(chunk)

    async def _on_assigned(self, app: ChunkApp, assigned: Iterable[Any], **_: Any) -> None:
        owned: dict[tuple[str, int], list[TopicPartition]] = {}
        for topic, partition in assigned:
            owned.setdefault((self._feeds[topic].name, partition), []).append(TopicPartition(topic, partition))
        metrics.REBALANCES.inc()
        self.joined = True
        for partition in itertools.chain(*owned.values()):
            adopt_store(self._store_folder(self._feeds[partition.topic], partition))
        for key, partitions in owned.items():
            self._lanes[key] = self._make_lane(self._feeds[partitions[0].topic], partitions)

    def _make_lane(self, feed: StageFeed, partitions: Sequence[TopicPartition]) -> Lane:
        index = partitions[0].partition
        transactions = (
            Transactions(self._settings, feed.name, feed.scope, index, self._topic_ids) if feed.transactional else None
        )
        return Lane(
            f"{feed.name}-{index}",
            feed.work,
            transactions,
            partitions,
            Meter(feed.name, self._settings.namespace),
            LaneHost(
                self._decider,
                self._note_lost,
                self._after,
                self._settings.erase_after,
                cast(ChunkConsumer, self.app.consumer),
                self._faults,
                lambda: min(LONGEST_PACE_S, PACE_S * len(self._lanes)),
                self._hands,
                lambda: self.hangs(),
                self._read_again,
            ),
            HandNote(self._settings.home / "in-hand" / self.slot.group / f"{feed.name}-{index}"),
        )

    async def _read_again(self, source: TopicPartition, first: int, last: int) -> AsyncIterator[ConsumerRecord]:
        async with contextlib.aclosing(read_partitions(self._settings, {source: first}, {source: last})) as chunks:
            async for records in chunks:
                for record in records:
                    yield record

    def _note_lost(self) -> None:
        self.lost = True
        self.rejoin.set()

    def owned_partitions(self) -> list[OwnedPartition]:
        """The source partitions of this worker, for those who watch it."""
        return [
            self._owned_partition(lane, partition, applied)
            for lane in self._lanes.values()
            for partition, applied in lane.applied_offsets().items()
        ]

    def _owned_partition(self, lane: Lane, partition: TopicPartition, applied: int) -> OwnedPartition:
        position, fetched = cast(ChunkConsumer, self.app.consumer).fetch_position(partition)
        feed = self._feeds[partition.topic]
        folder = self._store_folder(feed, partition)
        aside = [one.offset for one in lane.set_aside() if one.source == partition]
        return OwnedPartition(
            feed.name, partition, lane.state, applied, fetched, position, lane.publishing, folder, aside, lane.problem
        )

    def _store_folder(self, feed: StageFeed, partition: TopicPartition) -> Path:
        return store_folder(self.slot.stores, feed.name, feed.scope, partition)

    async def _on_revoked(self, app: ChunkApp, revoked: Iterable[Any], **_: Any) -> None:
        await self.release_lanes()

    async def release_lanes(self) -> None:
        """Close all lanes, then tell Kafka what they acknowledged."""
        lanes, self._lanes = self._lanes, {}
        await asyncio.gather(*(lane.close() for lane in lanes.values()))
        if lanes:
            await self.app.consumer.commit()

    @property
    def failing(self) -> bool:
        """Whether any lane is trying again after a failure."""
        return any(lane.failing for lane in self._lanes.values())

    async def run(self, stop: StopOrder) -> None:
        """Work until told to stop or to rejoin.

        Raises what crashed the app, FencedError, and LiaisonError where records only fail.
        """
        await self._prepare_to_join(stop)
        if not stop.is_set():
            await self._consume_until(stop)
        if self.fenced.is_set():
            self.slot.note_fenced(fenced=True)
            raise FencedError(self.slot)
        if stop.for_good:
            await self._leave_group()
        if self._broken is not None:
            raise self._broken
        if self.app.crash_reason is not None:
            raise self.app.crash_reason

    async def _consume_until(self, stop: StopOrder) -> None:
        await self.app.start()
        keeper = asyncio.create_task(self._acknowledge_lanes())
        try:
            await self.app.wait_first(stop.wait(), self.rejoin.wait(), self.fenced.wait())
        finally:
            keeper.cancel()
            await asyncio.wait([keeper])
            await self._end_orderly()

    async def _prepare_to_join(self, stop: StopOrder) -> None:
        async def sleep(pause_s: float) -> None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause_s)

        attempts = retrying(GroupUnreachableError, log, f"looking up group {self.slot.group}", sleep=sleep)
        async for attempt in attempts:
            with attempt:
                if not stop.is_set():
                    await asyncio.to_thread(prepare_to_join, self._settings, self.slot, self._feeds)

    def _give_up(self, fault: InternalFaultError) -> None:
        """End the worker: it would hold up its partitions, where another version of it may not."""
        self._broken = LiaisonError(
            f"{MAX_FAULTS_IN_A_ROW} attempts failed inside without one that did not, the last on {fault};"
            " the log says where. No record was rejected for it; this worker ends"
        )
        self.rejoin.set()

    async def _end_orderly(self) -> None:
        """Leave in good order; what can't be done any more is done again by the next owner."""
        try:
            async with asyncio.timeout(ENDING_S):
                await self.release_lanes()
                await self.app.stop()
        except Exception:
            log.warning("the worker could not leave its group in good order", exc_info=True)

    async def _leave_group(self) -> None:
        """Leave the group for good; where Kafka does not answer, the others take over after the session timeout."""
        try:
            await asyncio.to_thread(leave_group, self._settings, self.slot, "ended for good")
            self.slot.give_up()
        except (GroupUnreachableError, OSError) as error:
            log.warning("%s; others take over after the session timeout", error)

    async def _acknowledge_lanes(self) -> None:
        while True:
            await asyncio.sleep(SYNC_INTERVAL_S)
            self.slot.touch()
            await asyncio.gather(*(lane.acknowledge() for lane in self._lanes.values()))


@asynccontextmanager
async def rejoin_on_events(stage: Stage, *events: Coroutine[Any, Any, None]) -> AsyncIterator[Stage]:
    """The stage, told to join anew as soon as one of the events has come."""
    watching = [asyncio.create_task(_rejoin_after(stage, event)) for event in events]
    try:
        yield stage
    finally:
        for watch in watching:
            watch.cancel()
        await asyncio.wait(watching)


async def _rejoin_after(stage: Stage, event: Coroutine[Any, Any, None]) -> None:
    await event
    log.info("what the worker stands on has changed")
    stage.rejoin.set()
