"""The audit writer: an act is in Kafka, acknowledged by all replicas, before `write` returns, or it raises.

Acts that arrive while a send is under way go together in the next one, so that many readers share a round trip.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from pipeline.access.audit import CHECKPOINT_S, Act, Chain, Entry, Heads, Kind, bound
from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams import topics
from pipeline.streams.audit_tail import DAY_MS, See, followed
from pipeline.streams.prompt_producer import SEND_TIMEOUT_S, PromptProducer

MOST_TOGETHER: Final = 200

Clock = Callable[[], datetime]
Send = Callable[[Sequence[Entry]], Awaitable[None]]
"""Delivers entries in their order, all or raises; what it raised for may have been delivered nevertheless."""


class AuditError(LiaisonError):
    """The act could not be recorded, so nothing may be disclosed."""


class _Waiting(NamedTuple):
    act: Act
    at: datetime
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
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._checkpoints())]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._chain is not None:
            with suppress(AuditError):
                await self.write(Act(Kind.CLOSED))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def write(self, act: Act) -> None:
        """Record an act; returns when Kafka has it. Raises AuditError."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Waiting(act, self._clock(), done))
        await done

    async def _run(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while not self._queue.empty() and len(batch) < MOST_TOGETHER:
                batch.append(self._queue.get_nowait())
            failure = await self._attempt([(one.act, one.at) for one in batch])
            for one in batch:
                if not one.done.cancelled():
                    _settle(one.done, failure)

    async def _checkpoints(self) -> None:
        while True:
            await asyncio.sleep(CHECKPOINT_S)
            with suppress(AuditError):
                await self.write(self._checkpoint())

    def _checkpoint(self) -> Act:
        own = {self._chain.name: self._chain.head} if self._chain else {}
        return Act(Kind.CHECKPOINT, heads=self._heads() | own)

    async def _attempt(self, acts: list[tuple[Act, datetime]]) -> AuditError | None:
        """Send the acts in the open chain, or in a new one that begins at the last acknowledged hash."""
        chain = self._chain
        if chain is None:
            chain = Chain(f"{self._writer}|{self._chains}", 0, self._head)
            self._chains += 1
            acts = [(Act(Kind.OPENED), acts[0][1]), *acts]
        after, entries = bound(chain, acts)
        try:
            await asyncio.wait_for(self._send(entries), SEND_TIMEOUT_S)
        except (TimeoutError, KafkaError, OSError, LiaisonError) as error:
            self._chain = None
            return AuditError(f"the audit trail cannot be written: {type(error).__name__}")
        self._chain, self._head = after, after.head
        return None


def _settle(done: asyncio.Future[None], failure: AuditError | None) -> None:
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(failure)


class KafkaSender:
    """Sends entries to the topic `audit`. After a failure it begins anew with another producer."""

    def __init__(self, settings: Settings) -> None:
        self._topic = topics.name(settings, topics.AUDIT)
        self._producer = PromptProducer(settings)

    async def __call__(self, entries: Sequence[Entry]) -> None:
        try:
            producer = await self._producer.started()
            await asyncio.gather(*[await self._sent(producer, entry) for entry in entries])
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Let go of the producer; what it has not delivered by now it does not deliver."""
        await self._producer.stop()

    async def _sent(self, producer: AIOKafkaProducer, entry: Entry) -> asyncio.Future[Any]:
        value = msgspec.json.encode(entry)
        future: asyncio.Future[Any] = await producer.send(self._topic, value, key=entry.chain.encode(), partition=0)
        future.add_done_callback(_hear)
        return future


def _hear(future: asyncio.Future[Any]) -> None:
    """Take note of a failure that nobody awaits any more, of which asyncio would complain."""
    if not future.cancelled():
        future.exception()


@asynccontextmanager
async def audit_log(
    settings: Settings, clock: Clock, see: Iterable[See] = (), writer: str = ""
) -> AsyncIterator[AuditLog]:
    """This process's writer to the topic `audit`; `see` is told of all entries of the last day and of each new one."""
    send, heads = KafkaSender(settings), Heads()
    since = int(clock().timestamp() * 1000) - DAY_MS
    try:
        async with followed(settings, since, [heads.see, *see]), AuditLog(send, clock, heads, writer) as log:
            yield log
    finally:
        await send.stop()
