"""Kafka's transactions in memory, as a log of decisions meets them: late, lost and hanging requests, epochs, readers.

Time is the loop's own, which jumps to the next thing that is due: what takes seconds here takes none.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from enum import StrEnum
from itertools import chain, repeat
from typing import Any, NamedTuple, TypeVar

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError, ProducerFenced

from pipeline.settings import Settings
from pipeline.streams.audit import decision_log

T = TypeVar("T")


class _NoWait(selectors.DefaultSelector):
    """Waits for nothing; instead the clock goes on by as much."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("nothing is due any more, and somebody still waits")
        self.now += max(0.0, timeout)
        return super().select(0)


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _NoWait()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run_without_waiting(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine whose sleeps and time-outs take no time."""
    with asyncio.Runner(loop_factory=_JumpingLoop) as runner:
        return runner.run(main)


class Fault(StrEnum):
    """What becomes of a request: it is late, was never there, or was applied though nobody is told."""

    NONE = ""
    SLOW = "slow"
    REFUSED = "refused"
    LOST = "lost"
    LATE = "late"
    """It is applied after its sender was told that it failed, if its transaction is still open."""
    HANGS = "hangs"


SLOW_S = 1.5
LATE_S = 0.5
REQUEST_S = 3.0


class Transaction:
    """One of a producer; `topics` are those that it has sent to."""

    def __init__(self) -> None:
        self.state = "open"
        self.topics: set[str] = set()


class Entry(NamedTuple):
    """What stands at an offset; a marker has no key."""

    transaction: Transaction
    key: bytes = b""
    value: bytes = b""


class Sent(NamedTuple):
    """What Kafka answers for a record."""

    offset: int


class Kafka:
    """One broker. `faults` say what becomes of the first requests, `parts` that records may come in two batches."""

    def __init__(self, faults: Iterable[Fault] = (), *, parts: bool = False) -> None:
        self.faults, self.parts = chain(faults, repeat(Fault.NONE)), parts
        self.logs: dict[str, list[Entry]] = {}
        self.commits = 0
        self._owners: dict[str, Producer] = {}

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Have decision logs write and read here."""
        patch.setattr(decision_log, "FailFastProducer", lambda *given, **named: Producer(self, *given, **named))
        patch.setattr(decision_log, "read_partitions", self._read_partitions)

    def own(self, name: str, producer: Producer) -> None:
        """A producer starts: what another of its name left open is over."""
        before = self._owners.get(name)
        self._owners[name] = producer
        if before is not None and before.transaction is not None:
            self.end(before.transaction, "aborted")

    def is_owner(self, name: str, producer: Producer) -> bool:
        """Whether no other has started since."""
        return self._owners.get(name) is producer

    def end(self, transaction: Transaction, state: str) -> None:
        """Commit or abort one that is open: nothing else happens twice."""
        if transaction.state != "open":
            return
        transaction.state = state
        self.commits += state == "committed"
        for topic in transaction.topics:
            self.logs[topic].append(Entry(transaction))

    def keep(self, topic: str, key: bytes, value: bytes) -> None:
        """A value that was decided long ago."""
        transaction = Transaction()
        transaction.topics.add(topic)
        self.logs.setdefault(topic, []).append(Entry(transaction, key, value))
        self.end(transaction, "committed")

    def committed(self, topic: str) -> list[tuple[int, bytes, bytes]]:
        """What readers of a topic see: offset, key, value."""
        entries = enumerate(self.logs.get(topic, ()))
        return [(at, one.key, one.value) for at, one in entries if one.key and one.transaction.state == "committed"]

    async def _read_partitions(
        self, _: Settings, starts: Mapping[TopicPartition, int], last: Mapping[TopicPartition, int]
    ) -> AsyncIterator[list[Any]]:
        ((partition, start),) = starts.items()
        end = last[partition]
        while any(one.transaction.state == "open" for one in self.logs[partition.topic][: end + 1]):
            await asyncio.sleep(0.01)
        yield [Record(key, value) for at, key, value in self.committed(partition.topic) if start <= at <= end]


class Record(NamedTuple):
    """What a reader gets."""

    key: bytes
    value: bytes


class Producer:
    """As good as FailFastProducer; its requests are on their way, whatever becomes of it."""

    def __init__(self, kafka: Kafka, _: Settings, name: str, *, transaction_timeout_ms: int, **__: Any) -> None:
        self.transaction: Transaction | None = None
        self._kafka, self._name, self._open_s = kafka, name, transaction_timeout_ms / 1000
        self._failed = False
        self._coming: dict[str, list[tuple[bytes, bytes, asyncio.Future[Sent]]]] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        await self._request(lambda: self._kafka.own(self._name, self))

    async def begin_transaction(self) -> None:
        assert not self._failed, "a producer that has failed is dropped"
        self.transaction = opened = Transaction()
        asyncio.get_running_loop().call_later(self._open_s, self._kafka.end, opened, "aborted")

    async def send(self, topic: str, value: bytes, *, key: bytes, partition: int) -> asyncio.Future[Sent]:
        """Records of a topic go together once the sender has its turn."""
        assert partition == 0
        if b"too large" in value:
            raise KafkaError("this value is too large")
        answer = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda one: one.cancelled() or one.exception())
        if topic not in self._coming:
            self._coming[topic] = []
            task = asyncio.create_task(self._send_batches(topic))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        self._coming[topic].append((key, value, answer))
        return answer

    async def _send_batches(self, topic: str) -> None:
        await asyncio.sleep(0.01)
        records = self._coming.pop(topic)
        half = (len(records) + 1) // 2 if self._kafka.parts else len(records)
        for some in filter(None, (records[:half], records[half:])):
            await self._send_batch(topic, some)

    async def _send_batch(self, topic: str, records: list[tuple[bytes, bytes, asyncio.Future[Sent]]]) -> None:
        transaction, places = self.transaction, list[int]()
        assert transaction is not None

        def append() -> None:
            if transaction.state == "open":
                log = self._kafka.logs.setdefault(topic, [])
                transaction.topics.add(topic)
                places.extend(range(len(log), len(log) + len(records)))
                log.extend(Entry(transaction, key, value) for key, value, _ in records)

        try:
            await self._request(append)
            if not places:
                raise ProducerFenced
        except KafkaError as error:
            for _, _, answer in records:
                if not answer.done():
                    answer.set_exception(error)
        else:
            for place, (_, _, answer) in zip(places, records, strict=True):
                if not answer.done():
                    answer.set_result(Sent(place))

    async def commit_transaction(self) -> None:
        await self._end("committed")

    async def abort_transaction(self) -> None:
        await self._end("aborted")

    async def _end(self, state: str) -> None:
        transaction = self.transaction
        assert transaction is not None
        await self._request(lambda: self._kafka.end(transaction, state))
        if transaction.state != state:
            raise ProducerFenced

    async def drop(self) -> None:
        """Nothing is asked for any more; what is on its way stays so."""
        self._failed = True
        await asyncio.sleep(0)

    async def _request(self, apply: Any) -> None:
        """Ask the broker for something, which it does where this producer still owns its name."""

        def arrive() -> None:
            if self._kafka.is_owner(self._name, self) or self.transaction is None:
                apply()

        loop, fault = asyncio.get_running_loop(), next(self._kafka.faults)
        await asyncio.sleep(SLOW_S if fault is Fault.SLOW else 0.01)
        if fault in (Fault.NONE, Fault.SLOW, Fault.LOST):
            arrive()
        if fault in (Fault.LATE, Fault.HANGS):
            loop.call_later(LATE_S if fault is Fault.LATE else 2 * REQUEST_S, arrive)
        if fault is Fault.HANGS:
            await asyncio.sleep(REQUEST_S)
        if fault not in (Fault.NONE, Fault.SLOW):
            self._failed = True
            raise KafkaConnectionError
