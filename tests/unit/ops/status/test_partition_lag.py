"""Which records are looked at to tell how long a group is behind, and what is said of each partition."""

from __future__ import annotations

from datetime import timedelta

from aiokafka import TopicPartition

from pipeline.ops.status.partition_lag import MAX_TIMED, PartitionLag, describe_lags, first_waiting
from pipeline.streams.monitoring.lag import Lag
from support.api.runtime import NOW

ACCEPTED = TopicPartition("t.accepted", 1)
COMMITTED = {"t.project-g1": {ACCEPTED: 5}, "t.derive-g2": {ACCEPTED: 9}, "t.notify": {ACCEPTED: 12}}
LAGS = [
    Lag("t.project-g1", "t.accepted", 1, 7),
    Lag("t.derive-g2", "t.accepted", 1, 3),
    Lag("t.notify", "t.accepted", 1, 0),
]


def test_each_group_is_timed_by_its_own_first_waiting_record() -> None:
    assert first_waiting(COMMITTED, LAGS) == {(ACCEPTED, 5), (ACCEPTED, 9)}


def test_those_that_wait_most_are_timed() -> None:
    partitions = [TopicPartition("cases", number) for number in range(2 * MAX_TIMED)]
    lags = [Lag("intake", "cases", number, number) for number in range(2 * MAX_TIMED)]
    timed = first_waiting({"intake": dict.fromkeys(partitions, 0)}, lags)
    assert {place.partition for place, _ in timed} == set(range(MAX_TIMED, 2 * MAX_TIMED))


def test_seconds_are_told_where_something_waits_and_its_time_is_known() -> None:
    times = {(ACCEPTED, 5): (NOW - timedelta(seconds=90)).timestamp(), (ACCEPTED, 12): 0.0}
    assert describe_lags("t.", COMMITTED, LAGS, times, NOW) == [
        PartitionLag("project-g1", "accepted", 1, 7, 90.0),
        PartitionLag("derive-g2", "accepted", 1, 3, None),
        PartitionLag("notify", "accepted", 1, 0, None),
    ]


def test_a_clock_that_is_behind_kafkas_makes_no_negative_delay() -> None:
    times = {(ACCEPTED, 5): (NOW + timedelta(seconds=9)).timestamp()}
    assert describe_lags("t.", COMMITTED, LAGS[:1], times, NOW)[0].behind_s == 0.0
