"""The audit writer: an act is in Kafka, acknowledged by all replicas, before `write` returns, or it raises.

Acts that arrive while a send is under way go together in the next one, so that many readers share a round trip. When a
send fails, they fail with it: each act has its answer within ANSWER_S of its arrival.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer

from pipeline.access.audit import CHECKPOINT_S, Act, ActKind, AuditEntry, Chain, ChainHeads, bind_acts
from pipeline.access.request_rules import RequestRule
from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.audit.audit_tail import DAY_MS, See, follow_audit
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.fail_fast_producer import consume_exception
from pipeline.streams.kafka.prompt_producer import ANSWER_S, PromptProducer
from pipeline.times import Clock, unix_ms
from pipeline.transparency.leaves import new_seed

log = logging.getLogger(__name__)

MOST_TOGETHER: Final = 200
"""Acts of one send. A choice: more share a round trip, and more fail together if it does."""

Send = Callable[[Sequence[AuditEntry]], Awaitable[None]]
"""Delivers entries in their order, all or raises; what it raised for may have been delivered nevertheless."""


class AuditError(LiaisonError):
    """The act could not be recorded, so nothing may be disclosed."""


class _Waiting(NamedTuple):
    """An act in line; `deadline` is a time of the event loop."""

    act: Act
    at: datetime
    deadline: float
    done: asyncio.Future[None]


def writer_name(started: datetime) -> str:
    """What this process's chains begin with."""
    return f"{socket.gethostname()}|{os.getpid()}|{started.isoformat()}"


class AuditLog:
    """One writer's chains; used as an asynchronous context, which opens none and closes the last."""

    def __init__(self, send: Send, clock: Clock, heads: Callable[[], dict[str, str]], writer: str = "") -> None:
        self._send, self._clock, self._heads = send, clock, heads
        self._writer = writer or writer_name(clock())
        self._chains = 0
        self._head = ""
        self._chain: Chain | None = None
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> AuditLog:
        self._tasks = [asyncio.create_task(self._write_batches()), asyncio.create_task(self._write_checkpoints())]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._chain is not None:
            with suppress(AuditError):
                await self.write(Act(ActKind.CLOSED, rule=RequestRule.TRAIL))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def write(self, act: Act) -> None:
        """Record an act; returns when Kafka has it. Raises AuditError, within ANSWER_S."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._queue.put_nowait(_Waiting(act, self._clock(), loop.time() + ANSWER_S, done))
        await done

    async def _write_batches(self) -> None:
        while True:
            batch = [await self._queue.get(), *self._take_queued(MOST_TOGETHER - 1)]
            failure = await self._send_batch(batch)
            if failure is not None:
                batch += self._take_queued(self._queue.qsize())
            for waiting in batch:
                if not waiting.done.cancelled():
                    _set_outcome(waiting.done, failure)

    def _take_queued(self, most: int) -> list[_Waiting]:
        """Takes out of the queue what is in it, at most so many."""
        return [self._queue.get_nowait() for _ in range(min(most, self._queue.qsize()))]

    async def _write_checkpoints(self) -> None:
        while True:
            await asyncio.sleep(CHECKPOINT_S)
            with suppress(AuditError):
                await self.write(self._make_checkpoint())

    def _make_checkpoint(self) -> Act:
        own = {self._chain.name: self._chain.head} if self._chain else {}
        return Act(ActKind.CHECKPOINT, heads=self._heads() | own, rule=RequestRule.TRAIL)

    async def _send_batch(self, batch: Sequence[_Waiting]) -> AuditError | None:
        """Send the acts in the open chain, or in a new one that begins at the last acknowledged hash.

        Whatever goes wrong, the acts fail: were it to leave here, every later act would wait for ever.
        """
        after, entries = self._chain_entries(batch)
        try:
            async with asyncio.timeout_at(min(waiting.deadline for waiting in batch)):
                await self._send(entries)
        except Exception as error:
            log.warning("the audit trail can't be written: %r", error)
            self._chain = None
            return AuditError("the audit trail cannot be written: {kind}", kind=type(error).__name__)
        self._chain, self._head = after, after.head
        return None

    def _chain_entries(self, batch: Sequence[_Waiting]) -> tuple[Chain, list[AuditEntry]]:
        """The chain after these acts, and their entries."""
        acts = [(waiting.act, waiting.at) for waiting in batch]
        chain = self._chain
        if chain is None:
            chain = Chain(f"{self._writer}|{self._chains}", 0, self._head)
            self._chains += 1
            acts = [(Act(ActKind.OPENED, rule=RequestRule.TRAIL), batch[0].at), *acts]
        return bind_acts(chain, acts, new_seed)


def _set_outcome(done: asyncio.Future[None], failure: AuditError | None) -> None:
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(failure)


class KafkaSender:
    """Sends entries to the topic `audit`. After a failure it begins anew with another producer."""

    def __init__(self, settings: Settings) -> None:
        self._topic = topics.topic_name(settings, topics.AUDIT)
        self._producer = PromptProducer(settings)

    async def __call__(self, entries: Sequence[AuditEntry]) -> None:
        """Send entries; returns when Kafka has acknowledged all. Raises what the producer raises."""
        try:
            producer = await self._producer.start_producer()
            await asyncio.gather(*[await self._send_entry(producer, entry) for entry in entries])
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Let go of the producer, which sends nothing more."""
        await self._producer.stop()

    async def _send_entry(self, producer: AIOKafkaProducer, entry: AuditEntry) -> asyncio.Future[Any]:
        value = msgspec.json.encode(entry)
        future: asyncio.Future[Any] = await producer.send(self._topic, value, key=entry.chain.encode(), partition=0)
        future.add_done_callback(consume_exception)
        return future


@asynccontextmanager
async def audit_log(
    settings: Settings, clock: Clock, see: Iterable[See] = (), writer: str = ""
) -> AsyncIterator[AuditLog]:
    """This process's writer to the topic `audit`; `see` is told of all entries of the last day and of each new one."""
    send, heads = KafkaSender(settings), ChainHeads()
    since = unix_ms(clock()) - DAY_MS
    try:
        async with follow_audit(settings, since, [heads.add_entry, *see]), AuditLog(send, clock, heads, writer) as log:
            yield log
    finally:
        await send.stop()
