"""Readers that are told to end at an awkward moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import psutil
import pytest
from aiokafka.conn import AIOKafkaConnection
from aiokafka.protocol.metadata import MetadataRequest

from pipeline.settings import Settings
from pipeline.streams.kafka.fetching import BatchFetcher
from pipeline.streams.kafka.reading import plain_consumer
from pipeline.streams.monitoring.offsets import high_watermarks

pytestmark = pytest.mark.engines


def connections(settings: Settings) -> int:
    """How many this process has to Kafka."""
    port = int(settings.kafka_url.rpartition(":")[2])
    held = psutil.Process().net_connections("tcp")
    return sum(one.status == psutil.CONN_ESTABLISHED and bool(one.raddr) and one.raddr.port == port for one in held)


async def follow(settings: Settings) -> None:
    """Read until cancelled."""
    async with plain_consumer(settings, []):
        await asyncio.Event().wait()


async def look_at_ends(settings: Settings) -> None:
    """Ask for no partition's end."""
    await high_watermarks(settings, [])


@pytest.mark.parametrize("read", [follow, look_at_ends])
async def test_one_that_is_cancelled_while_it_connects_leaves_nothing_open(
    engine_settings: Settings, monkeypatch: pytest.MonkeyPatch, read: Callable[[Settings], Coroutine[Any, Any, None]]
) -> None:
    send, before = AIOKafkaConnection.send, connections(engine_settings)

    def cancelled_at_the_first_question(self: Any, request: Any, *more: Any, **named: Any) -> Any:
        if isinstance(request, MetadataRequest):
            reading.cancel()
        return send(self, request, *more, **named)

    monkeypatch.setattr(AIOKafkaConnection, "send", cancelled_at_the_first_question)
    reading = asyncio.create_task(read(engine_settings))
    with suppress(asyncio.CancelledError):
        await reading
    assert reading.cancelled()
    assert connections(engine_settings) <= before


async def test_one_that_is_cancelled_while_it_disconnects_leaves_nothing_open(
    engine_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, before = BatchFetcher.close, connections(engine_settings)

    async def read() -> None:
        async with plain_consumer(engine_settings, []):
            pass

    async def cancelled_on_its_way(self: BatchFetcher) -> None:
        reading.cancel()
        await asyncio.sleep(0)
        await stop(self)

    monkeypatch.setattr(BatchFetcher, "close", cancelled_on_its_way)
    reading = asyncio.create_task(read())
    with suppress(asyncio.CancelledError):
        await reading
    assert reading.cancelled()
    assert connections(engine_settings) <= before
