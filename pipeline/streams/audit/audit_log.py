"""The audit writer: an act is in Kafka, acknowledged by all replicas, before `write` returns, or it raises.

Acts that arrive while a send is under way go together in the next one, so that many readers share a round trip. When
Kafka can't be reached, they fail with it: each act has its answer within FAIL_OVER_S of its arrival. An act that is too
large fails by itself before it is in line, and one that Kafka refuses fails alone: what is bound behind it goes into a
new chain.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError

from pipeline.access.audit import (
    CHECKPOINT_S,
    PLAIN_FORMAT,
    Act,
    ActKind,
    AuditEntry,
    Chain,
    ChainHeads,
    RequestRule,
    bind_acts,
    entry_bytes,
    in_format,
    longest_entry,
    split_act,
)
from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.audit.audit_tail import DAY_MS, See, SeeUnreadable, follow_audit, pass_over
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.following import Followers
from pipeline.streams.kafka.producers import FAIL_OVER_S, PromptProducer, consume_exception
from pipeline.times import Clock, unix_ms
from pipeline.transparency.leaves import new_seed

log = logging.getLogger(__name__)

MOST_TOGETHER: Final = 200
"""Acts of one send. A choice: more share a round trip, and more fail together if it does."""

BYTES_TOGETHER: Final = 4 << 20
"""Bytes of one send, at most, unless one entry is larger: on a broker that writes 10 MB/s, 0.4 s."""

CHAIN_DIGITS: Final = 12
"""Of a chain's number, when an act's size is reckoned before it is in one."""

Send = Callable[[Sequence[AuditEntry]], Awaitable[None]]
"""Delivers entries in their order, all or raises; what it raised for may have been delivered nevertheless.

Raises EntryRefusedError where it is certain which entries were delivered.
"""


class AuditError(LiaisonError):
    """The act could not be recorded, so nothing may be disclosed."""


class ActTooLargeError(AuditError):
    """The words of an act are more than an entry holds: it is not recorded, whoever asks again."""


class EntryRefusedError(LiaisonError):
    """Kafka took the first `acknowledged` entries of a send, refused the next, and has none behind it."""

    def __init__(self, acknowledged: int) -> None:
        super().__init__("Kafka refused an entry of the audit trail")
        self.acknowledged = acknowledged


class _Waiting(NamedTuple):
    """An act in line, of `size` bytes as an entry; `deadline` is a time of the event loop."""

    act: Act
    at: datetime
    deadline: float
    done: asyncio.Future[None]
    size: int


def writer_name(started: datetime) -> str:
    """What this process's chains begin with."""
    return f"{socket.gethostname()}|{os.getpid()}|{started.isoformat()}"


class AuditLog:
    """One writer's chains; used as an asynchronous context, which opens none and closes the last.

    `newest_format` is that of the latest entries which every reader knows, as `control` says: acts are written in it.
    """

    def __init__(self, send: Send, clock: Clock, heads: Callable[[], dict[str, str]], writer: str = "") -> None:
        self.newest_format = PLAIN_FORMAT
        self._send, self._clock, self._heads = send, clock, heads
        self._writer = writer or writer_name(clock())
        self._chains = 0
        self._head = ""
        self._chain: Chain | None = None
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._again: deque[_Waiting] = deque()
        """In line before the queue: what found no room in a send, or was bound behind an entry that was refused."""
        self._tasks: list[asyncio.Task[None]] = []
        self._sending_since: float | None = None

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
        """Record an act; returns when Kafka has it, all its parts. Raises AuditError, each part within FAIL_OVER_S.

        Parts are in line one after the other: whoever else writes waits for one of them, not for all.
        """
        chain = f"{self._writer}|{'9' * CHAIN_DIGITS}"
        parts = split_act(in_format(act, self.newest_format), chain)
        if parts is None:
            raise ActTooLargeError("the act is too large for the audit trail")
        loop, at = asyncio.get_running_loop(), self._clock()
        for part in parts:
            done: asyncio.Future[None] = loop.create_future()
            self._queue.put_nowait(_Waiting(part, at, loop.time() + FAIL_OVER_S, done, longest_entry(part, chain)))
            await done

    @property
    def waits_s(self) -> float:
        """How long Kafka has not acknowledged what is being sent; 0 where nothing is."""
        return 0.0 if self._sending_since is None else asyncio.get_running_loop().time() - self._sending_since

    async def _write_batches(self) -> None:
        while True:
            first = self._again.popleft() if self._again else await self._queue.get()
            await self._settle_batch(self._fill_batch(first))

    def _fill_batch(self, first: _Waiting) -> list[_Waiting]:
        """What goes in one send: `first`, what was to be sent before, and of the queue as much as there is room for."""
        batch, size = [first], first.size
        while len(batch) < MOST_TOGETHER and (self._again or self._queue.qsize()):
            following = self._again.popleft() if self._again else self._queue.get_nowait()
            size += following.size
            if size > BYTES_TOGETHER:
                self._again.appendleft(following)
                break
            batch.append(following)
        return batch

    async def _settle_batch(self, batch: Sequence[_Waiting]) -> None:
        """Send acts and tell those who wait for them; what is bound behind a refused one is put in line again."""
        failure: AuditError | None = None
        try:
            taken = await self._send_batch(batch)
        except AuditError as error:
            taken, failure = 0, error
        _settle(batch[:taken])
        if failure is not None:
            queued = [self._queue.get_nowait() for _ in range(self._queue.qsize())]
            _settle([*batch, *self._again, *queued], failure)
            self._again.clear()
        elif taken < len(batch):
            _settle([batch[taken]], AuditError("the audit trail refuses an act"))
            self._again.extendleft(reversed(batch[taken + 1 :]))

    async def _write_checkpoints(self) -> None:
        while True:
            await asyncio.sleep(CHECKPOINT_S)
            with suppress(AuditError):
                own = {self._chain.name: self._chain.head} if self._chain else {}
                await self.write(Act(ActKind.CHECKPOINT, heads=self._heads() | own, rule=RequestRule.TRAIL))

    async def _send_batch(self, batch: Sequence[_Waiting]) -> int:
        """Send the acts in the open chain, or in a new one that begins at the last acknowledged hash.

        Returns how many of the first were acknowledged; the one behind was refused. Raises AuditError where it is not
        known what was: whatever goes wrong, the acts fail. Were it to leave here, every later act would wait for ever.
        """
        after, entries = self._chain_entries(batch)
        own = len(entries) - len(batch)
        self._sending_since = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(waiting.deadline for waiting in batch)):
                await self._send(entries)
        except EntryRefusedError as refusal:
            log.warning("the audit trail refuses an entry of %d bytes", entry_bytes(entries[refusal.acknowledged]))
            self._chain = None
            if refusal.acknowledged:
                self._head = entries[refusal.acknowledged - 1].hash
            if refusal.acknowledged >= own:
                return refusal.acknowledged - own
            raise AuditError("the audit trail refuses a chain") from refusal
        except Exception as error:
            log.warning("the audit trail can't be written: %r", error)
            self._chain = None
            raise AuditError("the audit trail cannot be written: {kind}", kind=type(error).__name__) from error
        finally:
            self._sending_since = None
        self._chain, self._head = after, after.head
        return len(batch)

    def _chain_entries(self, batch: Sequence[_Waiting]) -> tuple[Chain, list[AuditEntry]]:
        """The chain after these acts, and their entries."""
        acts = [(waiting.act, waiting.at) for waiting in batch]
        chain = self._chain
        if chain is None:
            chain = Chain(f"{self._writer}|{self._chains}", 0, self._head)
            self._chains += 1
            acts = [(Act(ActKind.OPENED, rule=RequestRule.TRAIL), batch[0].at), *acts]
        return bind_acts(chain, acts, new_seed)


