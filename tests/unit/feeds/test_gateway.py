from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest

from pipeline.feeds.gateway import MOST_LINE_BYTES, TooLargeError, lines_of


def lines(*pieces: bytes) -> list[bytes]:
    async def body() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def collect() -> list[bytes]:
        return [line async for line in lines_of(body())]

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


def test_a_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(TooLargeError):
        lines(*[b"x" * (1 << 20)] * (MOST_LINE_BYTES // (1 << 20) + 1))
