"""A producer for writes that somebody waits for: acknowledged by all replicas, made anew after a failure."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from pipeline.settings import Settings
from pipeline.streams.connection import options

SEND_TIMEOUT_S: Final = 5.0
"""Nobody waits longer for his answer than this when Kafka is away."""


class PromptProducer:
    """Connects at the first write; whoever meets a failure stops it, and the next write connects anew."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None

    async def started(self) -> AIOKafkaProducer:
        """The producer, connected. Raises KafkaError or OSError."""
        if self._producer is None:
            self._producer = AIOKafkaProducer(
                **options(self._settings), acks="all", enable_idempotence=True, linger_ms=0
            )
            await self._producer.start()
        return self._producer

    async def stop(self) -> None:
        """Let go of the producer; what it has not delivered by now it does not deliver."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(KafkaError, TimeoutError):
                await asyncio.wait_for(producer.stop(), SEND_TIMEOUT_S)
