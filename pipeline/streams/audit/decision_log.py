"""Writing what people decide: committed by Kafka before `write` returns the offset.

Each decision is a transaction, and so are several that belong together (`write_all`). What failed before its commit was
asked for never comes, whatever request of it is still on its way: nothing else commits it. Only where the answer to
that one request is lost nobody knows, and it is said so.

Who decides on what holds (`replaces`) commits only where nobody has decided otherwise below: a value is sent, what is
committed below it is read, and only then its transaction ends. Of two that cross, the one lower in the topic holds,
since the other waits for its end; none waits for one above it. Where several topics are written, they are taken in the
order of their names, each sent to once nothing is waited for in those before it: so of those that wait for each other
across topics none waits for itself.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Container, Sequence
from types import TracebackType
from typing import Final, NamedTuple

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import IllegalOperation, KafkaError

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.producers import ANSWER_S, FailFastProducer
from pipeline.streams.kafka.reading import read_partitions

TRANSACTIONS: Final = "decide"
"""What the names of these transactions begin with."""

REQUEST_TIMEOUT_MS: Final = 3_000
"""No request is repeated, so each has most of the time that there is."""

TRANSACTION_TIMEOUT_MS: Final = 5_000
"""Readers of the topic wait for a transaction that was given up until the next decision, or this long."""

LOOK_BACK: Final = 1_000
"""Offsets below a decision that are searched for another on the same key: some 500 decisions, a second's at most. What
was decided before that was to be seen when this one was made."""

_encoder = msgspec.json.Encoder()


class DecisionError(LiaisonError):
    """Kafka does not take the decision now: it is not recorded, and will not be."""


class UnknownDecisionError(DecisionError):
    """The answer to the commit was lost. The decision may be there: whoever asks again sees what holds."""


class OvertakenError(DecisionError):
    """The key has another value meanwhile than the one that the decision was made on."""


class NewValue(NamedTuple):
    """A value of a topic with one partition, and its key; `replaces` is what the key held when this was decided."""

    topic: topics.Topic
    key: str
    value: msgspec.Struct
    replaces: msgspec.Struct | None = None


def plan_sends(values: Sequence[NewValue]) -> list[list[int]]:
    """The places of values that are sent together, in the order of their topics' names; pure.

    Each group ends with the one topic of it in which something is replaced, hence where others are waited for.
    """
    in_order = sorted(range(len(values)), key=lambda at: values[at].topic.pattern)
    replacing = {one.topic.pattern for one in values if one.replaces is not None}
    groups: list[list[int]] = [[]]
    for at in in_order:
        before = values[groups[-1][-1]].topic.pattern if groups[-1] else ""
        if before in replacing and before != values[at].topic.pattern:
            groups.append([])
        groups[-1].append(at)
    return groups


class DecisionLog:
    """One process's producer; used as an asynchronous context, it connects at the first decision."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._id = f"{settings.namespace}{TRANSACTIONS}-{uuid.uuid4().hex}"
        self._producer: FailFastProducer | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> DecisionLog:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._drop_producer()

    async def write(
        self, topic: topics.Topic, key: str, value: msgspec.Struct, replaces: msgspec.Struct | None = None
    ) -> int:
        """Write a value of a topic with one partition; returns its offset. Raises DecisionError, within ANSWER_S.

        `replaces` is what the key held when this was decided; OvertakenError is raised where that has changed.
        """
        (offset,) = await self.write_all([NewValue(topic, key, value, replaces)])
        return offset

    async def write_all(self, values: Sequence[NewValue]) -> list[int]:
        """Write several values, all or none; returns the offset of each. Raises as `write` does."""
        ending = asyncio.Event()
        try:
            async with asyncio.timeout(ANSWER_S), self._turn:
                return await self._commit_decisions(values, ending)
        except (TimeoutError, KafkaError, IllegalOperation, OSError) as error:
            if ending.is_set():
                raise UnknownDecisionError(
                    "it is not known whether the decision was saved; check before you repeat it"
                ) from error
            raise DecisionError("the decision was not saved; try again") from error

    async def _commit_decisions(self, values: Sequence[NewValue], ending: asyncio.Event) -> list[int]:
        """One transaction; after a failure the producer is dropped, and the next one's start ends what it left open.

        `ending` is set once the commit is asked for.
        """
        try:
            producer = await self._start_producer()
            await producer.begin_transaction()
            offsets: dict[int, int] = {}
            for together in plan_sends(values):
                coming = [
                    await producer.send(self._name(one), _encoder.encode(one.value), key=one.key.encode(), partition=0)
                    for one in (values[at] for at in together)
                ]
                sent = await asyncio.gather(*coming)
                offsets |= {at: int(one.offset) for at, one in zip(together, sent, strict=True)}
                if await self._is_overtaken([(values[at], offsets[at]) for at in together]):
                    await producer.abort_transaction()
                    raise OvertakenError("someone else decided this at the same moment; look again")
            ending.set()
            await producer.commit_transaction()
        except BaseException:
            await self._drop_producer()
            raise
        return [offsets[at] for at in range(len(values))]

    def _name(self, one: NewValue) -> str:
        return topics.topic_name(self._settings, one.topic)

    async def _is_overtaken(self, sent: Sequence[tuple[NewValue, int]]) -> bool:
        """Whether a key's last value that is committed below what was sent is not the one that was decided on.

        Waits for the transactions that are open below. Of what was sent with its offsets one topic at most replaces.
        """
        decided = {one.key.encode(): one.replaces for one, _ in sent if one.replaces is not None}
        if not decided:
            return False
        topic = next(one.topic for one, _ in sent if one.replaces is not None)
        first = min(at for one, at in sent if one.topic is topic)
        name = topics.topic_name(self._settings, topic)
        last = await self._read_below(TopicPartition(name, 0), first, decided)
        return any(msgspec.json.decode(value, type=type(decided[key])) != decided[key] for key, value in last.items())

    async def _read_below(self, partition: TopicPartition, offset: int, keys: Container[bytes]) -> dict[bytes, bytes]:
        """The last value of each of some keys that is committed below an offset, as far as it is looked back."""
        last: dict[bytes, bytes] = {}
        if offset:
            start = max(0, offset - LOOK_BACK)
            async for records in read_partitions(self._settings, {partition: start}, {partition: offset - 1}):
                last |= {one.key: one.value for one in records if one.key in keys and one.value is not None}
        return last

    async def _start_producer(self) -> FailFastProducer:
        if self._producer is None:
            self._producer = FailFastProducer(
                self._settings,
                self._id,
                request_timeout_ms=REQUEST_TIMEOUT_MS,
                transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            )
            await self._producer.start()
        return self._producer

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.drop()
