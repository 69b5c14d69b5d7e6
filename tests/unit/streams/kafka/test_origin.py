"""The header that tells where a message sent again was first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.records.messages import Position
from pipeline.streams.kafka.origin import HEADER, origin_headers, origin_of

FIRST = Position("ns-cases.fr-pj", 2, 4711)


def record(given: list[tuple[str, bytes | None]]) -> Any:
    return SimpleNamespace(headers=given)


def test_what_is_sent_again_tells_its_first_position() -> None:
    assert origin_of(record([("traceparent", b"x"), *origin_headers(FIRST)])) == FIRST


@pytest.mark.parametrize(
    "value",
    [None, b"", b"no position", b"a-b-c", b"\xff-1-2", b"a-1-" + b"9" * 30, b"a-1--2", b"\x01" * 3000 + b"-1-2",
     "a-١-٢".encode(), b"a-1-2\n", b"-1-2"],
)  # fmt: skip
def test_a_header_that_is_not_ours_tells_nothing(value: bytes | None) -> None:
    assert origin_of(record([(HEADER, value)])) is None


def test_a_first_message_has_no_origin() -> None:
    assert origin_of(record([])) is None
