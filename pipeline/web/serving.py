"""The server of pages and API, for `liaison serve` and for the demo."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from pipeline.api.application import create_app
from pipeline.api.headers import ForwardedHeaders, SecurityHeaders
from pipeline.api.runtime import open_runtime
from pipeline.errors import LiaisonError
from pipeline.private_files import keep_private
from pipeline.records import validation
from pipeline.settings import Settings
from pipeline.streams.registers import control
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.web.app import mount_pages
from pipeline.web.http_connections import limited_protocol
from pipeline.web.page_sockets import MESSAGE_BYTES
from pipeline.web.site import PreparedPerson, read_people

READY_S = 60.0
POLL_S = 0.05
GRACE_S = 3
"""A stopping server waits this long for answers under way; those who listen for notices come back by themselves."""


def make_server(settings: Settings, host: str, port: int, people: tuple[PreparedPerson, ...] = ()) -> uvicorn.Server:
    """A server that is ready to run; access is recorded in the audit, not in a log.

    Raises LiaisonError where the schemas, the installation's secret or the file of people can't be read.
    """
    validation.load()
    keep_private(settings.home)
    key_ring(settings)
    api = create_app(lambda: open_runtime(settings))
    mount_pages(api, people, read_people(settings.people_file))
    return uvicorn.Server(make_config(api, settings, host, port))


def make_config(api: FastAPI, settings: Settings, host: str, port: int) -> uvicorn.Config:
    """How an application is served: which headers of which proxies count, and the limits of connections."""
    return uvicorn.Config(
        ForwardedHeaders(SecurityHeaders(api), settings.proxy_networks),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # ForwardedHeaders asks who may send them
        http=limited_protocol(settings),
        ws_max_size=MESSAGE_BYTES,
        timeout_graceful_shutdown=GRACE_S,
        ssl_certfile=settings.api_certificate_file,
        ssl_keyfile=settings.api_key_file,
    )


def check_model(settings: Settings) -> None:
    """Raises LiaisonError where the active generation's model is missing, or another version's of Liaison."""
    asyncio.run(control.read_control(settings)).find_generation().compile_model()


@contextmanager
def serve_in_thread(settings: Settings, host: str, port: int, people: tuple[PreparedPerson, ...] = ()) -> Iterator[str]:
    """The same in a thread of this process, ended afterwards; gives its URL.

    Raises LiaisonError when it does not start, as on a port that is taken.
    """
    own = make_server(settings, host, port, people)
    thread = threading.Thread(target=own.run, name="web", daemon=True)
    thread.start()
    try:
        yield _wait_for_url(own, thread)
    finally:
        own.should_exit = True
        thread.join()


def _wait_for_url(own: uvicorn.Server, thread: threading.Thread) -> str:
    deadline = time.monotonic() + READY_S
    while not own.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise LiaisonError("the web server did not start")
        time.sleep(POLL_S)
    host, port = own.servers[0].sockets[0].getsockname()[:2]
    return f"http://{host}:{port}"
