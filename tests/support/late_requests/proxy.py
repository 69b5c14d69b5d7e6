"""A TCP proxy before a Kafka broker that treats requests of transactions as a bad network would.

It reads just enough of the protocol to know a request's kind and transactional id, and shows itself as the broker in
Metadata and FindCoordinator, so that all traffic of a client goes through it. What it holds back reaches the broker on
a connection of its own, as what was left in a dead connection's buffers would. A request whose answer has reached the
client never comes again: TCP delivers once.
"""

from __future__ import annotations

import asyncio
import struct
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Final, NamedTuple

from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.metadata import MetadataRequest

from pipeline.settings import Settings

HOST: Final = "127.0.0.1"
CORRELATION_BYTES: Final = 4
ANSWER_S: Final = 5.0
"""How long a late request's answer is waited for; the broker takes some milliseconds."""


class Api(IntEnum):
    """Kinds of requests that belong to a transaction; each begins with the transactional id."""

    PRODUCE = 0
    INIT_PRODUCER_ID = 22
    ADD_PARTITIONS = 24
    ADD_OFFSETS = 25
    END_TRANSACTION = 26


class Fault(StrEnum):
    """What becomes of a request."""

    NONE = "none"
    DELAYED = "delayed"
    """Forwarded in place, later: beyond the client's time-out or not."""
    UNANSWERED = "unanswered"
    """Applied; the answer is lost."""
    CUT = "cut"
    """Applied; the connection is cut instead of answered."""
    LATE = "late"
    """Not answered; reaches the broker after some later requests of the same transactional id."""
    LATE_AND_CUT = "late and cut"
    """The same, and the connection is cut at once."""
    TWICE = "twice"
    """Applied, the answer is lost, and a copy reaches the broker after some later requests."""
    TWICE_AND_CUT = "twice and cut"
    """Applied, the connection is cut, and a copy follows after some later requests."""


LATER: Final = {Fault.LATE, Fault.LATE_AND_CUT, Fault.TWICE, Fault.TWICE_AND_CUT}
APPLIED: Final = {Fault.UNANSWERED, Fault.CUT, Fault.TWICE, Fault.TWICE_AND_CUT}


class Treatment(NamedTuple):
    """A fault; `delay_s` is for DELAYED, `after` for what comes late: how many requests go before it."""

    fault: Fault = Fault.NONE
    delay_s: float = 0.0
    after: int = 0


Schedule = Callable[[str, Api], Treatment]
"""The treatment of the next request of a transactional id; asked once for each, in their order."""


@dataclass
class _Held:
    frame: bytes
    api: Api
    left: int


class _Expected(NamedTuple):
    """An answer to come: its kind and version, and whether it is passed on, lost, or cuts the connection."""

    api: int
    version: int
    fault: Fault


