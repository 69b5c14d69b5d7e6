"""The account of one partition's offsets, held against a plain dictionary of positions."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import LiaisonError
from pipeline.streams.monitoring.accounting import OutcomeMap, OutcomeReason, PartitionCount, VerdictNumbers

ACCEPTED: OutcomeReason = ("accepted", "")
DUPLICATE: OutcomeReason = ("duplicate", "")
UNREADABLE: OutcomeReason = ("rejected", "unreadable_batch")

BEGIN = 1_000

offset_ranges = st.tuples(st.integers(BEGIN - 20, BEGIN + 60), st.integers(0, 12)).map(
    lambda drawn: (drawn[0], drawn[0] + drawn[1])
)
receipts = st.tuples(offset_ranges, st.sampled_from([ACCEPTED, DUPLICATE, UNREADABLE]))


def plain(
    messages: list[tuple[int, int]],
    said: list[tuple[tuple[int, int], OutcomeReason]],
    acknowledged: int,
    aside: set[int],
) -> PartitionCount:
    """The same by a dictionary."""
    held = {offset for first, last in messages for offset in range(first, last + 1) if offset >= BEGIN}
    first_verdict: dict[int, OutcomeReason] = {}
    repeated = contradicted = 0
    for (first, last), verdict in said:
        for offset in range(max(first, BEGIN), min(last, max(held, default=0)) + 1):
            if offset in first_verdict:
                repeated += 1
                contradicted += first_verdict[offset] != verdict
            first_verdict.setdefault(offset, verdict)
    without = [offset for offset in held if offset not in first_verdict]
    passed = [offset for offset in without if offset < acknowledged]
    set_aside = len(aside.intersection(passed))
    verdicts = Counter(first_verdict[offset] for offset in held if offset in first_verdict)
    waiting = len(without) - len(passed)
    return PartitionCount(dict(verdicts), len(passed) - set_aside, set_aside, waiting, repeated, contradicted)


@given(
    st.lists(offset_ranges),
    st.lists(receipts),
    st.integers(BEGIN - 20, BEGIN + 80),
    st.sets(st.integers(BEGIN - 20, BEGIN + 80)),
)
def test_positions_are_counted_as_a_dictionary_would(
    messages: list[tuple[int, int]],
    said: list[tuple[tuple[int, int], OutcomeReason]],
    acknowledged: int,
    aside: set[int],
) -> None:
    account = OutcomeMap(BEGIN, VerdictNumbers())
    for first, last in messages:
        account.add_messages(first, last)
    for (first, last), verdict in said:
        account.add_receipt(first, last, verdict)
    counted = account.count_messages(acknowledged, [range(offset, offset + 1) for offset in aside])
    assert counted == plain(messages, said, acknowledged, aside)


def test_a_range_counts_each_of_its_positions() -> None:
    account = OutcomeMap(0, VerdictNumbers())
    account.add_messages(0, 999_999)
    account.add_receipt(0, 999_998, UNREADABLE)
    assert account.count_messages(1_000_000) == PartitionCount({UNREADABLE: 999_999}, 1, 0, 0, 0, 0)


def test_a_receipt_far_beyond_the_partition_takes_no_memory() -> None:
    account = OutcomeMap(0, VerdictNumbers())
    account.add_messages(3, 3)
    account.add_receipt(3, 1 << 62, ACCEPTED)
    assert account.count_messages(4) == PartitionCount({ACCEPTED: 1}, 0, 0, 0, 0, 0)


def test_more_verdicts_than_there_can_be_are_refused() -> None:
    numbers = VerdictNumbers()
    for at in range(127):
        numbers.number_of(("rejected", str(at)))
    with pytest.raises(LiaisonError, match="more reasons"):
        numbers.number_of(("rejected", "one too many"))
