"""Faust consuming by chunks: one event per partition and fetched chunk of records instead of one per record.

Stock Faust spends 58-72 us of CPU on consuming a record (four asyncio tasks each, measured); a chunk costs it once.
Acknowledgement, rebalance callbacks, the generation check and flow control stay Faust's own, by chunk. This goes with
the exactly pinned Faust only: tests/contract/test_chunk_consumer.py holds it on a real broker.

The consumer is a static member of its group, and notices when another takes its place. Stock aiokafka sends heartbeats
without the instance id: a member whose place was taken is only told that it is unknown, joins again and takes the place
back, so two workers with one instance id would take turns for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, cast

import faust
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.protocol.api import Request, RequestStruct
from aiokafka.protocol.group import HeartbeatRequest, HeartbeatResponse_v1, JoinGroupRequest, SyncGroupRequest
from aiokafka.protocol.types import Int32, Schema, String
from faust.app.base import BootStrategy
from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, Message
from faust.types.tuples import ConsumerMessage
from yarl import URL

from pipeline.settings import Settings
from pipeline.streams.kafka.connection import bootstrap_servers, client_options
from pipeline.streams.kafka.fetching import BatchConsumer
from pipeline.streams.kafka.positions import last_offset_of, records_after
from pipeline.streams.kafka.reading import reading_policy

FENCED_INSTANCE_ID: Final = 82
"""Kafka's error code for a member with whose instance id another has joined."""


class HeartbeatResponse_v3(HeartbeatResponse_v1):  # type: ignore[misc]  # noqa: N801 - named as aiokafka's are
    """The broker's answer to a heartbeat, of the version of its request."""

    API_VERSION = 3


class HeartbeatRequest_v3(RequestStruct):  # type: ignore[misc]  # noqa: N801
    """A heartbeat with the instance that sends it, which aiokafka lacks."""

    API_KEY = 12
    API_VERSION = 3
    RESPONSE_TYPE = HeartbeatResponse_v3
    SCHEMA = Schema(
        ("group", String("utf-8")),
        ("generation_id", Int32),
        ("member_id", String("utf-8")),
        ("group_instance_id", String("utf-8")),
    )


class InstanceHeartbeat(Request[HeartbeatRequest_v3]):  # type: ignore[misc]
    """A heartbeat of a static member; brokers since 2.3 take it."""

    API_KEY = 12

    def __init__(self, *fields: Any) -> None:
        self._fields = fields

    def build(self, request_struct_class: type[HeartbeatRequest_v3]) -> HeartbeatRequest_v3:
        """Return the request with its fields."""
        return request_struct_class(*self._fields)


