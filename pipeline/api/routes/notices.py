"""Notices as server-sent events, for as long as a stream lasts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

import msgspec

from pipeline.access.tokens import TokenError
from pipeline.api.problems import ProblemError
from pipeline.api.services import notices as service
from pipeline.api.session import Session

POLL_S: Final = 1.0
"""A notice is in the index about a second after its cause."""

BEAT_POLLS: Final = 15
"""Polls between two comments that keep proxies from closing a quiet stream."""

LONGEST_POLLS: Final = 600
"""A stream ends after ten minutes: the client comes back with its last event id, and its token is checked again."""

Check = Callable[[], Awaitable[None]]
"""Raises TokenError once the session has ended."""


async def stream_events(
    session: Session, cursor: str | None, check: Check, polls: int = LONGEST_POLLS
) -> AsyncGenerator[bytes, None]:
    """The events of a stream; one that can't go on, as its session has ended, ends, and the client comes back."""
    for poll in range(polls):
        now = Session(session.runtime, session.requester, session.grounds, session.language, session.request_id)
        try:
            await check()
            answer = await service.list_new_notices(now, cursor)
        except (ProblemError, TokenError):
            return
        cursor = answer.next
        for row in answer.notices:
            yield b"event: notice\nid: %s\ndata: %s\n\n" % (str(row.cursor).encode(), msgspec.json.encode(row))
        if not answer.notices and poll % BEAT_POLLS == 0:
            yield b": still here\n\n"
        await asyncio.sleep(POLL_S)
