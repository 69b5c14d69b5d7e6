"""A real server for tests of the door: its URL, tokens that it takes, and bare connections to it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from pipeline.access.requester import Requester
from pipeline.access.token_keys import issue_token
from pipeline.engines.ports import LOOPBACK, accepts
from pipeline.settings import Settings
from support.access.requesters import ANNA
from support.api.runtime import GROUNDS
from support.ports import own_port
from support.processes.starting import started
from support.waiting import PATIENCE_S, WaitFor

SERVER_PROCESS = "support.api.server_process"


class ApiServer:
    """One server."""

    def __init__(self, port: int, home: Path, scheme: str = "http") -> None:
        self.port, self.home = port, home
        self.url = f"{scheme}://{LOOPBACK}:{port}"
        self.settings = Settings(home=home)

    def token(self, who: Requester = ANNA, life: timedelta = timedelta(hours=1)) -> str:
        return issue_token(self.settings, who, datetime.now(UTC), life)

    def headers(self, who: Requester = ANNA) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(who)}", **GROUNDS}

    def move_clock(self, by_s: float) -> None:
        """Let the server's clock run ahead by this."""
        self._write("clock-offset-s", str(by_s))

    def remove(self, *agencies: str) -> None:
        """Let these agencies leave, and all others take part."""
        self._write("left", " ".join(agencies))

    def _write(self, name: str, text: str) -> None:
        """Replace a file that the server reads at any moment; it must never find it empty."""
        written = self.home / f"{name}.new"
        written.write_text(text)
        written.replace(self.home / name)

    @contextmanager
    def connection(self) -> Iterator[socket.socket]:
        """A bare connection."""
        with closing(socket.create_connection((LOOPBACK, self.port), PATIENCE_S)) as connected:
            yield connected

    def exchange(self, *parts: bytes) -> bytes:
        """Send bytes; all that the server answers until it closes."""
        with self.connection() as connected:
            for part in parts:
                connected.sendall(part)
            return read_to_end(connected)


def read_to_end(connected: socket.socket) -> bytes:
    """All that comes until the other side closes; socket.timeout where it does not within PATIENCE_S."""
    received = b""
    try:
        while part := connected.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received


def read_head(connected: socket.socket) -> bytes:
    """The status line and headers of an answer."""
    received = b""
    while b"\r\n\r\n" not in received and (part := connected.recv(4096)):
        received += part
    return received


StartServer = Callable[..., ApiServer]


@pytest.fixture(scope="module")
def start_server(tmp_path_factory: pytest.TempPathFactory, wait_for: WaitFor) -> Iterator[StartServer]:
    """Start a server with settings (`max_connections=3`) of its own; all end with the module."""
    with ExitStack() as running:

        def make(scheme: str = "http", home: Path | None = None, **settings: object) -> ApiServer:
            folder = home or tmp_path_factory.mktemp("api_server")
            port = own_port()
            named: Mapping[str, str] = {f"LIAISON_{name.upper()}": str(value) for name, value in settings.items()}
            environment = {**os.environ, "LIAISON_HOME": str(folder), **named}
            running.enter_context(started(SERVER_PROCESS, environment, folder))(str(port))
            wait_for(lambda: accepts(LOOPBACK, port))
            return ApiServer(port, folder, scheme)

        yield make


@pytest.fixture(scope="module")
def api_server(start_server: StartServer) -> ApiServer:
    """A server that waits for its clients as long as it does by default."""
    return start_server()


@pytest.fixture
def client(api_server: ApiServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=api_server.url, timeout=PATIENCE_S) as opened:
        yield opened
