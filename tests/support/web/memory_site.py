"""The pages over an index in memory, for a browser: no engine, and whatever records a test prepares.

    with memory_site(api) as site: site.url; site.show(other_api)

The server runs in a thread of this process, so a test looks at its Api to see what came of a key. NiceGUI has one
application a process, hence one site, which starts with the first Api and ends with the process.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import NamedTuple

import uvicorn
from fastapi import FastAPI

from pipeline.api.application import create_app
from pipeline.api.runtime import Runtime
from pipeline.engines.ports import LOOPBACK
from pipeline.web.app import mount_pages
from pipeline.web.serving import make_config
from pipeline.web.site import PREPARED
from support.api.runtime import Api
from support.ports import own_port

READY_S = 60.0
POLL_S = 0.05


class MemorySite(NamedTuple):
    """A running server of pages."""

    app: FastAPI
    url: str

    def show(self, api: Api) -> None:
        """Serve another Api from now on."""
        self.app.state.runtime = api.runtime


@contextmanager
def memory_site(api: Api) -> Iterator[MemorySite]:
    """The pages of an API in memory, with the prepared people."""
    site = _start_site(api)
    site.show(api)
    yield site


_started: list[MemorySite] = []


def is_serving() -> bool:
    """Whether this process serves pages: once it has begun, to its end."""
    return bool(_started)


def _start_site(api: Api) -> MemorySite:
    """The site of this process; `api` is what it starts with."""
    if _started:
        return _started[0]

    @asynccontextmanager
    async def held() -> AsyncIterator[Runtime]:
        yield api.runtime

    app = create_app(held)
    mount_pages(app, PREPARED)
    port = own_port()
    server = uvicorn.Server(make_config(app, api.settings, LOOPBACK, port))
    thread = threading.Thread(target=server.run, name="memory-site", daemon=True)
    thread.start()
    atexit.register(_end_site, server, thread)
    deadline = time.monotonic() + READY_S
    while not server.started:
        assert thread.is_alive(), "the pages did not start"
        assert time.monotonic() < deadline, "the pages did not start in time"
        time.sleep(POLL_S)
    _started.append(MemorySite(app, f"http://{LOOPBACK}:{port}"))
    return _started[0]


def _end_site(server: uvicorn.Server, thread: threading.Thread) -> None:
    server.should_exit = True
    thread.join()
