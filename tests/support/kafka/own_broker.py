"""A Kafka of a test's own, which it may stop, and a line to it that holds back what clients send."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import aiokafka.client
import pytest

from pipeline.engines.endpoints import endpoints
from pipeline.localstack import stack
from pipeline.settings import Settings
from pipeline.streams.catalogues.topics import plan_topics
from pipeline.streams.kafka.topic_plans import apply_plan
from support.ports import own_port


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Settings]:
    """A Kafka of this test's own, which it may stop."""
    home = Settings(
        home=tmp_path / "engines", kafka_url="", elasticsearch_url="http://127.0.0.1:1", kafka_port=own_port()
    )
    stack.start_engines(home)
    apply_plan(home, plan_topics(home, [], []))
    yield home
    stack.stop_engines(home)


@contextmanager
def stopped(home: Settings) -> Iterator[None]:
    """The broker hangs: its connections stay, and it answers nothing."""
    pid = next(status.pid for status in stack.engine_statuses(home) if status.name == "kafka")
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        while not _is_stopped(pid):  # until then its threads may still answer
            time.sleep(0.005)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _is_stopped(pid: int) -> bool:
    """Whether all threads of a process have stopped."""
    states = (stat.read_text().rpartition(")")[2].split()[0] for stat in Path(f"/proc/{pid}/task").glob("*/stat"))
    return all(state in "Tt" for state in states)


class HeldConnection:
    """Passes connections on to Kafka; `hold` keeps what clients send on those that are open, `release` sends it."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._held: list[asyncio.Event] = []
        self._writers: list[asyncio.StreamWriter] = []
        self._served: list[asyncio.Event] = []
        self.bytes_held = 0

    async def serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        passing, served = asyncio.Event(), asyncio.Event()
        passing.set()
        self._held.append(passing)
        self._served.append(served)
        there, broker = await asyncio.open_connection(self._host, self._port)
        self._writers += [client, broker]
        await asyncio.gather(self._pass_on(reader, broker, passing), self._pass_back(there, client))
        served.set()

    async def _pass_on(
        self, reader: asyncio.StreamReader, broker: asyncio.StreamWriter, passing: asyncio.Event
    ) -> None:
        """What the client sent, though it has cut the line meanwhile; the broker is not told of that."""
        with suppress(OSError):
            while piece := await reader.read(65536):
                if not passing.is_set():
                    self.bytes_held += len(piece)
                    await passing.wait()
                broker.write(piece)

    async def _pass_back(self, there: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await there.read(65536):
                if not client.is_closing():
                    client.write(piece)

    async def close(self) -> None:
        self.release()
        for writer in self._writers:
            writer.transport.abort()
        for served in self._served:
            await served.wait()

    def hold(self) -> None:
        for passing in self._held:
            passing.clear()

    def release(self) -> None:
        for passing in self._held:
            passing.set()


@pytest.fixture
async def line(broker: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[HeldConnection]:
    """A line that all of aiokafka's connections in this process take, whatever address a broker goes by."""
    host, _, port = endpoints(broker).kafka.partition(":")
    made = HeldConnection(host, int(port))
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    own = server.sockets[0].getsockname()[1]
    connect = aiokafka.client.create_conn
    monkeypatch.setattr(aiokafka.client, "create_conn", lambda _host, _port, **how: connect("127.0.0.1", own, **how))
    yield made
    server.close()
    await made.close()
