"""Writing what people decide: acknowledged by all replicas of Kafka before `write` returns the offset."""

from __future__ import annotations

import asyncio
from types import TracebackType

import msgspec
from aiokafka.errors import KafkaError

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams import topics
from pipeline.streams.prompt_producer import SEND_TIMEOUT_S, PromptProducer

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
            async with asyncio.timeout(SEND_TIMEOUT_S), self._turn:
                producer = await self._producer.started()
                name = topics.name(self._settings, topic)
                sent = await producer.send_and_wait(name, _encoder.encode(value), key=key.encode(), partition=0)
                return int(sent.offset)
        except (TimeoutError, KafkaError, OSError) as error:
            await self._producer.stop()
            raise DecisionError("the decision cannot be recorded: {kind}", kind=type(error).__name__) from error
