"""A producer for writes that somebody waits for: acknowledged by all replicas, ended and made anew after a failure."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.producer.sender import Sender

from pipeline.settings import Settings
from pipeline.streams.kafka.connection import client_options
from pipeline.streams.kafka.fail_fast_producer import ALL_REPLICAS, PAUSE_MS

ANSWER_S: Final = 4.0
"""Whoever writes waits this long for Kafka, counted from when they asked: with what they read before, 5 s in all."""

REQUEST_TIMEOUT_MS: Final = 1_800
"""A broker that has not answered by then is taken to hang: within ANSWER_S another one is asked."""


class PromptProducer:
    """Connects at the first write; whoever meets a failure stops it, and the next write connects anew."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: EndableProducer | None = None

    async def start_producer(self) -> AIOKafkaProducer:
        """The producer, connected. Raises KafkaError or OSError."""
        if self._producer is None:
            self._producer = EndableProducer(self._settings)
            await self._producer.start()
        return self._producer

    async def stop(self) -> None:
        """Let go of the producer: it sends nothing more, and hears of nothing that it has sent."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.end()


class EndableSender(Sender):  # type: ignore[misc]
    """aiokafka's sender, whose requests under way end with it: as it is, it waits for them and repeats them."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._under_way: set[asyncio.Task[Any]] = set()
        self._ended = False

    async def _send_produce_req(self, node_id: int, batches: Any) -> None:
        """Send batches to a broker, unless the sender has ended since this was planned."""
        task = asyncio.current_task()
        if self._ended or task is None:
            return
        self._under_way.add(task)
        try:
            await super()._send_produce_req(node_id, batches)
        finally:
            self._under_way.discard(task)

    async def end(self) -> None:
        """Send nothing any more, and give up what is under way."""
        self._ended = True
        tasks = [task for task in (*self._under_way, self._sender_task) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class EndableProducer(AIOKafkaProducer):  # type: ignore[misc]
    """An idempotent producer that can be ended at once, whatever its brokers do.

    What `stop` of aiokafka flushes would be delivered after its writer was told that it failed. This changes aiokafka
    0.14 from within, which requirements.lock pins.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            **client_options(settings),
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )
        self._sender: EndableSender = EndableSender(
            self.client,
            acks=ALL_REPLICAS,
            txn_manager=self._txn_manager,
            message_accumulator=self._message_accumulator,
            retry_backoff_ms=PAUSE_MS,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )

    async def end(self) -> None:
        """End the sender and cut all connections, with the bytes that have not left this machine.

        A request that has left it may still be applied, by a broker that hangs and wakes up later.
        """
        self._closed = True
        await self._sender.end()
        for connection in self.client._conns.values():  # noqa: SLF001 - pinned, see above
            if connection._writer is not None:  # noqa: SLF001
                connection._writer.transport.abort()  # noqa: SLF001
        await self.client.close()
