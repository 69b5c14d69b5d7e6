"""Feeds for agencies without Kafka: lines in as they arrive, then the upload's receipts out. Knows no web framework.

Reading goes only as fast as Kafka takes the lines, a transaction's worth at a time, so a sender is held back by its own
connection and no request holds more than that in memory. Answers begin when the last line is in: a client that writes
before it reads can so never block itself. A cut request is sent again under the same upload name and sends nothing
twice.
"""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from pipeline.errors import LiaisonError
from pipeline.feeds.checking import CheckedLine, Checker
from pipeline.feeds.outcomes import receipts_of
from pipeline.feeds.pushing import (
    CHUNK_BYTES,
    CHUNK_LINES,
    PushResult,
    StatedVersion,
    push_chunk,
    recognised,
    record_of,
)
from pipeline.feeds.uploads import open_upload
from pipeline.records.agencies import Agency
from pipeline.records.messages import Receipt
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics

MOST_LINES: Final = 200_000
"""Of one request, whose lines are remembered by record until their receipts are told (some 200 bytes each)."""
MOST_LINE_BYTES: Final = topics.CASES.max_bytes
MOST_BYTES: Final = MOST_LINES * (64 << 10)
"""Of one request: as many lines as it may have, at a size that records seldom reach (13 GB)."""
GOES_ON: Final = (b"{", b"[", b",", b":")
"""How a line ends in the middle of JSON that is written over several."""

RECEIPTS_S: Final = 120.0
"""Longest wait for intake; the same request again tells the rest."""


class OtherFormatError(LiaisonError):
    """What comes is not one record a line."""


class TooLargeError(LiaisonError):
    """A request, or a line of it, is larger than the gateway takes."""


@dataclass
class ReceivedUpload:
    """A request's lines, all in Kafka or reported, and which line each record is on."""

    pushed: PushResult = field(default_factory=PushResult)
    lines: int = 0
    places: dict[StatedVersion, int] = field(default_factory=dict)


async def accept_upload(
    settings: Settings, agency: Agency, upload: str, body: AsyncIterable[bytes], *, validate: bool = True
) -> ReceivedUpload:
    """Send a body's lines, once each for this upload's name.

    Raises OtherFormatError where the first line begins no record, OtherLinesError where others were taken under this
    name, and sends none of these. Raises LiaisonError where Kafka does not take them, TooLargeError beyond a limit;
    what was sent by then stays sent.
    """
    received = ReceivedUpload()
    checker = Checker(agency.name, agency.country) if validate else None
    async with open_upload(settings, agency.name, upload) as opened:
        async for chunk in _batch_lines(records_of(lines_of(body))):
            numbered = list(enumerate(chunk, start=received.lines + 1))
            received.lines += len(chunk)
            if received.lines > MOST_LINES:
                raise TooLargeError(
                    "more than {most} lines in one request; send the rest in another upload", most=MOST_LINES
                )
            received.places |= {record: n for n, raw in numbered if (record := record_of(raw))}
            checked = await asyncio.to_thread(_check_lines, checker, numbered)
            await push_chunk(opened, list(recognised(opened, checked)), received.pushed)
        opened.require_same_lines()
        received.pushed.reached = opened.reached
    return received


def _check_lines(checker: Checker | None, numbered: list[tuple[int, bytes]]) -> list[CheckedLine]:
    return list(checker.check_lines(numbered)) if checker else [CheckedLine(number, raw) for number, raw in numbered]


async def lines_of(body: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """The lines of a body that comes in pieces, without their ends. Raises TooLargeError."""
    rest = bytearray()
    async for piece in body:
        *whole, last = piece.split(b"\n")
        for line in whole:
            yield bytes(rest + line).removesuffix(b"\r")
            rest.clear()
        rest += last
        if len(rest) > MOST_LINE_BYTES:
            raise TooLargeError("a line is longer than {most} bytes", most=MOST_LINE_BYTES)
    if rest:
        yield bytes(rest)


async def records_of(lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same lines. Raises OtherFormatError at the first that is not blank, unless a record may begin there.

    Compressed, as a batch, as XML or over several lines no line is a record, and all would be left out one by one.
    """
    begun = False
    async for line in lines:
        text = line.removeprefix(codecs.BOM_UTF8).strip()
        if text and not begun:
            begun = True
            if not text.startswith(b"{") or text.endswith(GOES_ON):
                raise OtherFormatError("send one record a line, as JSON, not compressed, and nothing else")
        yield line


async def _batch_lines(lines: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    chunk: list[bytes] = []
    size = 0
    async for line in lines:
        chunk.append(line)
        size += len(line)
        if len(chunk) == CHUNK_LINES or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


async def stream_answer(settings: Settings, agency: str, received: ReceivedUpload) -> AsyncIterator[bytes]:
    """The answer as NDJSON: what was taken, each line that was left out, each receipt, and whether these are all."""
    pushed = received.pushed
    yield _encode_line(
        {"lines": received.lines, "sent": pushed.sent, "before": pushed.before, "left_out": pushed.left_out}
    )
    for problem in pushed.problems:
        yield _encode_line(problem)
    unanswered = pushed.sent + pushed.before
    receipts = receipts_of(settings, agency, pushed.reached)
    deadline = asyncio.get_running_loop().time() + RECEIPTS_S
    try:
        while receipt := await _next_receipt(receipts, deadline):
            place = received.places.get((receipt.case, receipt.version), 0)
            if place or not receipt.case:
                unanswered -= len(receipt.offsets)
                yield _encode_line({"line": place} | msgspec.to_builtins(receipt))
    except TimeoutError:
        pass
    finally:
        await receipts.aclose()
    yield _encode_line({"unanswered": max(0, unanswered)})


async def _next_receipt(receipts: AsyncIterator[Receipt], deadline: float) -> Receipt | None:
    async with asyncio.timeout_at(deadline):
        return await anext(receipts, None)


def _encode_line(value: Any) -> bytes:
    return msgspec.json.encode(value) + b"\n"
