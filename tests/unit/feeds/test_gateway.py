from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterable

import pytest

from pipeline.feeds.gateway import MOST_LINE_BYTES, OtherFormatError, TooLargeError, lines_of, records_of


def lines(*pieces: bytes) -> list[bytes]:
    async def body() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def collect() -> list[bytes]:
        return [line async for line in lines_of(body())]

    return asyncio.run(collect())


def records(sent: bytes) -> list[bytes]:
    async def body() -> AsyncIterator[bytes]:
        yield sent

    async def collect() -> list[bytes]:
        return [line async for line in records_of(lines_of(body()))]

    return asyncio.run(collect())


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ((), []),
        ((b"a\nb\n",), [b"a", b"b"]),
        ((b"a\nb",), [b"a", b"b"]),
        ((b"a\r\n\nb\r\n",), [b"a", b"", b"b"]),
        ((b"a", b"b", b"\nc", b"\n", b"d"), [b"ab", b"c", b"d"]),
        ((b"a\r", b"\nb"), [b"a", b"b"]),
        ((b"\n", b"\n"), [b"", b""]),
    ],
)
def test_lines_are_put_together_from_pieces(pieces: Iterable[bytes], expected: list[bytes]) -> None:
    assert lines(*pieces) == expected


@pytest.mark.parametrize(
    "sent",
    [
        gzip.compress(b'{"specversion": "1.0"}\n' * 9),
        b'[{"specversion": "1.0"},\n{"specversion": "1.0"}]',
        b'{\n  "specversion": "1.0"\n}',
        b'{"specversion": "1.0",\n "data": {}}',
        b"\n\n<?xml version='1.0'?>\n<case/>",
        b"case_id;name\n1;Petrov",
    ],
    ids=["gzip", "a batch", "one pretty event", "one over two lines", "xml", "csv"],
)
def test_what_is_not_one_record_a_line_is_refused_as_a_whole(sent: bytes) -> None:
    with pytest.raises(OtherFormatError):
        records(sent)


@pytest.mark.parametrize(
    "sent", [b'{"a": 1}\n[', b'\xef\xbb\xbf{"a": 1}', b'\n\n  {"a": 1}\n<x>', b'{"broken"\n{"a": 1}', b""]
)
def test_single_lines_that_are_none_are_left_to_be_reported(sent: bytes) -> None:
    assert records(sent) == lines(sent)


def test_a_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(TooLargeError):
        lines(*[b"x" * (1 << 20)] * (MOST_LINE_BYTES // (1 << 20) + 1))
