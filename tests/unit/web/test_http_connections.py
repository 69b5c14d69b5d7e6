from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
import uvloop
from uvicorn.server import ServerState

from pipeline.engines.ports import LOOPBACK
from pipeline.settings import Settings
from pipeline.web.http_connections import LimitedProtocol, limited_protocol

HEADER_S = 0.05
REQUEST = b"GET / HTTP/1.1\r\nHost: liaison\r\nConnection: close\r\n\r\n"


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def _ask_a_server_that_is_stopped(sent: bytes) -> bytes:
    """What it answers to bytes that come while it is stopped, for longer than headers may take."""
    client, (bell, ear) = socket.socket(), socket.socketpair()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        loop.remove_reader(ear)
        client.sendall(sent)
        time.sleep(2 * HEADER_S)

    loop.add_reader(ear, stop)

    class Stopped(limited_protocol(Settings(header_timeout_s=HEADER_S))):  # type: ignore[misc]
        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            bell.send(b"!")

    config = uvicorn.Config(_answer, log_config=None, lifespan="off")
    config.load()
    state = ServerState()

    def accept() -> LimitedProtocol:
        made: LimitedProtocol = Stopped(config=config, server_state=state, app_state={})
        return made

    server = await loop.create_server(accept, LOOPBACK, 0)
    async with server:
        with client, bell, ear:
            client.connect(server.sockets[0].getsockname())
            return await asyncio.to_thread(client.recv, 4096)


@pytest.mark.parametrize("make_loop", [uvloop.new_event_loop, asyncio.new_event_loop])
@pytest.mark.parametrize(("sent", "status"), [(REQUEST, 200), (REQUEST[:20], 408)])
def test_headers_that_came_while_the_server_was_stopped_are_not_late(
    make_loop: Callable[[], asyncio.AbstractEventLoop], sent: bytes, status: int
) -> None:
    with asyncio.Runner(loop_factory=make_loop) as runner:
        told = runner.run(_ask_a_server_that_is_stopped(sent))
    assert told.startswith(b"HTTP/1.1 %d " % status)
