"""A process's own port: /metrics for Prometheus; a worker's /healthz (restart me) and /readyz (do not count on me).

A worker's /slowest has the records of the last hour that took it longest to decide, by position, as JSON.

It is served by threads, so that it answers while the event loop is busy or hangs.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any, Final, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import msgspec
from prometheus_client import CollectorRegistry, make_wsgi_app

from pipeline.private_files import write_private
from pipeline.streams.catalogues.metrics import REGISTRY
from pipeline.streams.runtime.health import Health
from pipeline.streams.runtime.metering import SLOWEST

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

API_PLACE: Final = 6
"""An API server's port is so many above LIAISON_METRICS_PORT: behind those of the stages."""

SEEK_S: Final = 1.0
"""Pause between two tries for a named port that another process has; Prometheus asks every 15 s."""

PROBE_S: Final = 1.0
"""A port of this machine says within this that nobody listens."""

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


class StatusPort:
    """Where a process answers: at its named port, or at a free one while another has that, which a file then tells.

    A thread of its own moves it, always so that it answers at the next port before it leaves the last.
    """

    def __init__(self, host: str, named: int, application: WSGIApplication, targets: Path | None) -> None:
        self._host, self._named, self._application, self._targets = host, named, application, targets
        self._wanted, self._ended, self._woken = bool(named), False, threading.Event()
        try:
            self._server = self._start_server(named)
        except OSError:
            log.warning("port %d is taken: metrics and health go to another until it is free", named)
            self._server = self._start_server(0)
        self._tell_target()
        self._keeping = threading.Thread(target=self._keep_place, name="status port's place", daemon=True)
        self._keeping.start()

    @property
    def number(self) -> int:
        """The port that it answers at now."""
        return self._server.server_port

    def claim(self) -> None:
        """Take the named port as soon as it is free, as a port does from the start."""
        self._want(wanted=True)

    def give_way(self) -> None:
        """Leave the named port to another process, for a free one."""
        self._want(wanted=False)

    def close(self) -> None:
        """Answer no more, and take back what the file tells."""
        self._ended = True
        self._woken.set()
        self._keeping.join()
        self._forget_target(self.number)
        _end_server(self._server)

    def _want(self, *, wanted: bool) -> None:
        self._wanted = wanted and bool(self._named)
        self._woken.set()

    def _is_settled(self) -> bool:
        return not self._named or self._wanted == (self.number == self._named)

    def _keep_place(self) -> None:
        while not self._ended:
            self._woken.wait(None if self._is_settled() else SEEK_S)
            self._woken.clear()
            if not self._ended and not self._is_settled():
                self._move()

    def _move(self) -> None:
        try:
            following = self._start_server(self._named if self._wanted else 0)
        except OSError:
            return  # taken still
        left, self._server = self._server, following
        self._tell_target()
        self._forget_target(left.server_port)
        _end_server(left)
        log.info("metrics at %s from now on", self._address(following.server_port))

    def _start_server(self, port: int) -> WSGIServer:
        server = make_server(self._host, port, self._application, _Server, _Handler)
        threading.Thread(target=server.serve_forever, name="status port", daemon=True).start()
        return server

    def _address(self, port: int) -> str:
        return f"http://{self._host}:{port}/metrics"

    def _tell_target(self) -> None:
        """Write a file that names this port, unless it is where everybody looks."""
        if self._targets is None:
            return
        try:
            _remove_stale(self._targets)
            if self.number != self._named:
                target = f"{loopback_host(self._host)}:{self.number}"
                write_private(_target_file(self._targets, self.number), msgspec.json.encode([{"targets": [target]}]))
        except OSError as error:
            log.warning("no file tells Prometheus of port %d: %s", self.number, error.strerror)

    def _forget_target(self, port: int) -> None:
        if self._targets is not None:
            with suppress(OSError):
                _target_file(self._targets, port).unlink(missing_ok=True)


@contextmanager
def serve_status(
    host: str,
    port: int,
    health: Health | None,
    clock: Callable[[], float] = time.monotonic,
    registry: CollectorRegistry = REGISTRY,
    targets: Path | None = None,
) -> Iterator[StatusPort]:
    """Serve until left: at `port`, or at any free one where it is 0 or as long as it is taken.

    A file of the folder `targets` tells Prometheus of a port that is not `port`. Without `health`, metrics alone.
    """
    serving = StatusPort(host, port, _make_application(health, clock, registry), targets)
    log.info("started; metrics%s at http://%s:%d/metrics", " and health" if health else "", host, serving.number)
    try:
        yield serving
    finally:
        serving.close()


def read_targets(targets: Path) -> list[str]:
    """HOST:PORT of each process of this machine that answers at another port than its own, as the files tell."""
    return [target for _, target in _list_targets(targets)]


def loopback_host(host: str) -> str:
    """Where this machine reaches what listens on a host: a process that listens everywhere is reached on loopback."""
    return "127.0.0.1" if host in ("0.0.0.0", "") else host  # noqa: S104 - not bound


class _TargetGroup(msgspec.Struct, frozen=True):
    """One of the list that a file for Prometheus's file_sd_configs holds."""

    targets: list[str]


_groups = msgspec.json.Decoder(list[_TargetGroup])


def _target_file(targets: Path, port: int) -> Path:
    return targets / f"{port}.json"


def _remove_stale(targets: Path) -> None:
    """Remove the files of processes that were killed: nobody listens there. One that lives listens before it writes."""
    for file, target in _list_targets(targets):
        host, _, port = target.rpartition(":")
        try:
            socket.create_connection((host, int(port)), PROBE_S).close()
        except ConnectionRefusedError:
            file.unlink(missing_ok=True)
        except (OSError, ValueError, OverflowError):
            continue  # slow, or not ours


def _list_targets(targets: Path) -> list[tuple[Path, str]]:
    found: list[tuple[Path, str]] = []
    for file in sorted(targets.glob("*.json")):
        with suppress(OSError, msgspec.DecodeError, msgspec.ValidationError):  # it has just gone, or is not ours
            found += [(file, target) for group in _groups.decode(file.read_bytes()) for target in group.targets]
    return found


def _end_server(server: WSGIServer) -> None:
    server.shutdown()
    server.server_close()


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
