"""A request's body: how large it may be, and how long its next part may take."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

JSON_BYTES: Final = 1 << 20
"""Largest body where a route does not set a limit of its own (`max_body_size`)."""


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
        try:
            async with asyncio.timeout(part_s):
                message = await receive()
        except TimeoutError as error:
            raise StalledBodyError from error
        whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    return receive_part
