from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aiokafka import TopicPartition

from pipeline.streams.freshness import Freshness

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
A, B = TopicPartition("accepted", 0), TopicPartition("links", 0)


def test_the_index_is_as_of_the_last_moment_whose_ends_are_acknowledged() -> None:
    freshness = Freshness()
    for minute, end in enumerate((10, 20, 30)):
        freshness.note(NOW + timedelta(minutes=minute), {A: end, B: 5})
    freshness.acknowledged({A: 9, B: 5}, set())
    assert freshness.as_of is None
    freshness.acknowledged({A: 25, B: 5}, set())
    assert freshness.as_of == NOW + timedelta(minutes=1)


def test_a_partition_at_rest_is_read_whole_though_its_markers_are_never_acknowledged() -> None:
    freshness = Freshness()
    freshness.note(NOW, {A: 10, B: 5})
    freshness.acknowledged({A: 9, B: 4}, {A})
    assert freshness.as_of is None, "B goes on"
    freshness.acknowledged({A: 9, B: 5}, {A})
    assert freshness.as_of == NOW
