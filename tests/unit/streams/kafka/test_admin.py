"""How topics are held against the catalogue."""

from __future__ import annotations

from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import MIN_INSYNC, TopicState, compare_topics, wanted_configuration

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
