"""Writing what people decide: acknowledged by all replicas of Kafka before `write` returns the offset."""

from __future__ import annotations

import asyncio
from types import TracebackType

import msgspec
from aiokafka.errors import KafkaError

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams import topics
from pipeline.streams.prompt_producer import ANSWER_S, PromptProducer

_encoder = msgspec.json.Encoder()


class DecisionError(LiaisonError):
    """Kafka does not take the decision now. It may be there nevertheless: whoever asks again sees what holds."""


class DecisionLog:
    """One process's producer; used as an asynchronous context, it connects at the first decision."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer = PromptProducer(settings)
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> DecisionLog:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._producer.stop()

    async def write(self, topic: topics.Topic, key: str, value: msgspec.Struct) -> int:
        """Write a value of a topic with one partition; returns its offset. Raises DecisionError."""
        try:
            async with asyncio.timeout(ANSWER_S), self._turn:
                return await self._send(topics.name(self._settings, topic), key.encode(), _encoder.encode(value))
        except (TimeoutError, KafkaError, OSError) as error:
            raise DecisionError("the decision cannot be recorded: {kind}", kind=type(error).__name__) from error

    async def _send(self, topic: str, key: bytes, value: bytes) -> int:
        """The offset of what was sent; after a failure the producer, which no other write uses, is ended."""
        try:
            producer = await self._producer.started()
            return int((await producer.send_and_wait(topic, value, key=key, partition=0)).offset)
        except BaseException:
            await self._producer.stop()
            raise
