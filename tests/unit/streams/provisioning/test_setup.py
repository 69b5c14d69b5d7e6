"""Which brokers take new replicas."""

from __future__ import annotations

from collections import Counter

from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from pipeline.streams.provisioning.setup import add_replicas

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
