"""A process's own port: /metrics for Prometheus; a worker's /healthz (restart me) and /readyz (do not count on me).

A worker's /slowest has the records of the last hour that took it longest to decide, by position, as JSON.

It is served by threads, so that it answers while the event loop is busy or hangs.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any, Final, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import msgspec
from prometheus_client import CollectorRegistry, make_wsgi_app

from pipeline.streams.catalogues.metrics import REGISTRY
from pipeline.streams.runtime.health import Health
from pipeline.streams.runtime.metering import SLOWEST

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

API_PLACE: Final = 6
"""An API server's port is so many above LIAISON_METRICS_PORT: behind those of the stages."""

TEXT: Final = ("Content-Type", "text/plain; charset=utf-8")
JSON: Final = ("Content-Type", "application/json")


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class _Handler(WSGIRequestHandler):
    timeout = 10
    """Seconds that a client may stay silent: it holds a thread meanwhile."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Requests are not logged."""


@contextmanager
def serve_status(
    host: str,
    port: int,
    health: Health | None,
    clock: Callable[[], float] = time.monotonic,
    registry: CollectorRegistry = REGISTRY,
) -> Iterator[int]:
    """Serve until left; gives the port, any free one where `port` is 0 or taken. Without `health`, metrics alone."""
    server = _bind_server(host, port, _make_application(health, clock, registry))
    thread = threading.Thread(target=server.serve_forever, name="status port", daemon=True)
    thread.start()
    log.info("started; metrics%s at http://%s:%d/metrics", " and health" if health else "", host, server.server_port)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _bind_server(host: str, port: int, application: WSGIApplication) -> WSGIServer:
    try:
        return make_server(host, port, application, _Server, _Handler)
    except OSError:
        log.warning("port %d is taken: metrics and health go to another", port)
        return make_server(host, 0, application, _Server, _Handler)


def _make_application(
    health: Health | None, clock: Callable[[], float], registry: CollectorRegistry
) -> WSGIApplication:
    metrics = make_wsgi_app(registry)
    checks = {"/healthz": health.why_restart, "/readyz": health.why_not_ready} if health else {}

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            return cast(Iterable[bytes], metrics(environ, start))
        if health is not None and path == "/slowest":
            start("200 OK", [JSON])
            return [msgspec.json.encode(SLOWEST.list_slowest(time.time()))]
        if health is None or path not in checks:
            start("404 Not Found", [TEXT])
            return [f"{', '.join(['/metrics', *checks, *(['/slowest'] if health else [])])}\n".encode()]
        problem = checks[path](clock())
        start("503 Service Unavailable" if problem else "200 OK", [TEXT])
        state = "ok" if path == "/healthz" else f"ok; {health.lag:,} records wait"
        return [f"{problem or state}\n".encode()]

    return answer
