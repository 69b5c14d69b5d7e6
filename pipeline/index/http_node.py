"""HTTP to one Elasticsearch node for what somebody waits for: a call takes half of the CPU that it takes by aiohttp.

A search calls Elasticsearch two to four times. Of a call's .6 ms aiohttp takes .35, for what none of them needs:
sessions, redirects, cookies, proxies, bodies in parts. Here a whole request goes out and a whole answer comes in. Which
node is asked, and what follows when one fails, is elastic_transport's affair as before.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from http import HTTPStatus
from typing import Final, NamedTuple, cast

import elastic_transport
from elastic_transport import AiohttpHttpNode, ApiResponseMeta, ConnectionTimeout, HttpHeaders, NodeConfig, TlsError
from elastic_transport._node import NodeApiResponse
from elastic_transport.client_utils import DEFAULT, DefaultType
from httptools import HttpParserError, HttpResponseParser

CUT: Final = "the connection ended before the whole answer had come"


class HttpAnswer(NamedTuple):
    """An HTTP answer; its body is whole."""

    status: int
    headers: HttpHeaders
    body: bytes


class HttpConnection(asyncio.Protocol):
    """One HTTP/1.1 connection, over which one request goes after the other. What comes unasked ends it.

    An answer says how long it is, or comes in chunks, as Elasticsearch's do: one that lasts until its connection ends
    is taken for cut.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[HttpAnswer] | None = None
        self._parser = HttpResponseParser(self)
        self._headers: list[tuple[str, str]] = []
        self._parts: list[bytes] = []

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, request: bytes) -> HttpAnswer:
        """Send a request and wait for its answer. Raises OSError where the connection ends before that is whole.

        Who is cancelled meanwhile ends the connection: the answer would come to the next one.
        """
        if self._transport is None:
            raise ConnectionResetError(CUT)
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def end(self) -> None:
        """End it at once, with whatever is still to come."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended: so whoever waits for an answer will have none."""
        self._transport = None
        self._fail(exc if isinstance(exc, OSError) else ConnectionResetError(CUT))

    def data_received(self, data: bytes) -> None:
        """Something came."""
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self._fail(ConnectionResetError(f"the answer is no HTTP: {error}"))
            self.end()

    def on_message_begin(self) -> None:
        """An answer begins, as the parser says; so for those below."""
        self._headers, self._parts = [], []

    def on_header(self, name: bytes, value: bytes) -> None:
        """It has this header."""
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_body(self, part: bytes) -> None:
        """Its body goes on so."""
        self._parts.append(part)

    def on_message_complete(self) -> None:
        """It is whole. What comes before it (100 Continue) is none."""
        status = self._parser.get_status_code()
        if status < HTTPStatus.OK:
            return
        waiting, self._answer = self._answer, None
        if waiting is None or not self._parser.should_keep_alive():
            self.end()
        if waiting is not None and not waiting.done():
            waiting.set_result(HttpAnswer(status, HttpHeaders(self._headers), b"".join(self._parts)))

    def _fail(self, error: OSError) -> None:
        waiting, self._answer = self._answer, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)


class ReadingNode(AiohttpHttpNode):
    """A node with connections of its own; a HEAD, whose answer tells the length of a body that does not come, has none.

    TLS is set up by the class that it extends, from within (`_ssl_context`); requirements.lock pins it.
    """

    def __init__(self, config: NodeConfig) -> None:
        super().__init__(config)
        host = f"[{self.host}]" if ":" in self.host else self.host
        self._fixed = {"host": f"{host}:{self.port}", **self.headers}
        self._idle: deque[HttpConnection] = deque()
        self._slots = asyncio.Semaphore(config.connections_per_node)

    async def perform_request(  # type: ignore[override] # as elastic_transport's own asynchronous nodes do
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: HttpHeaders | None = None,
        request_timeout: DefaultType | float | None = DEFAULT,
    ) -> NodeApiResponse:
        """Send a request and wait for the whole answer. Raises ConnectionError, ConnectionTimeout, TlsError."""
        if method == "HEAD":
            return await super().perform_request(method, target, body, headers, request_timeout)
        patience_s = self.config.request_timeout if isinstance(request_timeout, DefaultType) else request_timeout
        request = self._write_request(method, target, body or b"", headers or HttpHeaders())
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            async with asyncio.timeout(patience_s or None), self._slots:
                status, told, raw = await self._ask(request)
        except TimeoutError as error:
            raise ConnectionTimeout("no answer in time", errors=(error,)) from None
        except ssl.SSLError as error:
            raise TlsError(str(error), errors=(error,)) from None
        except OSError as error:
            raise elastic_transport.ConnectionError(str(error), errors=(error,)) from None
        meta = ApiResponseMeta(status, "1.1", told, loop.time() - begun, self.config)
        return NodeApiResponse(meta, raw)

    async def close(self) -> None:  # type: ignore[override]
        """End all connections that nobody waits at."""
        while self._idle:
            self._idle.pop().end()
        await super().close()

    def _write_request(self, method: str, target: str, body: bytes, headers: HttpHeaders) -> bytes:
        told = self._fixed | {**headers, "content-length": str(len(body))}
        lines = [f"{method} {self.path_prefix}{target} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    async def _ask(self, request: bytes) -> HttpAnswer:
        """Over the connection that was in use last, or a new one; it is kept if the answer came."""
        connection = self._take_idle() or await self._open_connection()
        try:
            answer = await connection.ask(request)
        except BaseException:
            connection.end()
            raise
        if connection.is_open:
            self._idle.append(connection)
        return answer

    def _take_idle(self) -> HttpConnection | None:
        while self._idle:
            if (held := self._idle.pop()).is_open:
                return held
        return None

    async def _open_connection(self) -> HttpConnection:
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(HttpConnection, self.host, self.port, ssl=self._ssl_context))[1]
