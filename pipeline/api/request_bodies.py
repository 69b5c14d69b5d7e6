"""A request's body: how large it may be, and how long its next part may take."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

JSON_BYTES: Final = 1 << 20
"""Largest body where a route does not set a limit of its own (`max_body_size`)."""

TURNS: Final = 4
"""Of the loop, until what has come is read and whoever waits for it knows."""


class StalledBodyError(HTTPException):
    """No further part of the body came in time. An HTTPException, as FastAPI hides all others that come of reading."""

    def __init__(self) -> None:
        super().__init__(408, "Request Timeout", {"Connection": "close"})


def without_stalls(receive: Receive, part_s: float) -> Receive:
    """The same body; `receive` raises StalledBodyError where a part takes longer than `part_s`.

    After the body it waits for the client to go, for as long as the answer lasts.
    """
    whole = False

    async def receive_part() -> Message:
        nonlocal whole
        if whole:
            return await receive()
        message = await _receive_within(receive, part_s)
        whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    return receive_part


async def _receive_within(receive: Receive, part_s: float) -> Message:
    """The next part; that which came while this process itself could not run is not late."""
    try:
        async with asyncio.timeout(part_s):
            return await receive()
    except TimeoutError as error:
        part = asyncio.ensure_future(receive())
        for _ in range(TURNS):
            await asyncio.sleep(0)
        if part.done():
            return await part
        part.cancel()
        raise StalledBodyError from error
