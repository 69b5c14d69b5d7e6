from __future__ import annotations

from collections.abc import Collection, Mapping
from types import SimpleNamespace
from typing import Any, cast

from aiokafka import TopicPartition

from pipeline.streams.catalogues import metrics
from pipeline.streams.monitoring.monitor import LastEventGauges
from pipeline.streams.runtime.metering import Meter

NAMESPACE = "last-events-"
A, B = (TopicPartition(f"{NAMESPACE}cases.fr-pj", number) for number in range(2))


def told(partition: TopicPartition) -> float | None:
    labels = {"topic": partition.topic.removeprefix(NAMESPACE), "partition": str(partition.partition)}
    return metrics.REGISTRY.get_sample_value("liaison_last_event_timestamp_seconds", labels)


class Ends:
    """What Kafka holds at the end of each partition; it remembers what it was asked about."""

    def __init__(self, times_s: Mapping[TopicPartition, float]) -> None:
        self.times_s, self.asked = times_s, list[set[TopicPartition]]()

    async def ask(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, float]:
        self.asked.append(set(partitions))
        return {one: self.times_s[one] for one in partitions if one in self.times_s}


async def test_a_partition_is_asked_about_once_while_it_is_owned() -> None:
    ends = Ends({A: 100.0, B: 50.0})
    gauges = LastEventGauges(ends.ask, NAMESPACE)
    await gauges.tell({A})
    await gauges.tell({A, B})
    assert ends.asked == [{A}, {B}]
    assert (told(A), told(B)) == (100.0, 50.0)
    await gauges.tell({B})
    assert (told(A), told(B)) == (None, 50.0)
    await gauges.tell({A})
    assert ends.asked[-1] == {A}
    assert (told(A), told(B)) == (100.0, None)
    await gauges.tell(set())


async def test_a_partition_without_records_is_told_of_as_one_that_never_had_any() -> None:
    """Else an agency that never sent would be silent without anybody's being told."""
    gauges = LastEventGauges(Ends({}).ask, NAMESPACE)
    await gauges.tell({A})
    assert told(A) == 0.0
    await gauges.tell(set())
    assert told(A) is None


async def test_a_record_applied_while_kafka_answers_is_later_than_the_answer() -> None:
    meter = Meter("last-events", NAMESPACE, lambda: 103.0)
    applied = SimpleNamespace(topic=A.topic, partition=A.partition, offset=4, timestamp=102_000)

    async def ask(partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, float]:
        meter.count_applied([([cast("Any", applied)], 0.01)], metrics.Tally())
        return dict.fromkeys(partitions, 100.0)

    gauges = LastEventGauges(ask, NAMESPACE)
    await gauges.tell({A})
    assert told(A) == 102.0
    await gauges.tell(set())
