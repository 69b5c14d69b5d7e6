"""A transactional producer that sends no request of a transaction again unless the broker answered that it did nothing.

aiokafka repeats EndTxn, AddPartitionsToTxn and Produce under the same epoch after a time-out or a lost connection. The
first copy may still be on its way, and Kafka applies it to whichever transaction of that epoch is open when it comes
(KIP-890; no Python client speaks the newer protocol, which gives every transaction an epoch of its own). Here the first
request whose outcome is not known ends the producer. The next one's InitProducerId takes a new epoch, which fences
whatever is still on its way. This changes aiokafka 0.14 from within, which requirements.lock pins.

PromptProducer is for writes that somebody waits for: acknowledged by all replicas, ended and made anew after a failure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine
from contextlib import suppress
from typing import Any, Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.client import CoordinationType
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
    ProducerClosed,
    ProducerFenced,
    RequestTimedOutError,
)
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.producer.sender import (
    AddOffsetsToTxnHandler,
    AddPartitionsToTxnHandler,
    BaseHandler,
    EndTxnHandler,
    Sender,
    SendProduceReqHandler,
    TxnOffsetCommitHandler,
)
from aiokafka.record.default_records import DefaultRecordBatch

from pipeline.settings import Settings
from pipeline.streams.kafka.connection import client_options

REQUEST_TIMEOUT_MS: Final = 15_000
"""A broker that has not answered by then hangs. Half of the transactions' own time-out: the next producer ends the
transaction before Kafka does, which would take this one's epoch away as a new owner would."""

LARGEST_REQUEST: Final = 32 << 20
"""Room for one message of the largest topic (16 MiB) with its batch around it."""

BATCH_BYTES: Final = 1 << 19
"""A record batch holds this much, or one larger message: brokers limit batches, not messages."""

ALL_REPLICAS: Final = -1
PAUSE_MS: Final = 100
"""Before a request is sent again that the broker has answered without doing it; aiokafka's own default."""


class IndefiniteOutcomeError(KafkaError):
    """Nobody knows whether a request of a transaction was applied, or will be."""


UNANSWERED: Final = (IndefiniteOutcomeError, RequestTimedOutError, KafkaConnectionError, NodeNotReadyError)
"""The request may have been applied, may be later, or never. A broker may also answer that it timed out."""


class _FailFast(BaseHandler):
    """Mixin for aiokafka's handlers of requests to a transaction's coordinator: a failure ends the producer."""

    _sender: FailFastSender

    async def do(self, node_id: int) -> bool:
        """Send the request; False where the coordinator answered that it did nothing yet."""
        request = self.create_request()
        try:
            response = await self._sender.client.send(node_id, request, group=self.group)
            pause_s = self.handle_response(response)
        except ProducerFenced:
            raise
        except KafkaError as error:
            self._sender.fail_transaction(IndefiniteOutcomeError(f"{type(request).__name__}: {error!r}"))
            return True
        if pause_s is not None:
            await asyncio.sleep(pause_s)
        return pause_s is None


class _AddPartitions(_FailFast, AddPartitionsToTxnHandler):
    pass


class _AddOffsets(_FailFast, AddOffsetsToTxnHandler):
    pass


class _CommitOffsets(_FailFast, TxnOffsetCommitHandler):
    pass


class _EndTransaction(_FailFast, EndTxnHandler):
    pass


class _Produce(SendProduceReqHandler):
    def _can_retry(self, error: KafkaError, batch: Any) -> bool:
        """Only what the partition's leader answered; its sequence numbers drop the second copy of what it has."""
        return super()._can_retry(error, batch) and not isinstance(error, UNANSWERED)


