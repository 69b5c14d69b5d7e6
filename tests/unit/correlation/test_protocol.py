"""Ids, homes, and messages about pairs as records."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.correlation.protocol import (
    Answer,
    Ask,
    CaseVersion,
    Follow,
    PairMessage,
    Posting,
    ProtocolError,
    Watch,
    WatchMessage,
    case_id,
    decode_pair_message,
    encode_pair_message,
    home_partition,
    order_pair,
    target_partition,
)
from pipeline.matching.fingerprint import Fingerprint

A, B = order_pair(case_id("a:1"), case_id("b:1"))


def test_homes_are_spread_evenly_and_told_by_the_id_alone() -> None:
    homes = [home_partition(case_id(f"fr-pj:{number}"), 5) for number in range(1000)]
    assert set(homes) == set(range(5))
    assert max(homes.count(home) for home in range(5)) < 250


def test_a_pair_has_one_order_whoever_asks() -> None:
    assert order_pair(A, B) == order_pair(B, A) == (A, B)
    assert A < B


@pytest.mark.parametrize(
    "message",
    [
        Ask(A, B, 2**54 - 1, 0),
        Ask(A, B, 3, 5, sampled=True),
        Watch(A, B, on=True, order_b=7),
        Watch(A, B, on=False, order_b=2**54 - 1),
        Follow(A, B, on=True),
        Follow(A, B, on=False),
    ],
)
def test_a_message_comes_back_as_it_was_sent(message: PairMessage | WatchMessage) -> None:
    assert decode_pair_message(*encode_pair_message(message)) == message


@pytest.mark.parametrize("sampled", [False, True])
def test_an_answer_has_the_fingerprint_as_it_came(case: Callable[..., Fingerprint], *, sampled: bool) -> None:
    held = CaseVersion(case("b1", "red car", version=3))
    key, value = encode_pair_message(Answer(A, B, held, sampled))
    assert value == held.encoded
    answer = decode_pair_message(key, value)
    assert isinstance(answer, Answer)
    assert (answer.a, answer.b, answer.sampled) == (A, B, sampled)
    assert answer.version.fingerprint == held.fingerprint
    assert answer.version.order == 6


def test_the_kinds_have_keys_of_their_own_so_that_compaction_keeps_each() -> None:
    messages: list[PairMessage | WatchMessage] = [
        Ask(A, B, 1, 1),
        Watch(A, B, on=True, order_b=1),
        Follow(A, B, on=True),
    ]
    assert len({encode_pair_message(message)[0] for message in messages}) == 3


def test_each_message_goes_where_it_is_needed(case: Callable[..., Fingerprint]) -> None:
    home_a, home_b = home_partition(A, 97), home_partition(B, 97)
    assert home_a != home_b
    assert target_partition(Ask(A, B, 1, 1), 97) == home_b
    assert target_partition(Answer(A, B, CaseVersion(case("b1", ""))), 97) == home_a
    assert target_partition(Watch(A, B, on=True, order_b=1), 97) == home_b
    assert target_partition(Follow(A, B, on=True), 97) == home_a
    assert target_partition(Posting(5, A, b""), 97) == 5


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"", b""),
        (b"\x01" + A + B, b"short"),
        (b"\x01" + B + A, bytes(16)),
        (b"\x01" + A + B + b"more", bytes(16)),
        (b"\x63" + A + B, b""),
        (b"\x05" + A + B, b""),
        (b"\x06" + A + B, b"longer"),
    ],
)
def test_what_is_no_message_is_refused(key: bytes, value: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_pair_message(key, value)