def _settle(waiting: Iterable[_Waiting], failure: AuditError | None = None) -> None:
    """Tell those who wait for these acts, unless they were told or have gone."""
    for one in waiting:
        if one.done.done():
            continue
        if failure is None:
            one.done.set_result(None)
        else:
            one.done.set_exception(failure)


class KafkaSender:
    """Sends entries to the topic `audit`. After a failure it begins anew with another producer."""

    def __init__(self, settings: Settings) -> None:
        self._topic = topics.topic_name(settings, topics.AUDIT)
        self._producer = PromptProducer(settings)

    async def __call__(self, entries: Sequence[AuditEntry]) -> None:
        """Send entries; returns when Kafka has acknowledged all.

        Raises EntryRefusedError, or what the producer raises.
        """
        try:
            producer = await self._producer.start_producer()
            under_way = await self._send_until_refused(producer, entries)
            _require_taken(await asyncio.gather(*under_way, return_exceptions=True), len(entries))
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Let go of the producer, which sends nothing more."""
        await self._producer.stop()

    async def _send_until_refused(
        self, producer: AIOKafkaProducer, entries: Sequence[AuditEntry]
    ) -> list[asyncio.Future[Any]]:
        """Hand entries to the producer; none behind one that it refuses, or that one would be missing in the topic."""
        under_way: list[asyncio.Future[Any]] = []
        for entry in entries:
            try:
                under_way.append(await self._send_entry(producer, entry))
            except MessageSizeTooLargeError:
                break
        return under_way

    async def _send_entry(self, producer: AIOKafkaProducer, entry: AuditEntry) -> asyncio.Future[Any]:
        value = msgspec.json.encode(entry)
        future: asyncio.Future[Any] = await producer.send(self._topic, value, key=entry.chain.encode(), partition=0)
        future.add_done_callback(consume_exception)
        return future


def _require_taken(answers: Sequence[object], sent: int) -> None:
    """Raises EntryRefusedError where an entry was refused as too large, else the first failure there is.

    The producer numbers what it sends: behind a refused batch a number is missing, so Kafka takes none that follows.
    """
    for at, answer in enumerate(answers):
        if isinstance(answer, MessageSizeTooLargeError):
            raise EntryRefusedError(at) from answer
        if isinstance(answer, BaseException):
            raise answer
    if len(answers) < sent:
        raise EntryRefusedError(len(answers))


@asynccontextmanager
async def audit_log(
    settings: Settings,
    clock: Clock,
    see: Iterable[See] = (),
    writer: str = "",
    unreadable: SeeUnreadable = pass_over,
    followers: Followers | None = None,
) -> AsyncIterator[AuditLog]:
    """This process's writer to the topic `audit`.

    `see` is told of all entries of the last day and of each new one, `unreadable` of what is none. `followers` say
    where the topic can't be followed.
    """
    send, heads = KafkaSender(settings), ChainHeads()
    since = unix_ms(clock()) - DAY_MS
    try:
        async with (
            follow_audit(settings, since, [heads.add_entry, *see], unreadable, followers),
            AuditLog(send, clock, heads, writer) as log,
        ):
            yield log
    finally:
        await send.stop()
