"""Sends case records to an agency's national topic: idempotent, acknowledged by all replicas, keyed by case."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import orjson
from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError

from pipeline.errors import LiaisonError
from pipeline.feeds.checking import Checked, LineProblem
from pipeline.records.agencies import Agency, AgencyState
from pipeline.records.messages import Reason
from pipeline.records.model import case_key
from pipeline.settings import Settings
from pipeline.streams import topics
from pipeline.streams.connection import options
from pipeline.streams.registry import agencies

LINGER_MS = 20
"""Long enough to fill batches of a file, too short to be felt by a single case."""
BATCH_BYTES = 1 << 18
BUFFER_LIMIT_S = 60.0
"""How long a send may wait for the broker before it counts as out of reach."""


class Pushed(msgspec.Struct):
    """What became of a file's lines: `sent` are acknowledged by Kafka, `problems` were not sent."""

    sent: int = 0
    problems: list[LineProblem] = msgspec.field(default_factory=list)
    left_out: int = 0


class CaseProducer:
    """Writes to the national topics; messages of one key keep their order."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer = KafkaProducer(
            **options(settings),
            client_id="liaison-feed",
            acks="all",
            enable_idempotence=True,
            linger_ms=LINGER_MS,
            batch_size=BATCH_BYTES,
            max_request_size=topics.CASES.max_bytes,
            max_block_ms=int(BUFFER_LIMIT_S * 1000),
        )

    def send(
        self,
        agency: str,
        key: bytes | None,
        value: bytes | None,
        done: Callable[[BaseException | None], None],
        partition: int | None = None,
    ) -> None:
        """Send one message; `done` hears None once it is acknowledged, else the error, from the producer's thread.

        Without `partition` the key decides (murmur2). Raises MessageSizeTooLargeError at once for what never fits.
        """
        topic = topics.name(self._settings, topics.CASES, agency=agency)
        future = self._producer.send(topic, value, key=key, partition=partition)
        future.add_callback(lambda _metadata: done(None))
        future.add_errback(done)

    def flush(self) -> None:
        """Wait until everything sent is acknowledged or has failed."""
        self._producer.flush()

    def close(self) -> None:
        """Flush and end."""
        self._producer.close()


@contextmanager
def case_producer(settings: Settings) -> Iterator[CaseProducer]:
    """A producer, closed afterwards. Raises LiaisonError where Kafka can't be reached."""
    try:
        producer = CaseProducer(settings)
    except KafkaError as error:
        raise LiaisonError(f"Kafka can't be reached: {error}") from error
    try:
        yield producer
    finally:
        producer.close()


def registered(settings: Settings, name: str) -> Agency:
    """The agency as registered. Raises LiaisonError, with the command to use, if it is not."""
    agency = asyncio.run(agencies(settings)).get(name)
    if agency is None or agency.state is not AgencyState.ACTIVE:
        raise LiaisonError(f"no agency {name} takes part: liaison ops agency add {name} --country CC")
    return agency


def push(producer: CaseProducer, agency: str, lines: Iterable[Checked], advance: Callable[[], Any]) -> Pushed:
    """Send every line without a problem as one message; `advance` is called for each line dealt with.

    Raises LiaisonError if Kafka did not take a line for another reason than its size.
    """
    pushed = Pushed()
    failures: list[BaseException] = []
    for line in lines:
        if line.problems:
            pushed.problems += line.problems
            pushed.left_out += 1
            advance()
        else:
            _send(producer, agency, line, pushed, failures, advance)
    producer.flush()
    if failures:
        raise LiaisonError(f"Kafka took {pushed.sent:,} lines, but not {len(failures):,}: {failures[0]}")
    return pushed


def _send(
    producer: CaseProducer,
    agency: str,
    line: Checked,
    pushed: Pushed,
    failures: list[BaseException],
    advance: Callable[[], Any],
) -> None:
    def done(error: BaseException | None) -> None:
        if error is None:
            pushed.sent += 1
        elif isinstance(error, MessageSizeTooLargeError):
            pushed.problems.append(_too_large(line))
            pushed.left_out += 1
        else:
            failures.append(error)
        advance()

    try:
        producer.send(agency, message_key(line.raw), line.raw, done)
    except MessageSizeTooLargeError as error:
        done(error)
    except KafkaError as error:
        raise LiaisonError(f"Kafka does not take messages: {error}") from error


def _too_large(line: Checked) -> LineProblem:
    message = f"{len(line.raw)} bytes; the producer takes no message over {topics.CASES.max_bytes} bytes"
    return LineProblem(line.line, Reason.TOO_LARGE, "", message)


def message_key(raw: bytes) -> bytes | None:
    """The case key of a record, as good as it can be read; None where it names no case."""
    try:
        data = orjson.loads(raw)["data"]
        return case_key(data["agency"] + "", data["case_id"] + "").encode()
    except (ValueError, TypeError, KeyError, UnicodeEncodeError):
        return None
