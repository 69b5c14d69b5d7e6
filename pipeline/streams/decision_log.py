"""Writing what people decide: committed by Kafka before `write` returns the offset.

Each decision is a transaction. What failed before its commit was asked for never comes, whatever request of it is still
on its way: nothing else commits it. Only where the answer to that one request is lost nobody knows, and it is said so.
"""

from __future__ import annotations

import asyncio
import uuid
from types import TracebackType
from typing import Final

import msgspec
from aiokafka.errors import IllegalOperation, KafkaError

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams import topics
from pipeline.streams.fail_fast_producer import FailFastProducer
from pipeline.streams.prompt_producer import ANSWER_S

TRANSACTIONS: Final = "decide"
"""What the names of these transactions begin with."""

REQUEST_TIMEOUT_MS: Final = 3_000
"""No request is repeated, so each has most of the time that there is."""

TRANSACTION_TIMEOUT_MS: Final = 5_000
"""Readers of the topic wait for a transaction that was given up until the next decision, or this long."""

_encoder = msgspec.json.Encoder()


class DecisionError(LiaisonError):
    """Kafka does not take the decision now: it is not recorded, and will not be."""


class UnknownDecisionError(DecisionError):
    """The answer to the commit was lost. The decision may be there: whoever asks again sees what holds."""


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
        await self._drop()

    async def write(self, topic: topics.Topic, key: str, value: msgspec.Struct) -> int:
        """Write a value of a topic with one partition; returns its offset. Raises DecisionError, within ANSWER_S."""
        decision = _Decision(topics.name(self._settings, topic), key.encode(), _encoder.encode(value))
        try:
            async with asyncio.timeout(ANSWER_S), self._turn:
                return await self._commit(decision)
        except (TimeoutError, KafkaError, IllegalOperation, OSError) as error:
            if decision.ending:
                raise UnknownDecisionError(
                    "it is not known whether the decision was recorded: look before you decide again"
                ) from error
            raise DecisionError("the decision is not recorded: {kind}", kind=type(error).__name__) from error

    async def _commit(self, decision: _Decision) -> int:
        """One transaction; after a failure the producer is dropped, and the next one's start ends what it left open."""
        try:
            producer = await self._started()
            await producer.begin_transaction()
            sent = await producer.send_and_wait(decision.topic, decision.value, key=decision.key, partition=0)
            decision.ending = True
            await producer.commit_transaction()
        except BaseException:
            await self._drop()
            raise
        return int(sent.offset)

    async def _started(self) -> FailFastProducer:
        if self._producer is None:
            self._producer = FailFastProducer(
                self._settings, self._id, REQUEST_TIMEOUT_MS, transaction_timeout_ms=TRANSACTION_TIMEOUT_MS
            )
            await self._producer.start()
        return self._producer

    async def _drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.drop()


class _Decision(msgspec.Struct):
    """A value to write; `ending`: its commit was asked for."""

    topic: str
    key: bytes
    value: bytes
    ending: bool = False
