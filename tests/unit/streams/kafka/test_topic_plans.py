"""How topics are held against the catalogue, and which brokers take new replicas."""

from __future__ import annotations

from collections import Counter

from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.topic_plans import (
    MIN_INSYNC,
    TopicState,
    add_replicas,
    compare_topics,
    wanted_configuration,
)

[AUDIT] = [topic for topic in topics.plan_topics(Settings(), [], []) if topic.topic is topics.AUDIT]


def state(replicas: int, **changed: str) -> TopicState:
    brokers = list(range(1, replicas + 1))
    return TopicState("audit", {0: brokers}, wanted_configuration(AUDIT, replicas) | changed)


def internal(replicas: int, in_sync: str) -> TopicState:
    return TopicState("__transaction_state", {0: [1, 2, 3], 1: list(range(1, replicas + 1))}, {MIN_INSYNC: in_sync})


def test_a_topic_as_the_catalogue_says_differs_in_nothing() -> None:
    for replicas in (1, 2, 3, 5):
        assert compare_topics([AUDIT], [state(replicas)], replicas) == []


def test_missing_replicas_are_mended_and_what_must_be_in_sync_follows() -> None:
    found = compare_topics([AUDIT], [state(1)], 3)
    assert [(each.key, each.actual, each.wanted, each.mendable) for each in found] == [
        ("replicas", "1", "3", True),
        (MIN_INSYNC, "1", "2", True),
    ]


def test_more_replicas_than_asked_for_are_told_and_stay_with_their_setting() -> None:
    [found] = compare_topics([AUDIT], [state(3)], 1)
    assert str(found) == "audit: replicas is 3, LIAISON_REPLICATION_FACTOR is 1"
    assert not found.mendable


def test_of_kafka_s_own_topics_only_too_little_is_told() -> None:
    assert compare_topics([], [internal(3, "3")], 3) == compare_topics([], [internal(3, "2")], 1) == []
    assert [str(each) for each in compare_topics([], [internal(1, "1")], 3)] == [
        "__transaction_state: replicas is 1, LIAISON_REPLICATION_FACTOR is 3",
        "__transaction_state: min.insync.replicas is 1, exactly-once needs 2",
    ]


NO_RACKS = dict.fromkeys((1, 2, 3))


def test_replicas_are_kept_and_new_ones_go_where_fewest_are() -> None:
    assigned = {TopicPartition("a", p): [1] for p in range(4)}
    added = add_replicas(assigned, NO_RACKS, 2)
    assert all(brokers[0] == 1 for brokers in added.values())
    assert Counter(brokers[1] for brokers in added.values()) == {2: 2, 3: 2}


def test_what_has_enough_is_left_out() -> None:
    assert add_replicas({TopicPartition("a", 0): [3, 1], TopicPartition("a", 1): [1, 2, 3]}, NO_RACKS, 2) == {}


def test_a_rack_without_a_replica_comes_first_even_where_its_broker_holds_more() -> None:
    busy = {TopicPartition("b", p): [3, 4] for p in range(5)}
    added = add_replicas(busy | {TopicPartition("a", 0): [1]}, {1: "x", 2: "x", 3: "y", 4: "z"}, 2)
    assert added == {TopicPartition("a", 0): [1, 3]}


def test_a_replica_on_a_broker_that_is_down_is_kept() -> None:
    assert add_replicas({TopicPartition("a", 0): [9]}, NO_RACKS, 3) == {TopicPartition("a", 0): [9, 1, 2]}


@given(
    st.lists(st.lists(st.integers(1, 5), min_size=1, unique=True), min_size=1, max_size=30),
    st.dictionaries(st.integers(1, 5), st.sampled_from(["x", "y", None]), min_size=1),
    st.integers(1, 6),
)
def test_every_partition_ends_with_as_many_distinct_replicas_as_can_be(
    assigned: list[list[int]], racks: dict[int, str | None], replicas: int
) -> None:
    held = {TopicPartition("a", p): brokers for p, brokers in enumerate(assigned)}
    added = add_replicas(held, racks, replicas)
    for partition, before in held.items():
        after = added.get(partition, before)
        assert after[: len(before)] == before
        assert len(set(after)) == len(after)
        assert len(after) == max(len(before), min(replicas, len(racks.keys() | set(before))))
