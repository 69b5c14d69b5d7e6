"""Who a page's socket belongs to is held in tests/contract/test_page_sockets.py; here what a clock or an id decides."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import Any

import pytest
from fastapi import FastAPI
from nicegui import background_tasks, core

from pipeline.web import page_sockets
from pipeline.web.page_sockets import PageConnection
from pipeline.web.site import Site


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