class EndableSender(Sender):
    """aiokafka's sender, whose requests under way end with it: as it is, it waits for them and repeats them."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.failure: BaseException | None = None
        """What ended it; it sends nothing any more."""
        self._under_way: set[asyncio.Task[Any]] = set()

    async def _send_unless_ended(self, request: Coroutine[Any, Any, Any]) -> Any:
        """Send a request, unless the sender has ended since it was made."""
        task = asyncio.current_task()
        if self.failure is not None or task is None:
            request.close()
            return True
        self._under_way.add(task)
        try:
            return await request
        finally:
            self._under_way.discard(task)

    async def _send_produce_req(self, node_id: int, batches: Any) -> Any:
        return await self._send_unless_ended(super()._send_produce_req(node_id, batches))

    async def drop(self) -> None:
        """End at once; what is under way is given up."""
        self.failure = self.failure or ProducerClosed()
        tasks = [task for task in (*self._under_way, self._sender_task) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class FailFastSender(EndableSender):
    """One with requests that are not repeated."""

    def fail_transaction(self, error: KafkaError) -> None:
        """End the transaction's sending here: whoever waits for it gets the error, and no request follows."""
        if self.failure is not None:
            return
        self.failure = error
        self._txn_manager.fatal_error(error)
        self._message_accumulator.fail_all(error)
        self._hear_failures()
        if self._sender_task is not None:
            self._sender_task.cancel()

    def _fail_all(self, task: asyncio.Task[None]) -> None:
        """The sender has ended by itself: fenced, refused, or by an error of its own."""
        if task.cancelled() or (error := task.exception()) is None or self.failure is not None:
            return
        self.failure = error
        super()._fail_all(task)
        self._hear_failures()

    def _hear_failures(self) -> None:
        """Take note of the failures that nobody may wait for: asyncio would complain."""
        self._txn_manager.wait_for_transaction_end().exception()
        for batches in self._message_accumulator._batches.values():  # noqa: SLF001 - pinned, see above
            for batch in batches:
                batch._drain_waiter.exception()  # noqa: SLF001

    def _coordinator_dead(self, coordinator_type: Any) -> None:
        """A coordinator that has moved, or can't write its log, may have noted the request or may not have."""
        super()._coordinator_dead(coordinator_type)
        if coordinator_type == CoordinationType.TRANSACTION and self._txn_manager.has_pid():
            raise IndefiniteOutcomeError("the transaction's coordinator has moved or can't write")

    async def _find_coordinator(self, coordinator_type: Any, coordinator_key: str) -> int:
        """A connection that is lost meanwhile is one more reason to ask again: asking changes nothing.

        A broker that has just started may name no node, itself neither: NodeNotReadyError, where aiokafka asserts.
        """
        if self.client.get_random_node() is None:
            raise NodeNotReadyError("the broker names no node yet")
        while True:
            try:
                node_id: int = await super()._find_coordinator(coordinator_type, coordinator_key)
            except KafkaError as error:
                if not isinstance(error.__cause__, KafkaConnectionError):
                    raise
                await asyncio.sleep(PAUSE_MS / 1000)
            else:
                return node_id

    async def _ask_coordinator(self, handler: _FailFast) -> bool:
        node_id = await self._find_coordinator(CoordinationType.TRANSACTION, self._txn_manager.transactional_id)
        return await handler.do(node_id)

    async def _do_add_partitions_to_txn(self, tps: Collection[TopicPartition]) -> Any:
        return await self._send_unless_ended(self._ask_coordinator(_AddPartitions(self, tps)))

    async def _do_add_offsets_to_txn(self, group_id: str) -> Any:
        return await self._send_unless_ended(self._ask_coordinator(_AddOffsets(self, group_id)))

    async def _do_txn_offset_commit(self, offsets: Any, group_id: str) -> Any:
        return await self._send_unless_ended(self._commit_offsets(offsets, group_id))

    async def _commit_offsets(self, offsets: Any, group_id: str) -> None:
        try:
            node_id = await self._find_coordinator(CoordinationType.GROUP, group_id)
        except GroupAuthorizationFailedError as error:
            self._txn_manager.error_transaction(error)
            return
        await _CommitOffsets(self, offsets, group_id).do(node_id)

    async def _do_txn_commit(self, commit_result: Any) -> Any:
        return await self._send_unless_ended(self._end_transaction(commit_result))

    async def _end_transaction(self, commit_result: Any) -> None:
        await self._message_accumulator.flush_for_commit()
        if self._txn_manager.is_empty_transaction():
            self._txn_manager.complete_transaction()
        else:
            await self._ask_coordinator(_EndTransaction(self, commit_result))

    async def _send_produce_req(self, node_id: int, batches: Any) -> Any:
        return await self._send_unless_ended(self._produce(node_id, batches))

    async def _produce(self, node_id: int, batches: Any) -> None:
        await _Produce(self, batches).do(node_id)
        self._in_flight.remove(node_id)
        self._muted_partitions -= set(batches)


