"""The marker of an unreadable batch among the records of its partition."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.streams.kafka.unreadable import (
    UnreadableBatch,
    count_positions,
    last_offset_of,
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
