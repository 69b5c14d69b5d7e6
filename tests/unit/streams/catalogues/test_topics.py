"""The topic catalogue: names, expansion, configuration."""

from __future__ import annotations

import pytest

from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.topics import CATALOGUE, Scope

SETTINGS = Settings(namespace="ns.", case_partitions=3, correlate_partitions=5)


def test_names_carry_the_namespace() -> None:
    assert topics.topic_name(SETTINGS, topics.CASES, agency="fr-pj") == "ns.cases.fr-pj"
    assert topics.topic_name(SETTINGS, topics.LINKS, generation="ab12") == "ns.links.ab12"
    assert topics.topic_name(Settings(namespace=""), topics.REJECTED) == "rejected"


def test_the_agency_is_found_in_its_topic_s_name() -> None:
    full = topics.topic_name(SETTINGS, topics.CASES, agency="be-fp")
    assert topics.agency_of(SETTINGS, topics.CASES, full) == "be-fp"


def test_the_plan_holds_every_topic_once_for_what_it_exists_for() -> None:
    plan = topics.plan_topics(SETTINGS, ["fr-pj", "be-fp"], ["ab12"])
    counts = {scope: sum(t.scope is scope for t in CATALOGUE) for scope in Scope}
    assert len(plan) == counts[Scope.INSTALLATION] + 2 * counts[Scope.AGENCY] + counts[Scope.GENERATION]
    assert len({planned.name for planned in plan}) == len(plan)


def test_national_topics_and_accepted_have_one_partition_count() -> None:
    fixed = (topics.CASES, topics.ACCEPTED, topics.RECEIPTS, topics.REJECTED, topics.LINKS)
    assert {topics.partition_count(SETTINGS, topic) for topic in fixed} == {3}
    of_a_home = (topics.FINGERPRINTS, topics.POSTINGS, topics.PAIRS, topics.WATCHES)
    assert {topics.partition_count(SETTINGS, topic) for topic in of_a_home} == {5}


@pytest.mark.parametrize("topic", [t for t in CATALOGUE if t.personal], ids=lambda t: t.pattern)
def test_personal_data_says_how_it_is_erased(topic: topics.Topic) -> None:
    assert topic.erasure
    assert topic.compacted or topic.purged or topic.retention is not None or topic is topics.AUDIT


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        (
            topics.CASES,
            {
                "cleanup.policy": "delete",
                "max.message.bytes": "4194304",
                "retention.ms": "604800000",
                "message.timestamp.type": "LogAppendTime",
            },
        ),
        (
            topics.PAIRS,
            {
                "cleanup.policy": "delete",
                "max.message.bytes": "16777216",
                "retention.ms": "-1",
                "segment.ms": "3600000",
                "segment.bytes": "67108864",
            },
        ),
        (topics.AUDIT, {"cleanup.policy": "delete", "max.message.bytes": "1048576", "retention.ms": "-1"}),
        (
            topics.PROGRESS,
            {
                "cleanup.policy": "compact",
                "max.message.bytes": "1048576",
                "retention.ms": "-1",
                "segment.bytes": "1048576",
                "segment.ms": "600000",
                "min.cleanable.dirty.ratio": "0.1",
            },
        ),
    ],
    ids=lambda value: getattr(value, "pattern", ""),
)
def test_the_configuration_is_what_kafka_is_told(topic: topics.Topic, expected: dict[str, str]) -> None:
    assert topic.configuration() == expected


def test_sizes_are_those_of_the_design() -> None:
    sizes = {t.pattern: t.max_bytes // topics.MIB for t in CATALOGUE if t.max_bytes > topics.MIB}
    assert sizes == {
        "cases.{agency}": 4,
        "receipts.{agency}": 4,
        "rejected": 8,
        "accepted": 16,
        "fingerprints.{generation}": 16,
        "pairs.{generation}": 16,
        "links.{generation}": 16,
        "audit_log": 4,
        "folder_charts": 8,
        "folder_visits": 4,
    }


def test_a_generation_s_names_are_those_of_earlier_versions_too() -> None:
    kinds = ("blocks", "fingerprints", "postings", "pairs", "watches", "links")
    assert topics.names_of_generation(SETTINGS, "ab12") == {f"ns.{kind}.ab12" for kind in kinds}


def test_links_are_spread_by_their_id() -> None:
    assert topics.link_partition("00000007" + "f" * 24, 5) == 2
    assert {topics.link_partition(f"{n:08x}", 4) for n in range(8)} == {0, 1, 2, 3}


def test_half_of_the_replicas_rounded_up_must_be_in_sync() -> None:
    assert [topics.min_insync_replicas(replicas) for replicas in (1, 2, 3, 4, 5)] == [1, 1, 2, 2, 3]


def test_the_topics_of_others_on_a_shared_cluster_are_not_ours() -> None:
    assert all(
        topics.is_named_by_catalogue(SETTINGS, topic.name) for topic in topics.plan_topics(SETTINGS, ["x"], ["ab12"])
    )
    assert topics.is_named_by_catalogue(SETTINGS, "ns.blocks.ab12"), "of an earlier version's generation"
    others = ("accepted", "ns.accepted.more", "ns.case", "__consumer_offsets")
    assert not [name for name in others if topics.is_named_by_catalogue(SETTINGS, name)]
