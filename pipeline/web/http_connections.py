"""HTTP connections with limits: how many, how large and how slow headers may be, and how slow a reader.

uvicorn bounds none of these. What is refused here has reached no application. A loop that could not run for a while, as
in a process that was stopped, finds timers due before it reads what has come meanwhile (uvloop): that is read first,
lest clients be called slow for it.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pipeline.api.headers import FIXED, NO_CONTENT_POLICY
from pipeline.settings import Settings

HEADER_BYTES: Final = 64 << 10
"""Of a request's line and headers together, as in h11 and most servers."""

LINGER_S: Final = 2.0
"""A body that nobody reads is thrown away for this long after the answer, so that the client reads that first."""

RESPONSES: Final = {
    400: b"400 Bad Request",
    408: b"408 Request Timeout",
    431: b"431 Request Header Fields Too Large",
    503: b"503 Service Unavailable",
}


class LimitedProtocol(HttpToolsProtocol):
    """One connection. Subclassed by `limited_protocol` for the limits of the settings."""

    most_connections: int
    header_s: float
    part_s: float

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._timer: asyncio.Handle | None = None
        self._slow_reader: asyncio.Handle | None = None
        self._header_bytes = 0
        self._in_headers = True
        self._in_body = False
        self._has_begun = False
        """Whether the bytes at hand completed some request's headers."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or answer 503 where there are as many as there may be."""
        if len(self.connections) >= self.most_connections:
            self.transport = transport
            self._send_refusal(503)
            return
        super().connection_made(transport)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        self._stop_timer()
        if self._slow_reader is not None:
            self._slow_reader.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; headers that have grown too large end the connection."""
        if self.parser is None or self.transport.is_closing():
            return
        if self._in_headers and self._timer is None:
            self._expect_headers()
        begun, self._has_begun = self._in_headers, False
        super().data_received(data)
        goes_on = begun and self._in_headers and not self._has_begun
        self._header_bytes = self._header_bytes + len(data) if goes_on else 0
        if self._header_bytes > HEADER_BYTES:
            self._send_refusal(431)

    def handle_websocket_upgrade(self) -> None:
        """A websocket pings by itself."""
        self._stop_timer()
        super().handle_websocket_upgrade()

    def on_headers_complete(self) -> None:
        """The headers came in time."""
        self._stop_timer()
        self._in_headers, self._in_body, self._has_begun = False, True, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next bytes are another request's headers."""
        self._stop_timer()
        self._in_headers, self._in_body = True, False
        super().on_message_complete()
        if not self._is_answering():
            self._expect_headers()

    def on_response_complete(self) -> None:
        """Close soon where the client goes on sending a body that was answered already."""
        super().on_response_complete()
        if self._in_body:
            self._timer = self.loop.call_later(LINGER_S, self._close_transport)

    def pause_writing(self) -> None:
        """The client does not read: it has as long for the next bytes as a sender has."""
        super().pause_writing()
        self._slow_reader = self.loop.call_later(self.part_s, self._let_go)

    def _let_go(self) -> None:
        """End a connection whose reader is too slow, unless it has read on by then."""

        def wait() -> None:
            self._slow_reader = self.loop.call_soon(self.transport.abort)

        self._slow_reader = self.loop.call_soon(wait)

    def resume_writing(self) -> None:
        """The client reads again."""
        if self._slow_reader is not None:
            self._slow_reader.cancel()
            self._slow_reader = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, with the headers that every answer has."""
        self._send_refusal(400)

    def _expect_headers(self) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(self.header_s, self._await_turn)

    def _await_turn(self) -> None:
        """End late headers in the turn after next: the loop reads in between."""

        def wait() -> None:
            self._timer = self.loop.call_soon(self._end_late_headers)

        self._timer = self.loop.call_soon(wait)

    def _end_late_headers(self) -> None:
        """Give up a request that has not begun; one that came before it is answered first."""
        if self._is_answering():
            self._expect_headers()
        else:
            self._send_refusal(408)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close_transport(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _send_refusal(self, status: int) -> None:
        """Answer without a body and close."""
        if self.transport.is_closing():
            return
        fixed = {**FIXED, "Content-Security-Policy": NO_CONTENT_POLICY, "Content-Length": "0", "Connection": "close"}
        lines = [b"HTTP/1.1 " + RESPONSES[status], *(f"{name}: {value}".encode() for name, value in fixed.items())]
        self.transport.write(b"\r\n".join([*lines, b"", b""]))
        self.transport.close()


def limited_protocol(settings: Settings) -> type[asyncio.Protocol]:
    """The protocol class with these settings' limits; uvicorn makes one instance a connection."""
    limits = {
        "most_connections": settings.max_connections,
        "header_s": settings.header_timeout_s,
        "part_s": settings.body_timeout_s,
    }
    return cast(type[asyncio.Protocol], type("ConfiguredProtocol", (LimitedProtocol,), limits))
