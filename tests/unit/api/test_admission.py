from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable

import pytest
import uvloop
from starlette.types import Message

from pipeline.api.admission import StalledBodyError, without_stalls

PART_S = 0.05


async def _read_while_stopped(sent: bytes) -> bytes:
    """A body's part that comes, or not, while this process is stopped for longer than it may take."""
    ours, theirs = socket.socketpair()
    came = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def receive() -> Message:
        await came.wait()
        return {"type": "http.request", "body": ours.recv(4096), "more_body": True}

    def stop() -> None:
        theirs.sendall(sent)
        time.sleep(2 * PART_S)

    with ours, theirs:
        loop.add_reader(ours, came.set)
        loop.call_soon(stop)
        try:
            part: bytes = (await without_stalls(receive, PART_S)())["body"]
        finally:
            loop.remove_reader(ours)
        return part


@pytest.mark.parametrize("make_loop", [uvloop.new_event_loop, asyncio.new_event_loop])
def test_a_part_that_came_while_the_process_was_stopped_is_not_late(
    make_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    with asyncio.Runner(loop_factory=make_loop) as runner:
        assert runner.run(_read_while_stopped(b"part")) == b"part"
        with pytest.raises(StalledBodyError):
            runner.run(_read_while_stopped(b""))
