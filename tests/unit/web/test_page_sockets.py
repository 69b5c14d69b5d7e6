"""Who a page's socket belongs to is held in tests/contract/test_page_sockets.py; here what a clock or an id decides."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import Any

import pytest
from fastapi import FastAPI
from nicegui import background_tasks, core
from starlette.types import Message, Receive, Scope, Send

from pipeline.api.quotas import RequestRates
from pipeline.web import page_sockets
from pipeline.web.csrf import COOKIE
from pipeline.web.page_sockets import REFUSAL_PAUSE_S, PageConnection, PageSockets
from pipeline.web.site import Site
from support.api.runtime import Api


async def test_a_connection_that_joins_no_page_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_sockets, "JOIN_S", 0)
    closed = asyncio.Queue[str]()
    monkeypatch.setattr(page_sockets, "_close", closed.put)
    monkeypatch.setattr(background_tasks, "create", lambda task, name: asyncio.ensure_future(task))
    left, joined = (PageConnection(Site(FastAPI()), "", "secret", None, ExitStack()) for _ in range(2))
    joined.begin("joined")
    joined.join()
    left.begin("left")
    assert await closed.get() == "left"
    assert closed.empty()
    for connection in (left, joined):
        connection.end()


async def test_what_a_connection_says_of_another_page_is_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(core.sio, "rooms", lambda _: ["sid", "its-page"])
    handle = page_sockets.of_joined(lambda _, message: heard.append(message))
    for told in ({"client_id": "another"}, {"client_id": None}, {}, "its-page", None, {"client_id": "its-page"}):
        await handle("sid", told)
    assert heard == [{"client_id": "its-page"}]


def test_nicegui_asks_us() -> None:
    page_sockets.bind_sockets()
    page_sockets.bind_sockets()
    assert core.sio.eio.max_http_buffer_size == page_sockets.MESSAGE_BYTES
    handlers = core.sio.handlers["/"]
    assert {name for name, handle in handlers.items() if handle.__module__ == page_sockets.__name__} == {
        "connect", "handshake", "event", "javascript_response", "ack", "log",
    }  # fmt: skip
    assert set(handlers) - {"disconnect"} == {"connect", "handshake", "event", "javascript_response", "ack", "log"}


SCOPE = {
    "scheme": "http", "method": "GET", "path": "/_nicegui_ws/socket.io/", "query_string": b"EIO=4&transport=polling",
    "headers": [(b"cookie", f"{COOKIE}=made-up".encode())], "client": ("127.0.0.1", 1),
}  # fmt: skip


class UnaskedRates(RequestRates):
    """Must not be asked."""

    async def count_request(self, agency: str, subject: str) -> int:
        raise AssertionError("counted")


async def receive() -> Message:
    raise AssertionError("nothing is read")


async def unreached(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("engine.io is not asked")


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_who_has_too_many_is_refused_later_and_before_anything_else(
    kind: str, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program would ask again at once, on each of its connections."""
    monkeypatch.setattr(page_sockets, "MOST_OF_AN_ADDRESS", 0)
    api.runtime.rates = UnaskedRates(1)
    api.app.state.runtime = api.runtime
    sent: list[Any] = []

    async def send(message: Message) -> None:
        sent.append(message.get("status", message["type"]))

    async def sleep(pause_s: float) -> None:
        sent.append(f"after {pause_s} s")

    monkeypatch.setattr(asyncio, "sleep", sleep)
    await PageSockets(unreached, Site(api.app))({**SCOPE, "type": kind}, receive, send)
    told = [429, "http.response.body"] if kind == "http" else ["websocket.close"]
    assert sent == [f"after {REFUSAL_PAUSE_S} s", *told]