@dataclass
class LateRequestProxy:
    """Stands before the one broker of `settings`; `treat` decides about each request of a transaction.

    `treated` counts requests by kind and fault; `accepted` and `refused` count what came late, by the broker's answer.
    """

    settings: Settings
    treat: Schedule
    port: int = 0
    treated: Counter[tuple[str, str]] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _held: dict[str, list[_Held]] = field(default_factory=lambda: defaultdict(list))
    _connections: set[asyncio.Task[Any]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    @property
    def broker_port(self) -> int:
        """The one broker's port."""
        return int(self.settings.kafka_url.rsplit(":", 1)[1])

    @property
    def behind(self) -> Settings:
        """Settings that lead through the proxy."""
        return self.settings.model_copy(update={"kafka_url": f"{HOST}:{self.port}"})

    async def __aenter__(self) -> LateRequestProxy:
        """Listen on any port, which is `port` from then on."""
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close everything; what is still held back is dropped."""
        assert self._server is not None
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def deliver(self, transactional_id: str) -> None:
        """Let all that is held back of a transactional id reach the broker now."""
        for held in self._held.pop(transactional_id, []):
            await self._deliver(held)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await _Connection(self, reader, writer).run()
        finally:
            self._connections.discard(task)

    async def before(self, transactional_id: str) -> None:
        """Let go ahead of the next request what was to come after so many."""
        held = self._held[transactional_id]
        for each in held:
            each.left -= 1
        due = [each for each in held if each.left <= 0]
        self._held[transactional_id] = [each for each in held if each.left > 0]
        for each in due:
            await self._deliver(each)

    def hold(self, transactional_id: str, api: Api, frame: bytes, after: int) -> None:
        """Keep a request for later."""
        self._held[transactional_id].append(_Held(frame, api, after))

    async def _deliver(self, held: _Held) -> None:
        reader, writer = await asyncio.open_connection(HOST, self.broker_port)
        try:
            writer.write(_framed(held.frame))
            async with asyncio.timeout(ANSWER_S):
                answer = await _frame(reader)
        finally:
            writer.close()
        (self.refused if any(_errors(held.api, answer)) else self.accepted)[held.api.name] += 1


class _Connection:
    """One client's connection, and the one to the broker that stands for it."""

    def __init__(self, proxy: LateRequestProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy, self._reader, self._writer = proxy, reader, writer
        self._expected: deque[_Expected] = deque()
        self._answered = asyncio.Event()
        self._answered.set()

    async def run(self) -> None:
        """Pass requests and answers until either side closes; what the client sent before still reaches the broker."""
        reader, broker = await asyncio.open_connection(HOST, self._proxy.broker_port)
        answering = asyncio.create_task(self._answer(reader))
        try:
            with suppress(asyncio.IncompleteReadError, OSError):
                while True:
                    await self._request(await _frame(self._reader), broker)
            with suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    await self._answered.wait()
        finally:
            answering.cancel()
            await asyncio.wait([answering])
            broker.close()
            self._writer.close()

    async def _request(self, frame: bytes, broker: asyncio.StreamWriter) -> None:
        api, version, _ = struct.unpack_from(">hhi", frame)
        treatment = Treatment()
        if api in set(Api) and (transactional_id := _transactional_id(frame)):
            await self._proxy.before(transactional_id)
            treatment = self._proxy.treat(transactional_id, Api(api))
            self._proxy.treated[Api(api).name, treatment.fault] += 1
            if treatment.fault in LATER:
                self._proxy.hold(transactional_id, Api(api), frame, treatment.after)
        fault = treatment.fault
        if fault is Fault.DELAYED:
            await asyncio.sleep(treatment.delay_s)
        if fault in APPLIED or fault not in LATER:
            self._expected.append(_Expected(api, version, fault))
            self._answered.clear()
            broker.write(_framed(frame))
        elif fault is Fault.LATE_AND_CUT:
            self._writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                frame = await _frame(reader)
                expected = self._expected.popleft()
                if not self._expected:
                    self._answered.set()
                if expected.fault in {Fault.CUT, Fault.TWICE_AND_CUT}:
                    break
                if expected.fault not in APPLIED:
                    self._writer.write(_framed(self._readdressed(expected, frame)))
        self._answered.set()
        self._writer.close()

    def _readdressed(self, expected: _Expected, frame: bytes) -> bytes:
        """The answer, with the proxy's address in place of the broker's."""
        for request in (MetadataRequest, FindCoordinatorRequest):
            for form in request._CLASSES:
                if (expected.api, expected.version) == (form.API_KEY, form.API_VERSION):
                    answer = form.RESPONSE_TYPE.decode(frame[CORRELATION_BYTES:])
                    self._readdress(answer)
                    return frame[:CORRELATION_BYTES] + bytes(answer.encode())
        return frame

    def _readdress(self, answer: Any) -> None:
        if hasattr(answer, "brokers"):
            answer.brokers = [(node, HOST, self._proxy.port, *rest) for node, _, _, *rest in answer.brokers]
        else:
            answer.host, answer.port = HOST, self._proxy.port


async def _frame(reader: asyncio.StreamReader) -> bytes:
    (size,) = struct.unpack(">i", await reader.readexactly(4))
    return await reader.readexactly(size)


def _framed(frame: bytes) -> bytes:
    return struct.pack(">i", len(frame)) + frame


def _transactional_id(frame: bytes) -> str:
    """The first string behind the header (version 1, whose client id is a string too); empty where it is null."""
    (client,) = struct.unpack_from(">h", frame, 8)
    start = 10 + max(client, 0)
    (length,) = struct.unpack_from(">h", frame, start)
    return frame[start + 2 : start + 2 + max(length, 0)].decode()


def _errors(api: Api, answer: bytes) -> list[int]:
    """The error codes of an answer, as aiokafka's versions of the requests have it."""
    if api in {Api.END_TRANSACTION, Api.INIT_PRODUCER_ID, Api.ADD_OFFSETS}:
        return list(struct.unpack_from(">h", answer, 8))
    return _partition_errors(answer, 8 if api is Api.ADD_PARTITIONS else 4, plain=api is Api.ADD_PARTITIONS)


def _partition_errors(answer: bytes, start: int, *, plain: bool) -> list[int]:
    """Codes in `[topic [partition code …]]`; a produced partition's entry (version 8) has more behind its code."""
    errors = []
    (topics,) = struct.unpack_from(">i", answer, start)
    place = start + 4
    for _ in range(topics):
        (length,) = struct.unpack_from(">h", answer, place)
        (partitions,) = struct.unpack_from(">i", answer, place + 2 + length)
        place += 6 + length
        for _ in range(partitions):
            errors.append(struct.unpack_from(">ih", answer, place)[1])
            if not plain:
                return errors
            place += 6
    return errors
