"""Writing what people decide: committed by Kafka before `write` returns the offset.

A decision, one value or several that belong together (`write_all`), is in one transaction. What failed before its
commit was asked for never comes, whatever request of it is still on its way: nothing else commits it. Only where the
answer to that one request is lost nobody knows, and it is said so.

Decisions that come while others are written wait, and those that wait share the next transaction, in the order in
which they came. Each hears what became of itself. Where one is overtaken, or its writer has given up, the transaction
is given up as well and the others are sent again; where a shared one fails before its commit, each of it is tried
alone. Of one key a transaction has one decision, so that the next finds it committed below.

Who decides on what holds (`replaces`) commits only where nobody has decided otherwise below: a value is sent, what is
committed below it is read, and only then its transaction ends. Of two that cross, the one lower in the topic holds,
since the other waits for its end; none waits for one above it. Where several topics are written, they are taken in the
order of their names, each sent to once nothing is waited for in those before it: so of those that wait for each other
across topics none waits for itself.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Container, Sequence
from types import TracebackType
from typing import Final, NamedTuple

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import IllegalOperation, KafkaError

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.producers import ANSWER_S, BATCH_BYTES, FailFastProducer, consume_exception
from pipeline.streams.kafka.reading import read_partitions

TRANSACTIONS: Final = "decide"
"""What the names of these transactions begin with."""

REQUEST_TIMEOUT_MS: Final = 3_000
"""No request is repeated, so each has most of the time that there is."""

TRANSACTION_TIMEOUT_MS: Final = 5_000
"""Readers of the topic wait for a transaction that was given up until the next decision, or this long."""

LOOK_BACK: Final = 1_000
"""Offsets below a decision that are searched for another on the same key: some 1,000 decisions, a second's at most,
since a request takes a server 10 ms and more. What was decided before that was to be seen when this one was made."""

MOST_TOGETHER: Final = 100
"""Values of decisions that share a transaction: a decision waits for one or two transactions of each server, which are
to be within LOOK_BACK. One of more values has a transaction of its own."""

BYTES_TOGETHER: Final = BATCH_BYTES // 2
"""What these values hold: one record batch has room for those of a topic, so none of another server comes between."""

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


class _Decision:
    """Values that are kept together, for as long as their writer waits."""

    def __init__(self, values: Sequence[NewValue]) -> None:
        loop = asyncio.get_running_loop()
        self.values = values
        self.encoded = [_encoder.encode(one.value) for one in values]
        self.until = loop.time() + ANSWER_S
        self.offsets: asyncio.Future[list[int]] = loop.create_future()
        """Where its values are, once they are there for good; cancelled where the writer has given up."""
        self.offsets.add_done_callback(consume_exception)
        self.is_ending = False
        """Its commit was asked for."""
        self.is_alone = False
        """It has failed with others, and shares no transaction any more."""

    @property
    def keys(self) -> set[tuple[str, str]]:
        """What it decides, by topic and key."""
        return {(one.topic.pattern, one.key) for one in self.values}

    def explain_failure(self) -> DecisionError:
        """What can be said of a decision that was not answered for."""
        if self.is_ending:
            return UnknownDecisionError("it is not known whether the decision was saved; check before you repeat it")
        return DecisionError("the decision was not saved; try again")

    def fail(self, error: Exception) -> None:
        """Tell its writer what it failed by, if that still waits."""
        if self.offsets.done():
            return
        if isinstance(error, (TimeoutError, KafkaError, IllegalOperation, OSError)):
            told = self.explain_failure()
            told.__cause__ = error
            self.offsets.set_exception(told)
        else:
            self.offsets.set_exception(error)


class DecisionLog:
    """One process's producer; used as an asynchronous context, it connects at the first decision."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._id = f"{settings.namespace}{TRANSACTIONS}-{uuid.uuid4().hex}"
        self._producer: FailFastProducer | None = None
        self._waiting: deque[_Decision] = deque()
        self._writing: asyncio.Task[None] | None = None
        """Writes what waits, and ends when nothing does."""

    async def __aenter__(self) -> DecisionLog:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing])
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
        decision = _Decision(values)
        self._waiting.append(decision)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_waiting())
        try:
            async with asyncio.timeout_at(decision.until):
                return await decision.offsets
        except TimeoutError as error:
            raise decision.explain_failure() from error

    async def _write_waiting(self) -> None:
        together: list[_Decision] = []
        try:
            while together := self._take_waiting():
                await self._write_together(together)
        except asyncio.CancelledError as error:
            for one in (*together, *self._waiting):
                one.fail(ConnectionAbortedError(error))
            self._waiting.clear()
            raise

    def _take_waiting(self) -> list[_Decision]:
        """The next decisions that may share a transaction, none where nobody waits; who has given up is left out."""
        taken: list[_Decision] = []
        keys: set[tuple[str, str]] = set()
        count = size = 0
        while self._waiting:
            one = self._waiting[0]
            if not one.offsets.done():
                count, size = count + len(one.values), size + sum(map(len, one.encoded))
                is_much = count > MOST_TOGETHER or size > BYTES_TOGETHER
                if taken and (is_much or one.is_alone or taken[0].is_alone or not keys.isdisjoint(one.keys)):
                    break
                keys |= one.keys
                taken.append(one)
            self._waiting.popleft()
        return taken

    async def _write_together(self, together: Sequence[_Decision]) -> None:
        """One transaction. Tells whose end is known; the others wait again, before those that came later.

        After a failure the producer is dropped, and the next one's start ends what it left open.
        """
        try:
            async with asyncio.timeout_at(min(one.until for one in together)):
                producer = await self._start_producer()
                await producer.begin_transaction()
                offsets, overtaken = await self._send(producer, together)
                is_kept = bool(offsets) and not any(one.offsets.done() for one in together)
                if not is_kept:
                    await producer.abort_transaction()
            if not is_kept:
                for one in overtaken:
                    one.fail(OvertakenError("someone else decided this at the same moment; look again"))
                self._waiting.extendleft(reversed(together))
                return
            for one in together:
                one.is_ending = True
            async with asyncio.timeout_at(max(one.until for one in together)):
                await producer.commit_transaction()
        except BaseException as error:
            await self._drop_producer()
            if not isinstance(error, Exception):
                raise
            self._take_apart(together, error)
            return
        for one, places in zip(together, offsets, strict=True):
            if not one.offsets.done():
                one.offsets.set_result(places)

    def _take_apart(self, together: Sequence[_Decision], error: Exception) -> None:
        """After a failure: those have failed whose commit was asked for, and one that was alone.

        Of several, each waits to be tried alone. Where the time of the first was over, that is no fault of the others.
        """
        if len(together) == 1 or together[0].is_ending:
            for one in together:
                one.fail(error)
            return
        for one in together:
            one.is_alone = one.is_alone or not isinstance(error, TimeoutError)
        self._waiting.extendleft(reversed(together))

    async def _send(
        self, producer: FailFastProducer, together: Sequence[_Decision]
    ) -> tuple[list[list[int]], list[_Decision]]:
        """Send decisions; returns the offsets of each, none where they can't be kept, and which are overtaken."""
        writers = [one for one in together for _ in one.values]
        values = [value for one in together for value in one.values]
        encoded = [content for one in together for content in one.encoded]
        offsets: dict[int, int] = {}
        for places in plan_sends(values):
            coming = [
                await producer.send(self._name(values[at]), encoded[at], key=values[at].key.encode(), partition=0)
                for at in places
            ]
            sent = await asyncio.gather(*coming)
            offsets |= {at: int(one.offset) for at, one in zip(places, sent, strict=True)}
            changed = await self._find_changed([(values[at], offsets[at]) for at in places])
            if changed is None:
                return [], []
            overtaken = {writers[at]: None for at in places if (values[at].topic.pattern, values[at].key) in changed}
            if overtaken:
                return [], list(overtaken)
        found = iter(offsets[at] for at in range(len(values)))
        return [[next(found) for _ in one.values] for one in together], []

    def _name(self, one: NewValue) -> str:
        return topics.topic_name(self._settings, one.topic)

    async def _find_changed(self, sent: Sequence[tuple[NewValue, int]]) -> set[tuple[str, str]] | None:
        """Of what replaces something the topic and key whose last value that is committed below is another than that.

        Waits for the transactions that are open below. Of what was sent with its offsets one topic at most replaces.
        None: its record batches have others' between them, which nobody can read while this transaction is open.
        """
        replacing = {one.key.encode(): one for one, _ in sent if one.replaces is not None}
        if not replacing:
            return set()
        topic = next(iter(replacing.values())).topic
        places = [at for one, at in sent if one.topic is topic]
        if max(places) - min(places) >= len(places):
            return None
        name = topics.topic_name(self._settings, topic)
        last = await self._read_below(TopicPartition(name, 0), min(places), replacing)
        return {
            (topic.pattern, one.key)
            for one in (replacing[key] for key in last)
            if msgspec.json.decode(last[one.key.encode()], type=type(one.replaces)) != one.replaces
        }

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
