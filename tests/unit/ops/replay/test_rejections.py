"""Which rejections are wanted, what is told of them, and where they go when sent again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from pipeline.ops.replay.rejections import (
    NOT_REPLAYED,
    RejectionFilter,
    count_by_reason,
    redact_rejection,
    route_rejected,
)
from pipeline.records.hashing import partition_of
from pipeline.records.messages import Position, Reason, RejectedMessage
from support.records.samples import message

KEY = b"fr-pj:2026-004711"
REJECTED = RejectedMessage(
    position=Position("cases.fr-pj", 1, 7),
    reason=Reason.SCHEMA,
    pointer="/data/title",
    message="must be text",
    agency="fr-pj",
    key=KEY,
    original=b"{}",
    time="2026-11-24T10:00:00.000+00:00",
)


def changed(**fields: Any) -> RejectedMessage:
    return msgspec.structs.replace(REJECTED, **fields)


UNREADABLE = msgspec.structs.replace(REJECTED, reason=Reason.UNREADABLE_BATCH, key=None, original=None, last_offset=9)


@pytest.mark.parametrize(
    ("wanted", "meets"),
    [
        (RejectionFilter(), True),
        (RejectionFilter(reason="schema", agency="fr-pj"), True),
        (RejectionFilter(reason="date"), False),
        (RejectionFilter(agency="be-fp"), False),
        (
            RejectionFilter(since=datetime(2026, 11, 24, 10, tzinfo=UTC), until=datetime(2026, 11, 24, 11, tzinfo=UTC)),
            True,
        ),
        (RejectionFilter(since=datetime(2026, 11, 24, 11, tzinfo=UTC)), False),
        (RejectionFilter(until=datetime(2026, 11, 24, 10, tzinfo=UTC)), False),
        (RejectionFilter(positions=frozenset({"cases.fr-pj-1-7"})), True),
        (RejectionFilter(positions=frozenset({"cases.fr-pj-1-8"})), False),
    ],
)
def test_what_is_wanted(wanted: RejectionFilter, meets: bool) -> None:
    assert wanted.matches(REJECTED) is meets


def test_the_original_is_told_by_its_size_alone() -> None:
    secret = changed(original=b"canary", key=b"canary-key", origin=Position("cases.fr-pj", 0, 1))
    rejection = redact_rejection(secret)
    assert b"canary" not in msgspec.json.encode(rejection)
    assert (rejection.size, rejection.origin, rejection.pointer) == (6, "cases.fr-pj-0-1", "/data/title")


def test_a_misrouted_record_goes_where_its_key_belongs() -> None:
    for key in (None, b"wrong"):
        assert route_rejected(changed(reason=Reason.MISROUTED, key=key, original=message()), 4) == (
            KEY,
            partition_of(KEY, 4),
        )


def test_others_go_to_the_partition_of_their_key_and_without_one_where_they_came() -> None:
    assert route_rejected(REJECTED, 4) == (KEY, partition_of(KEY, 4))
    assert route_rejected(changed(key=None), 4) == (None, 1)
    assert route_rejected(changed(reason=Reason.MISROUTED, key=None, original=b"unreadable"), 4) == (None, 1)


def test_an_unreadable_batch_is_named_by_each_of_its_positions_and_counts_for_all() -> None:
    for offset, meets in ((6, False), (7, True), (9, True), (10, False)):
        assert RejectionFilter(positions=frozenset({f"cases.fr-pj-1-{offset}"})).matches(UNREADABLE) is meets
    assert (redact_rejection(UNREADABLE).place, redact_rejection(REJECTED).place) == (
        "cases.fr-pj-1-7..9",
        "cases.fr-pj-1-7",
    )
    assert count_by_reason([redact_rejection(UNREADABLE), redact_rejection(REJECTED)]) == {
        "unreadable_batch": 3,
        "schema": 1,
    }
    assert UNREADABLE.reason in NOT_REPLAYED


def test_where_the_fault_is_is_told_without_names_that_the_schema_does_not_know() -> None:
    """The sender's own receipt has the whole pointer."""
    assert redact_rejection(changed(pointer="/data/entities/0/Ivan Petrov")).pointer == "/data/entities/0/…"
    assert redact_rejection(REJECTED).pointer == "/data/title"
