"""A node answers over a connection that is kept, and whatever goes wrong with one ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import elastic_transport
import pytest
from elastic_transport import ConnectionTimeout, HttpHeaders, NodeConfig

from pipeline.engines.ports import LOOPBACK
from pipeline.index.http_node import ReadingNode

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


class Served:
    """A server: what it was asked, and over how many connections. It answers anything but /never."""

    def __init__(self, *answers: bytes, ends: bool = False) -> None:
        self._answers, self._ends = answers, ends
        self.connections = 0
        self.asked: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer each request; the last answer is given from then on."""
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
                self.asked.append(head + await reader.readexactly(length))
                if b" /never " not in head:
                    writer.write(self._answers[min(len(self.asked), len(self._answers)) - 1])
                await writer.drain()
                if self._ends:
                    break
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def node_of(served: Served, connections: int = 10, path: str = "") -> AsyncIterator[ReadingNode]:
    server = await asyncio.start_server(served.serve, LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    node = ReadingNode(NodeConfig("http", LOOPBACK, port, path_prefix=path, connections_per_node=connections))
    async with server:
        yield node
        await node.close()


async def test_requests_go_over_one_connection_as_they_are() -> None:
    served = Served(WHOLE)
    async with node_of(served, path="/search") as node:
        for _ in range(3):
            told = HttpHeaders({"Content-Type": "application/json"})
            meta, body = await node.perform_request("POST", "/cases/_search?a=b", b"[1]", told)
            assert (meta.status, meta.mimetype, body) == (200, "application/json", b"{}")
    assert served.connections == 1
    assert served.asked[0].startswith(b"POST /search/cases/_search?a=b HTTP/1.1\r\nhost: 127.0.0.1:")
    assert b"\r\ncontent-type: application/json\r\n" in served.asked[0]
    assert served.asked[0].endswith(b"\r\ncontent-length: 3\r\n\r\n[1]")


async def test_an_answer_in_chunks_is_put_together() -> None:
    chunks = b'HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{"\r\n4\r\na":1\r\n1\r\n}\r\n0\r\n\r\n'
    async with node_of(Served(chunks)) as node:
        for _ in range(2):
            meta, body = await node.perform_request("GET", "/")
            assert (meta.status, body) == (404, b'{"a":1}')


async def test_what_comes_before_an_answer_is_none() -> None:
    async with node_of(Served(b"HTTP/1.1 100 Continue\r\n\r\n" + WHOLE)) as node:
        assert (await node.perform_request("GET", "/")).meta.status == 200


async def test_a_connection_that_has_ended_is_not_used_again() -> None:
    served = Served(WHOLE.replace(b"OK\r\n", b"OK\r\nconnection: close\r\n"))
    async with node_of(served) as node:
        for _ in range(2):
            await node.perform_request("GET", "/")
    assert served.connections == 2


@pytest.mark.parametrize("part", [WHOLE[:-1], WHOLE[:20], b"", b"SSH-2.0-OpenSSH\r\n"])
async def test_an_answer_that_is_cut_or_none_is_a_lost_connection(part: bytes) -> None:
    served = Served(part, ends=True)
    async with node_of(served) as node:
        for _ in range(2):
            with pytest.raises(elastic_transport.ConnectionError):
                await node.perform_request("GET", "/")
    assert served.connections == 2


async def test_what_comes_unasked_is_nobodys_answer() -> None:
    served = Served(WHOLE + WHOLE.replace(b"{}", b"[]"), WHOLE)
    async with node_of(served) as node:
        for _ in range(2):
            assert (await node.perform_request("GET", "/")).body == b"{}"
    assert served.connections == 2


async def test_an_answer_that_takes_too_long_is_not_the_next_ones() -> None:
    async with node_of(Served(WHOLE)) as node:
        with pytest.raises(ConnectionTimeout):
            await node.perform_request("GET", "/never", request_timeout=0.01)
        assert (await node.perform_request("GET", "/")).body == b"{}"


async def test_whoever_is_cancelled_leaves_no_answer_behind() -> None:
    served = Served(WHOLE)
    async with node_of(served) as node:
        asked = asyncio.ensure_future(node.perform_request("GET", "/never"))
        while not served.asked:
            await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert (await node.perform_request("GET", "/")).body == b"{}"
    assert served.connections == 2


async def test_there_are_as_many_connections_as_the_node_may_have() -> None:
    served = Served(WHOLE)
    async with node_of(served, connections=2) as node:
        await asyncio.gather(*(node.perform_request("GET", "/") for _ in range(9)))
    assert (len(served.asked), served.connections) == (9, 2)


async def test_nobody_there_is_a_lost_connection() -> None:
    async with node_of(Served(WHOLE)) as node:
        pass
    with pytest.raises(elastic_transport.ConnectionError):
        await node.perform_request("GET", "/")


async def test_a_head_has_no_body() -> None:
    async with node_of(Served(WHOLE[:-2])) as node:
        meta, body = await node.perform_request("HEAD", "/cases")
        assert (meta.status, body) == (200, b"")
