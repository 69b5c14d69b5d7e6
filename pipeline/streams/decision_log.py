"""Writing what people decide: acknowledged by all replicas of Kafka before `write` returns the offset."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Final

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams import topics
from pipeline.streams.connection import options

SEND_TIMEOUT_S: Final = 5.0
"""Nobody waits longer for his answer than this when Kafka is away."""

_encoder = msgspec.json.Encoder()


class DecisionError(LiaisonError):
    """Kafka does not take the decision now. It may be there nevertheless: whoever asks again sees what holds."""


class DecisionLog:
    """One process's producer; used as an asynchronous context, it connects at the first decision."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> DecisionLog:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def write(self, topic: topics.Topic, key: str, value: msgspec.Struct) -> int:
        """Write a value of a topic with one partition; returns its offset. Raises DecisionError."""
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S), self._turn:
                producer = self._producer or await self._started()
                name = topics.name(self._settings, topic)
                sent = await producer.send_and_wait(name, _encoder.encode(value), key=key.encode(), partition=0)
                return int(sent.offset)
        except (TimeoutError, KafkaError, OSError) as error:
            await self._stop()
            raise DecisionError(f"the decision cannot be recorded: {type(error).__name__}") from error

    async def _started(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(**options(self._settings), acks="all", enable_idempotence=True, linger_ms=0)
        self._producer = producer
        await producer.start()
        return producer

    async def _stop(self) -> None:
        """Let go of the producer; what it has not delivered by now it does not deliver."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(KafkaError, TimeoutError):
                await asyncio.wait_for(producer.stop(), SEND_TIMEOUT_S)
