"""Sends case records to an agency's national topic: acknowledged by all replicas, keyed by case, each once.

A feed file is an upload: its name follows from its content, and each receipt is for one of its lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson
from kafka import KafkaProducer
from kafka.errors import KafkaError

from pipeline.errors import LiaisonError
from pipeline.feeds.checking import CheckedLine, LineProblem
from pipeline.feeds.files import FileSurvey, numbered_lines
from pipeline.feeds.signing import line_content
from pipeline.feeds.uploads import Upload, UploadLine, UploadProgress, fits_in_message, open_upload
from pipeline.records.agencies import Agency, AgencyState
from pipeline.records.messages import Position, Reason, Receipt
from pipeline.records.model import case_key
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.connection import blocking_options
from pipeline.streams.registers.registry import read_agencies

LINGER_MS = 20
"""Long enough to fill batches of a file, too short to be felt by a single case."""
BATCH_BYTES = 1 << 18
BUFFER_LIMIT_S = 60.0
"""How long a send may wait for the broker before it counts as out of reach."""

CHUNK_LINES: Final = 500
"""Lines of a transaction: enough to make its 20 ms cheap, few enough to hold in memory and to show progress by."""
CHUNK_BYTES: Final = 4 << 20
"""Bytes of a transaction's lines, less the last one."""
SMALL: Final = 1 << 20
"""A line of this size fits even with a key as long as the line."""


StatedVersion = tuple[str, int]
"""Case key and version."""


class PushResult(msgspec.Struct):
    """What became of an upload's lines: `sent` now, `before` by an earlier attempt, or left out for their `problems`.

    `reached` says where on the national topic all messages of the upload lie.
    """

    sent: int = 0
    before: int = 0
    left_out: int = 0
    problems: list[LineProblem] = msgspec.field(default_factory=list)
    reached: UploadProgress = UploadProgress()


class CaseProducer:
    """Writes to the national topics; messages of one key keep their order."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer = KafkaProducer(
            **blocking_options(settings),
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
        topic = topics.topic_name(self._settings, topics.CASES, agency=agency)
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


async def require_agency(settings: Settings, name: str) -> Agency:
    """The agency as registered. Raises LiaisonError, with the command to use, if it is not."""
    agency = (await read_agencies(settings)).get(name)
    if agency is None or agency.state is not AgencyState.ACTIVE:
        raise LiaisonError(f"agency {name} is not registered; add it with `liaison ops agency add {name} --country CC`")
    return agency


async def push_lines(
    settings: Settings, agency: str, upload: str, lines: Iterable[CheckedLine], advance: Callable[[int], Any]
) -> PushResult:
    """Send every line without a problem as one message, unless an earlier attempt at this `upload` has dealt with it.

    `advance` hears how many lines were dealt with since. Raises LiaisonError; the same call again goes on from there.
    """
    pushed = PushResult()
    async with open_upload(settings, agency, upload) as opened:
        for chunk in batch_lines(recognised(opened, lines)):
            await push_chunk(opened, chunk, pushed)
            advance(len(chunk))
        opened.require_same_lines()
        pushed.reached = opened.reached
    return pushed


async def push_untaken(
    settings: Settings,
    agency: str,
    upload: str,
    lines: Iterable[CheckedLine],
    taken: Mapping[str, int],
    total: int,
    advance: Callable[[int], Any],
) -> tuple[PushResult, bool]:
    """Send again what intake has not taken, in the `upload` of this name; whether that upload was not over before.

    `taken` is the highest version that intake took of each case, `total` the number of lines. A line that is no record
    is not sent: what is wrong with it is in it. An attempt that was cut off goes on after the last line it reached, so
    that no line goes twice in one upload. Raises LiaisonError.
    """
    pushed = PushResult()
    async with open_upload(settings, agency, upload) as opened:
        pushed.reached = opened.reached
        if opened.reached.line >= total:
            return pushed, False
        known = recognised(opened, lines)
        untaken = (line for line in known if line.line > opened.reached.line and not _is_taken(line.raw, taken))
        for chunk in batch_lines(untaken):
            await push_chunk(opened, chunk, pushed)
            advance(len(chunk))
        opened.require_same_lines()
        if opened.reached.line or pushed.sent:
            await opened.send_lines([], total)
        pushed.reached = opened.reached
    return pushed, True


def _is_taken(raw: bytes, taken: Mapping[str, int]) -> bool:
    """Whether the record of a line is in, by it or a later version; what is none can't be."""
    record = record_of(raw)
    return record is None or taken.get(record[0], 0) >= record[1]