class StaticCoordinator(GroupCoordinator):  # type: ignore[misc]
    """aiokafka's coordinator of a static member; fenced, it neither joins nor sends heartbeats any more."""

    def __init__(self, *arguments: Any, on_fenced: Callable[[], None], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._on_fenced = on_fenced
        self._fenced = False

    async def _send_req(self, request: Any) -> Any:
        if not isinstance(request, HeartbeatRequest | JoinGroupRequest | SyncGroupRequest):
            return await super()._send_req(request)
        if isinstance(request, HeartbeatRequest):
            request = InstanceHeartbeat(self.group_id, self.generation, self.member_id, self._group_instance_id)
        response = None if self._fenced else await super()._send_req(request)
        if response is not None and response.error_code != FENCED_INSTANCE_ID:
            return response
        if not self._fenced:
            self._fenced = True
            self._on_fenced()
        await self._closing
        raise KafkaError("fenced")

    async def _perform_assignment(self, response: Any) -> Any:
        """Share partitions out once Kafka tells of every topic, or has not for METADATA_S.

        While it starts it tells of none for a moment. Who was assigned nothing then stood still: the leader until it
        looked again, and one that took its place for good, since a static member is given what it had.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + METADATA_S
        while True:
            assigned = await super()._perform_assignment(response)
            if all(self._metadata_snapshot.values()) or loop.time() >= deadline:
                return assigned
            await asyncio.sleep(LOOK_AGAIN_S)
            await self._client.force_metadata_update()


class StaticConsumer(BatchConsumer):
    """A consumer with a group instance id; `on_fenced` is called, in its loop, when another has joined with that id."""

    def __init__(self, *, on_fenced: Callable[[], None], **options: Any) -> None:
        super().__init__(**options)
        self._on_fenced = on_fenced

    async def start(self) -> None:
        """Connect; replaces aiokafka's coordinator, which has done nothing before there is a subscription."""
        await super().start()
        stock: GroupCoordinator = self._coordinator
        await stock.close()
        self._client.cluster.remove_listener(stock._handle_metadata_update)  # noqa: SLF001
        self._coordinator: GroupCoordinator = StaticCoordinator(
            self._client,
            self._subscription,
            on_fenced=self._on_fenced,
            group_id=self._group_id,
            group_instance_id=self._group_instance_id,
            heartbeat_interval_ms=self._heartbeat_interval_ms,
            session_timeout_ms=self._session_timeout_ms,
            retry_backoff_ms=self._retry_backoff_ms,
            enable_auto_commit=False,
            assignors=self._partition_assignment_strategy,
            rebalance_timeout_ms=self._rebalance_timeout_ms,
            max_poll_interval_ms=self._max_poll_interval_ms,
        )


CHUNK_RECORDS: Final = 500
"""Most records in an event: enough to make a transaction's 1.5 ms of CPU cheap, few enough to keep latency low."""

FETCH_MIN_BYTES: Final = 128 << 10
FETCH_MAX_WAIT_MS: Final = 100
"""At low rates the broker gathers this long or this much, since small chunks are the real cost there.

A case is fetched twice until a search finds it: at 200 ms the slowest in a hundred took 1.6 s at half load, at 100 ms
1.35 s, and the stages some 15% more CPU (tests/benchmarks/stream).
"""

SESSION_TIMEOUT_S: Final = 6.0
"""How long a worker's partitions wait for it to come back; the least that brokers allow by default
(`group.min.session.timeout.ms`)."""

HEARTBEAT_S: Final = 1.0
"""The others hear by a heartbeat that a worker's partitions are free."""

REBALANCE_TIMEOUT_S: Final = 30.0
REQUEST_TIMEOUT_S: Final = REBALANCE_TIMEOUT_S + 5.0
"""A broker that has not answered by then hangs; Faust's own 90 s would keep a worker waiting for it. No shorter: the
group's coordinator may take a whole rebalance for its answer."""

COMMIT_INTERVAL_S: Final = 1.0
"""Seconds between commits of the group's offsets, by which lag is measured. What was applied is told by `progress`:
records that come again after a crash are skipped, so that a longer interval costs reading alone."""

METADATA_S: Final = 4.0
LOOK_AGAIN_S: Final = 0.2
"""How long a group's leader waits for topics that Kafka does not tell of, and the pause between two looks. A member
that has not answered within its session loses its place."""

METADATA_AGE_S: Final = 30.0
"""How long what a worker knows of topics holds; aiokafka has five minutes. The leader then sees what was missing."""

NEVER_MS: Final = 2**31 - 1
"""Longest poll interval that Kafka takes: a worker that waits for Elasticsearch stays in its group."""

BUFFERED_CHUNKS: Final = 8
"""Chunks that wait in Faust before fetching pauses; more would only hold memory."""

RESUMED_WITHIN_S: Final = 0.05
"""A partition that was paused is fetched again within this: a wait for others' records lasts no longer meanwhile."""


class ChunkThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread, with a consumer made as we need it: Faust exposes none of these fetch settings."""

    def _create_worker_consumer(self, transport: driver.Transport) -> StaticConsumer:
        conf, app = self.app.conf, cast(ChunkApp, self.app)
        return StaticConsumer(
            **client_options(app.settings),
            policy=reading_policy(app.settings),
            on_fenced=app.tell_fenced,
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=app.instance_id,
            # Partition i of every topic goes to one member, which so owns everything that shares its stores.
            partition_assignment_strategy=[RangePartitionAssignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            metadata_max_age_ms=int(METADATA_AGE_S * 1000),
            max_poll_records=conf.broker_max_poll_records,
            max_poll_interval_ms=NEVER_MS,
            fetch_min_bytes=FETCH_MIN_BYTES,
            fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
            session_timeout_ms=int(SESSION_TIMEOUT_S * 1000),
            heartbeat_interval_ms=int(HEARTBEAT_S * 1000),
            rebalance_timeout_ms=int(REBALANCE_TIMEOUT_S * 1000),
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
        )

    def position_now(self, partition: TP) -> int | None:
        """Offset of what is fetched next, past transaction markers; None where it is not known.

        Faust's way asks the consumer's own thread and may wait; reading an integer needs neither.
        """
        subscription = self._ensure_consumer()._subscription.subscription  # noqa: SLF001 - pinned, see above
        assignment = None if subscription is None else subscription.assignment
        if assignment is None or partition not in assignment.tps:
            return None
        state = assignment.state_value(partition)
        return state.position if state.has_valid_position else None

    def begin_of(self, partition: TopicPartition) -> int:
        """As the consumer says, from whichever thread it is asked."""
        return cast(StaticConsumer, self._ensure_consumer()).begin_of(partition)


class ChunkConsumer(driver.Consumer):
    """Yields chunks. They must be acknowledged in order, hence agents of concurrency 1."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._fetched: dict[TP, tuple[int, int]] = {}
        self._paused: set[TopicPartition] = set()

    def pause_fetching(self, partition: TopicPartition) -> None:
        """Hand on no more of a partition for now: its buffer stays full, so that nothing more of it is asked for."""
        self._paused.add(partition)

    def resume_fetching(self, partition: TopicPartition) -> None:
        """Hand on a paused partition again."""
        self._paused.discard(partition)

    def begin_of(self, partition: TopicPartition) -> int:
        """Where a partition began when it had to be read from its first record on; 0 where it did not have to."""
        return cast(ChunkThread, self._thread).begin_of(partition)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        """Fetched records of what is not paused. Faust's own pause is for its rebalances, which would undo ours."""
        if not self._paused or active_partitions is None:
            return await super()._getmany(active_partitions, timeout)
        fetched = {partition for partition in active_partitions if partition not in self._paused}
        if not fetched:  # to aiokafka, none would mean all
            await self.sleep(RESUMED_WITHIN_S)
            return {}
        return await super()._getmany(fetched, RESUMED_WITHIN_S)

    def fetch_position(self, partition: TP) -> tuple[int | None, int]:
        """Where fetching stands (None: not known) and the last offset handed on in this assignment (-1: none)."""
        generation, fetched = self._fetched.get(partition, (-1, -1))
        current = generation == self.app.consumer_generation_id
        return cast(ChunkThread, self._thread).position_now(partition), fetched if current else -1

    def _new_consumer_thread(self) -> ChunkThread:
        return ChunkThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Yield records partition by partition, while the assignment holds for which they were fetched."""
        records, active = await self._wait_next_records(timeout)
        generation = self.app.consumer_generation_id
        if records is None or self.should_stop:
            return
        if not self.flow_active:
            await self._seek_back()
            return
        chunks = (
            (ensure_TP(partition), fetched[start : start + CHUNK_RECORDS])
            for partition, fetched in records.items()
            for start in range(0, len(fetched), CHUNK_RECORDS)
        )
        for partition, chunk in chunks:
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return
            if active is not None and partition not in active:
                continue
            message = self._chunk_message(partition, chunk, generation)
            if message is not None:
                yield partition, message

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek each partition to what its group has committed; without that to its first record.

        aiokafka leaves a partition without a committed offset where it stands. What had been fetched of it while its
        group was rebalancing was dropped, and never fetched again by the worker that kept it.
        """
        committed: Mapping[TP, int] = await super().seek_to_committed()
        unread = [partition for partition, offset in committed.items() if not offset]
        if unread:
            with contextlib.suppress(IllegalStateError):  # taken away meanwhile: another assignment seeks anew
                await cast(ChunkThread, self._thread).seek_to_beginning(*unread)
        return committed

    async def _seek_back(self) -> None:
        """What was fetched while the flow was stopped is dropped, so it must be fetched again."""
        try:
            await self.perform_seek()
        except Exception as error:
            self.log.warning("seek while the flow is stopped: %r", error)

    def _chunk_message(
        self, partition: TP, records: Sequence[ConsumerRecord], generation: int
    ) -> ConsumerMessage | None:
        """The event's message: its offset is the last record's, its value the records. None if all were read before."""
        read = self._read_offset[partition]
        if read is not None and records[0].offset < read:
            records = records_after(records, read - 1)
        if not records:
            return None
        last = records[-1]
        offset = last_offset_of(last)
        # Faust would note the offsets between two events as a gap to be filled before it commits.
        self._read_offset[partition] = offset - 1
        self._fetched[partition] = (generation, offset)
        return ConsumerMessage(
            last.topic, last.partition, offset, last.timestamp / 1000.0, last.timestamp_type,
            None, None, cast(Any, records), None, 0, 0, partition, generation_id=generation,
        )  # fmt: skip

    def ack(self, message: Message) -> bool:
        """Acknowledge a chunk; one of an earlier assignment says nothing about what has been done in this one."""
        if message.generation_id != self.app.consumer_generation_id:
            return False
        acknowledged: bool = super().ack(message)
        return acknowledged

    def _new_offset(self, tp: TP) -> int | None:
        """Chunks of a partition are acknowledged in order, so the highest is what all are done up to."""
        acknowledged = self._acked[tp]
        if not acknowledged:
            return None
        highest: int = max(acknowledged)
        acknowledged.clear()
        self._acked_index[tp].clear()
        return highest + 1

    def on_buffer_full(self, tp: TP) -> None:
        """Faust would pause the partition and then sleep a second; the full queue itself holds the fetcher back."""

    def on_buffer_drop(self, tp: TP) -> None:
        """Nothing was paused."""

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's livelock detector counts records; liveness is watched by our own health check."""


class ChunkTransport(driver.Transport):
    """Faust's Kafka transport with the chunk consumer in it."""

    Consumer: ClassVar[type[ChunkConsumer]] = ChunkConsumer


class ConsumeOnly(BootStrategy):
    """Start what consuming needs: no web server, no producer (outputs go through our own transactional ones)."""

    enable_web = False
    enable_kafka_producer = False

    def kafka_consumer(self) -> Sequence[Any]:
        """Return the only service that consuming needs."""
        return [self.app.consumer]


class ChunkApp(faust.App):
    """A Faust app that consumes by chunks, as a static member of a consumer group, whose name is its id.

    `on_fenced` is called when another worker has joined as the same member; it then consumes nothing more.
    """

    BootStrategy = ConsumeOnly

    def __init__(
        self, settings: Settings, group: str, instance_id: str, on_fenced: Callable[[], None] = lambda: None
    ) -> None:
        self.settings, self.instance_id, self.on_fenced = settings, instance_id, on_fenced
        servers = bootstrap_servers(settings)
        super().__init__(
            group,
            broker=[URL(f"kafka://{server}") for server in servers],
            broker_session_timeout=SESSION_TIMEOUT_S,
            broker_heartbeat_interval=HEARTBEAT_S,
            broker_rebalance_timeout=REBALANCE_TIMEOUT_S,
            broker_request_timeout=REQUEST_TIMEOUT_S,
            broker_commit_interval=COMMIT_INTERVAL_S,
            broker_max_poll_records=4 * CHUNK_RECORDS,
            stream_buffer_maxsize=BUFFERED_CHUNKS,
            stream_wait_empty=False,
            key_serializer="raw",
            value_serializer="raw",
            topic_allow_declare=False,
            topic_disable_leader=True,
            reply_create_topic=False,
            web_enabled=False,
            autodiscover=False,
        )
        self.transport = ChunkTransport([URL(f"kafka://{server}") for server in servers], self)

    def tell_fenced(self) -> None:
        """Call `on_fenced` in the app's own loop; from the consumer's thread."""
        self.loop.call_soon_threadsafe(self.on_fenced)

    async def on_first_start(self) -> None:
        """Faust would make a data folder in the working directory; nothing of ours goes there."""
