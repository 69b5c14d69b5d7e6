"""How long a last stable offset has stood still."""

from __future__ import annotations

from aiokafka import TopicPartition

from pipeline.settings import Settings
from pipeline.streams.monitoring.offsets import StableOffsetWatch

FIRST, SECOND = TopicPartition("t", 0), TopicPartition("t", 1)


def test_the_age_counts_from_the_first_look_at_an_offset_that_stands_still_below_the_end() -> None:
    now = 100.0
    watch = StableOffsetWatch(Settings(), lambda: now)
    assert watch.update_ages({FIRST: 5, SECOND: 5}, {FIRST: 9, SECOND: 5}) == {FIRST: 0.0, SECOND: 0.0}
    now = 130.0
    assert watch.update_ages({FIRST: 5, SECOND: 5}, {FIRST: 12, SECOND: 6}) == {FIRST: 30.0, SECOND: 0.0}
    now = 140.0
    assert watch.update_ages({FIRST: 8, SECOND: 5}, {FIRST: 12, SECOND: 6}) == {FIRST: 0.0, SECOND: 10.0}
    now = 150.0
    assert watch.update_ages({FIRST: 12, SECOND: 5}, {FIRST: 12, SECOND: 7}) == {FIRST: 0.0, SECOND: 20.0}


def test_a_partition_that_was_not_looked_at_begins_anew() -> None:
    now = 0.0
    watch = StableOffsetWatch(Settings(), lambda: now)
    watch.update_ages({FIRST: 5}, {FIRST: 9})
    now = 60.0
    assert watch.update_ages({}, {}) == {}
    assert watch.update_ages({FIRST: 5}, {FIRST: 9}) == {FIRST: 0.0}
