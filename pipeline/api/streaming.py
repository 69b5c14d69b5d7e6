"""Answers that are sent in parts, as files and live streams are."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractContextManager, ExitStack, aclosing
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from pipeline.api.session import Session


class PartsResponse(StreamingResponse):
    """An answer in parts, `first` before them; `held` is left as soon as all are sent or the reader has gone.

    Their source is closed then too: one that nobody closes goes on holding what it holds until it is collected.
    """

    def __init__(
        self, parts: AsyncGenerator[bytes, None], first: bytes, held: AbstractContextManager[object], **more: Any
    ) -> None:
        super().__init__(_prepend(first, parts), **more)
        self._parts, self._held = parts, held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        with self._held:
            async with aclosing(self._parts):
                await super().__call__(scope, receive, send)


async def _prepend(first: bytes, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for part in parts:
        yield part


async def start_file(
    session: Session, parts: AsyncGenerator[bytes, None], kind: str, headers: dict[str, str] | None = None
) -> PartsResponse:
    """A file, whose first records are made before it begins: what can go wrong goes wrong while it still can be said.

    It counts among what a person has under way until it is sent. Raises TooManyRequestsError, and what `parts` raises.
    """
    with ExitStack() as held:
        held.enter_context(session.hold_costly())
        first = await anext(parts) + await anext(parts, b"")
        return PartsResponse(parts, first, held.pop_all(), media_type=kind, headers=headers)


def start_stream(session: Session, parts: AsyncGenerator[bytes, None], first: bytes = b"") -> PartsResponse:
    """A live stream of server-sent events. Raises TooManyRequestsError where the person has as many as one may."""
    with ExitStack() as held:
        held.enter_context(session.hold_stream())
        return PartsResponse(parts, first, held.pop_all(), media_type="text/event-stream")


def name_file(name: str) -> dict[str, str]:
    """Headers by which a browser saves an answer under a name (RFC 6266); of another script than ours in full, too."""
    if name.isascii():
        return {"Content-Disposition": f'attachment; filename="{name}"'}
    plain = "".join(letter if letter.isascii() else "-" for letter in name)
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"}


MOST_NAMED: Final = 60
"""Characters of each text in a file's name."""


def make_file_name(*parts: str) -> str:
    """A file's name of texts, without its ending: letters, their marks and digits of any script, all else a hyphen."""
    texts = (unicodedata.normalize("NFC", part) for part in parts)
    named = ("".join(letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in one) for one in texts)
    return "-".join("-".join(name.split())[:MOST_NAMED].strip("-") for name in named if name.strip())
