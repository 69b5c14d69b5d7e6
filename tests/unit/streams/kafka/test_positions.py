"""Which positions a record stands for: the range of an unreadable batch, the first one of what was sent again."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.records.messages import Position
from pipeline.streams.kafka.positions import (
    HEADER,
    UnreadableBatch,
    count_positions,
    last_offset_of,
    origin_headers,
    origin_of,
    records_after,
    records_up_to,
)

BATCH = UnreadableBatch("cases.fr-pj", 0, 5, 9, 1000, "its records are malformed")


def record(offset: int) -> Any:
    return SimpleNamespace(topic="cases.fr-pj", partition=0, offset=offset, timestamp=1000)


RECORDS = [record(3), record(4), BATCH, record(10)]


def test_it_stands_for_its_range() -> None:
    assert [last_offset_of(one) for one in RECORDS] == [3, 4, 9, 10]
    assert (BATCH.positions, count_positions(RECORDS), count_positions([])) == (5, 8, 0)


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (2, RECORDS),
        (4, RECORDS[2:]),
        (6, [replace(BATCH, offset=7), RECORDS[3]]),
        (8, [replace(BATCH, offset=9), RECORDS[3]]),
        (9, RECORDS[3:]),
        (10, []),
    ],
)
def test_what_lies_behind_an_offset(offset: int, expected: list[Any]) -> None:
    assert records_after(RECORDS, offset) == expected


@pytest.mark.parametrize(
    ("offset", "expected"),
    [(2, []), (4, RECORDS[:2]), (7, [*RECORDS[:2], replace(BATCH, last_offset=7)]), (9, RECORDS[:3]), (10, RECORDS)],
)
def test_what_lies_up_to_an_offset(offset: int, expected: list[Any]) -> None:
    assert records_up_to(RECORDS, offset) == expected


FIRST = Position("ns-cases.fr-pj", 2, 4711)


def sent_with(given: list[tuple[str, bytes | None]]) -> Any:
    return SimpleNamespace(headers=given)


def test_what_is_sent_again_tells_its_first_position() -> None:
    assert origin_of(sent_with([("traceparent", b"x"), *origin_headers(FIRST)])) == FIRST


@pytest.mark.parametrize(
    "value",
    [None, b"", b"no position", b"a-b-c", b"\xff-1-2", b"a-1-" + b"9" * 30, b"a-1--2", b"\x01" * 3000 + b"-1-2",
     "a-١-٢".encode(), b"a-1-2\n", b"-1-2"],
)  # fmt: skip
def test_a_header_that_is_not_ours_tells_nothing(value: bytes | None) -> None:
    assert origin_of(sent_with([(HEADER, value)])) is None


def test_a_first_message_has_no_origin() -> None:
    assert origin_of(sent_with([])) is None