class FailFastProducer(AIOKafkaProducer):
    """A transactional producer whose first request with an unknown outcome is its last; start another one then."""

    def __init__(
        self,
        settings: Settings,
        transactional_id: str,
        *,
        request_timeout_ms: int = REQUEST_TIMEOUT_MS,
        batch_bytes: int = BATCH_BYTES,
        transaction_timeout_ms: int,
    ) -> None:
        super().__init__(
            **client_options(settings),
            transactional_id=transactional_id,
            request_timeout_ms=request_timeout_ms,
            linger_ms=0,
            transaction_timeout_ms=transaction_timeout_ms,
            max_batch_size=batch_bytes,
            max_request_size=LARGEST_REQUEST,
        )
        self._batch_bytes = batch_bytes
        self._sender: FailFastSender = FailFastSender(
            self.client,
            acks=ALL_REPLICAS,
            txn_manager=self._txn_manager,
            message_accumulator=self._message_accumulator,
            retry_backoff_ms=PAUSE_MS,
            request_timeout_ms=request_timeout_ms,
        )

    @property
    def failure(self) -> BaseException | None:
        """What ended this producer; ProducerFenced where another one has started with its transactional id."""
        return self._sender.failure

    def open_batch(self, compressed: bool) -> BatchBuilder:
        """A batch of records, to be sent; those that aiokafka opens itself have one codec for all topics."""
        codec = DefaultRecordBatch.CODEC_ZSTD if compressed else DefaultRecordBatch.CODEC_NONE
        return BatchBuilder(self._batch_bytes, codec, is_transactional=True)

    async def drop(self) -> None:
        """Close at once, waiting for no answer; Kafka aborts an open transaction at the next start, or in time."""
        self._closed = True
        await self._sender.drop()
        with suppress(KafkaError):
            await self.client.close()


def plain_producer(settings: Settings, linger_ms: int = 0) -> AIOKafkaProducer:
    """An idempotent producer that waits for all replicas, to be entered; what it sends it repeats until it is taken."""
    return AIOKafkaProducer(
        **client_options(settings), enable_idempotence=True, linger_ms=linger_ms, max_request_size=LARGEST_REQUEST
    )


def consume_exception(future: asyncio.Future[Any]) -> None:
    """Take note of a failure: where a later send fails first, nobody awaits this one, and asyncio would complain."""
    if not future.cancelled():
        future.exception()


ANSWER_S: Final = 4.0
"""Whoever writes waits this long for Kafka, counted from when they asked: with what they read before, 5 s in all."""

FAIL_OVER_S: Final = 12.0
"""Whoever reads waits this long for what must be in Kafka before: a broker that died is missed after 9 s by Kafka's
defaults (broker.session.timeout.ms), and until then a write waits for its replica."""

PROMPT_TIMEOUT_MS: Final = 1_800
"""A broker that has not answered by then is taken to hang: within ANSWER_S another one is asked."""


class PromptProducer:
    """Connects at the first write; whoever meets a failure stops it, and the next write connects anew."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: EndableProducer | None = None

    async def start_producer(self) -> AIOKafkaProducer:
        """The producer, connected. Raises KafkaError or OSError."""
        if self._producer is None:
            self._producer = EndableProducer(self._settings)
            await self._producer.start()
        return self._producer

    async def stop(self) -> None:
        """Let go of the producer: it sends nothing more, and hears of nothing that it has sent."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.end()


class EndableProducer(AIOKafkaProducer):
    """An idempotent producer that can be ended at once, whatever its brokers do.

    What `stop` of aiokafka flushes would be delivered after its writer was told that it failed. This changes aiokafka
    0.14 from within, which requirements.lock pins.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            **client_options(settings),
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            request_timeout_ms=PROMPT_TIMEOUT_MS,
        )
        self._sender: EndableSender = EndableSender(
            self.client,
            acks=ALL_REPLICAS,
            txn_manager=self._txn_manager,
            message_accumulator=self._message_accumulator,
            retry_backoff_ms=PAUSE_MS,
            request_timeout_ms=PROMPT_TIMEOUT_MS,
        )

    async def end(self) -> None:
        """End the sender and cut all connections, with the bytes that have not left this machine.

        A request that has left it may still be applied, by a broker that hangs and wakes up later.
        """
        self._closed = True
        await self._sender.drop()
        for connection in self.client._conns.values():  # noqa: SLF001 - pinned, see above
            if connection._writer is not None:  # noqa: SLF001
                connection._writer.transport.abort()  # noqa: SLF001
        await self.client.close()
