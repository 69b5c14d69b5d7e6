from __future__ import annotations

from aiokafka import TopicPartition

from pipeline.ops.status.throughput import TopicRate, compute_rates

A0, A1, B0 = TopicPartition("t.a", 0), TopicPartition("t.a", 1), TopicPartition("t.b", 0)


def test_partitions_are_added_up_and_the_busiest_topic_comes_first() -> None:
    offsets = [{A0: 1, A1: 5, B0: 0}, {A0: 2, A1: 7, B0: 40}, {A0: 2, A1: 9, B0: 41}]
    assert compute_rates(offsets, "t.") == (TopicRate("b", (40, 1)), TopicRate("a", (3, 2)))


def test_a_producers_clock_that_went_back_makes_nothing_negative() -> None:
    assert compute_rates([{A0: 5}, {A0: 3}, {A0: 6}]) == (TopicRate("t.a", (0, 3)),)