def recognised(upload: Upload, lines: Iterable[CheckedLine]) -> Iterator[CheckedLine]:
    """An upload's lines from the first on, with a problem where Kafka would not take one.

    Raises OtherLinesError as soon as those that an earlier attempt has taken are seen to be others.
    """
    for line in map(_check_size, lines):
        if not line.problems:
            upload.add_taken(line.line, line_content(line.raw))
        yield line


async def push_chunk(upload: Upload, lines: Sequence[CheckedLine], pushed: PushResult) -> list[Position]:
    """Send what is new of some `recognised` lines in one transaction, and add them to `pushed`; returns where to."""
    done = upload.reached.line
    good = [line for line in lines if not line.problems]
    new = [UploadLine(message_key(line.raw), line.raw) for line in good if line.line > done]
    positions = await upload.send_lines(new, lines[-1].line) if lines[-1].line > done else []
    pushed.sent += len(new)
    pushed.before += len(good) - len(new)
    pushed.left_out += len(lines) - len(good)
    pushed.problems += [problem for line in lines for problem in line.problems]
    return positions


def batch_lines(lines: Iterable[CheckedLine]) -> Iterator[list[CheckedLine]]:
    """The lines in order, by as many as make a good transaction."""
    chunk: list[CheckedLine] = []
    size = 0
    for line in lines:
        chunk.append(line)
        size += len(line.raw)
        if len(chunk) == CHUNK_LINES or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _check_size(line: CheckedLine) -> CheckedLine:
    """The line, with a problem where Kafka would not take it."""
    if line.problems or len(line.raw) <= SMALL or fits_in_message(UploadLine(message_key(line.raw), line.raw)):
        return line
    return CheckedLine(line.line, line.raw, (_too_large(line),))


def _too_large(line: CheckedLine) -> LineProblem:
    message = f"{len(line.raw)} bytes; Kafka takes no message over {topics.CASES.max_bytes} bytes"
    return LineProblem(line.line, Reason.TOO_LARGE, "", message)


def record_of(raw: bytes) -> StatedVersion | None:
    """Which version of which case a line is, as good as it can be read."""
    try:
        data = orjson.loads(raw)["data"]
        return case_key(data["agency"] + "", data["case_id"] + ""), data["version"] + 0
    except (ValueError, TypeError, KeyError):
        return None


def message_key(raw: bytes) -> bytes | None:
    """The case key of a record, as good as it can be read; None where it names no case."""
    try:
        data = orjson.loads(raw)["data"]
        return case_key(data["agency"] + "", data["case_id"] + "").encode()
    except (ValueError, TypeError, KeyError, UnicodeEncodeError):
        return None


def upload_name(seen: FileSurvey, *, validated: bool, signed_by: str = "") -> str:
    """The same content is the same upload, wherever the file lies; what was left out once may be sent unchecked.

    What was rejected unsigned is another upload once it is signed (`signed_by`: a mark of the key), as under each key.
    """
    signed = f"-signed-{signed_by}" if signed_by else ""
    return f"file-{seen.digest}{signed}{'' if validated else '-unchecked'}"


def read_file_lines(path: Path, seen: FileSurvey, places: dict[StatedVersion, int] | None) -> Iterator[bytes]:
    """The file's lines; `places`, where given, learns which line each record is on."""
    for number, raw in numbered_lines(path, seen):
        if places is not None and (record := record_of(raw)):
            places[record] = number
        yield raw


def match_receipts(receipts: Iterable[Receipt], places: Mapping[StatedVersion, int]) -> Iterator[tuple[int, Receipt]]:
    """The file's receipts with their lines; line 0 where the message was no record. Others' receipts are left out."""
    for receipt in receipts:
        line = places.get((receipt.case, receipt.version), 0)
        if line or not receipt.case:
            yield line, receipt
