"""Sends messages in bulk; what goes to a national topic again bears the position where it was first."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, Protocol

from pipeline.records.messages import Position
from pipeline.settings import Settings
from pipeline.streams.kafka.positions import origin_headers
from pipeline.streams.kafka.producers import plain_producer

UNDER_WAY: Final = 500
"""Messages sent and not yet acknowledged; of 4 MiB at most, held back by the producer's own buffer long before."""


class MessageSender(Protocol):
    """Sends one message; returns before Kafka has acknowledged it, keeps the order within a partition."""

    async def __call__(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Send one message."""


class Resender(Protocol):
    """Sends one message again, as a MessageSender does."""

    async def __call__(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, origin: Position
    ) -> None:
        """Send one message again, with its origin."""


@asynccontextmanager
async def open_sender(settings: Settings) -> AsyncIterator[MessageSender]:
    """A sender whose messages are all acknowledged when it is left."""
    async with plain_producer(settings, linger_ms=5) as producer:
        under_way: deque[asyncio.Future[object]] = deque()

        async def send(
            topic: str,
            partition: int,
            key: bytes | None,
            value: bytes | None,
            headers: Sequence[tuple[str, bytes]] = (),
        ) -> None:
            under_way.append(await producer.send(topic, value, key=key, partition=partition, headers=list(headers)))
            if len(under_way) > UNDER_WAY:
                await under_way.popleft()

        yield send
        await asyncio.gather(*under_way)


@asynccontextmanager
async def open_resender(settings: Settings, *, dry: bool = False) -> AsyncIterator[Resender]:
    """A resender whose messages are all acknowledged when it is left; a `dry` one sends nothing."""
    if dry:
        yield _send_nothing
        return
    async with open_sender(settings) as send:

        async def resend(topic: str, partition: int, key: bytes | None, value: bytes | None, origin: Position) -> None:
            await send(topic, partition, key, value, origin_headers(origin))

        yield resend


async def _send_nothing(topic: str, partition: int, key: bytes | None, value: bytes | None, origin: Position) -> None:
    """A dry run's sending."""
