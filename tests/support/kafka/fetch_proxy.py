"""A TCP proxy between Kafka and aiokafka's consumers that changes what they fetch, as disk or network damage would.

It knows the fetch and metadata answers of the versions that aiokafka speaks; everything else goes through as it is.
Metadata answers name the proxy in place of the broker, so that consumers go on through it.
"""

from __future__ import annotations

import asyncio
import io
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from aiokafka.protocol import fetch, metadata

Change = Callable[[str, int, bytes], bytes]
"""What becomes of the batches fetched of a topic's partition."""

FETCH, METADATA = 1, 3
FETCH_ANSWERS = {v: getattr(fetch, f"FetchResponse_v{v}") for v in range(4, 12)}
METADATA_ANSWERS = {v: getattr(metadata, f"MetadataResponse_v{v}") for v in range(6)}


class FetchProxy:
    """Listens on loopback while `running`; `change` may be set anew at any time."""

    def __init__(self, server: str) -> None:
        self.change: Change = lambda _topic, _partition, batches: batches
        self.changed = 0
        """Answers that were changed."""
        host, port = server.rsplit(":", 1)
        self._upstream = (host, int(port))
        self._port = 0

    @property
    def address(self) -> str:
        """Where clients connect, host:port."""
        return f"127.0.0.1:{self._port}"

    @contextmanager
    def running(self) -> Iterator[FetchProxy]:
        """Serve from a thread of its own until the context ends."""
        loop, ready = asyncio.new_event_loop(), threading.Event()
        stop = asyncio.Event()

        async def serve() -> None:
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self._port = server.sockets[0].getsockname()[1]
            ready.set()
            await stop.wait()
            server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

        thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), name="fetch proxy")
        thread.start()
        ready.wait()
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked: dict[int, tuple[int, int]] = {}
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            upstream_reader, upstream_writer = await asyncio.open_connection(*self._upstream, limit=1 << 26)
            try:
                await asyncio.wait(
                    [
                        asyncio.ensure_future(_forward(reader, upstream_writer, lambda f: _note(f, asked))),
                        asyncio.ensure_future(_forward(upstream_reader, writer, lambda f: self._answer(f, asked))),
                    ],
                    return_when=asyncio.FIRST_COMPLETED,
                )
            finally:
                upstream_writer.close()
                writer.close()

    def _answer(self, frame: bytes, asked: dict[int, tuple[int, int]]) -> bytes:
        (correlation,) = struct.unpack_from(">i", frame)
        api, version = asked.pop(correlation, (-1, -1))
        if api == FETCH and version in FETCH_ANSWERS:
            answer = FETCH_ANSWERS[version].decode(io.BytesIO(frame[4:]))
            answer.topics = [(name, [self._damaged(name, part) for part in parts]) for name, parts in answer.topics]
        elif api == METADATA and version in METADATA_ANSWERS:
            answer = METADATA_ANSWERS[version].decode(io.BytesIO(frame[4:]))
            answer.brokers = [(node, "127.0.0.1", self._port, *rest) for node, _, _, *rest in answer.brokers]
        else:
            return frame
        return frame[:4] + bytes(answer.encode())

    def _damaged(self, topic: str, partition: tuple[Any, ...]) -> tuple[Any, ...]:
        *rest, batches = partition
        if not batches:
            return partition
        given = self.change(topic, partition[0], batches)
        self.changed += given != batches
        return (*rest, given)


def _note(frame: bytes, asked: dict[int, tuple[int, int]]) -> bytes:
    api, version, correlation = struct.unpack_from(">hhi", frame)
    asked[correlation] = api, version
    return frame


async def _forward(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, change: Callable[[bytes], bytes]
) -> None:
    with suppress(OSError, asyncio.IncompleteReadError):
        while True:
            (size,) = struct.unpack(">i", await reader.readexactly(4))
            frame = change(await reader.readexactly(size))
            writer.write(struct.pack(">i", len(frame)) + frame)
            await writer.drain()
