"""`topics apply` on the real broker: what it creates, reports and refuses."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import admin_client, read_ids
from pipeline.streams.kafka.topic_plans import apply_plan, read_states, repair_topics
from pipeline.streams.provisioning.setup import find_short_of_replicas, warn_of_missing_replicas
from support.waiting import WaitFor

pytestmark = pytest.mark.engines


def planned(settings: Settings) -> list[topics.PlannedTopic]:
    return topics.plan_topics(settings, ["fr-pj"], ["ab12"])


def test_missing_topics_are_created_and_then_found_as_the_catalogue_says(engine_settings: Settings) -> None:
    plan = planned(engine_settings)
    first, second = apply_plan(engine_settings, plan), apply_plan(engine_settings, plan)
    assert first.created == second.present == [p.name for p in plan]
    assert first.present == second.created == []
    assert first.differences == second.differences == []


def test_a_changed_configuration_is_reported_and_left_alone(
    engine_settings: Settings, kafka_admin: KafkaAdminClient, wait_for: WaitFor
) -> None:
    plan = planned(engine_settings)
    apply_plan(engine_settings, plan)
    name = topics.topic_name(engine_settings, topics.CASES, agency="fr-pj")
    kafka_admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, {"retention.ms": "1000"})])
    expected = [f"{name}: retention.ms is 1000, the catalogue says 604800000"]
    assert wait_for(lambda: apply_plan(engine_settings, plan).differences) == expected
    assert apply_plan(engine_settings, plan).differences == expected


def test_another_partition_count_is_refused_before_anything_is_created(
    engine_settings: Settings, kafka_admin: KafkaAdminClient
) -> None:
    apply_plan(engine_settings, topics.generation_plan(engine_settings, ["ab12"]))
    more = engine_settings.model_copy(update={"correlate_partitions": 8})
    with pytest.raises(LiaisonError, match="has 4, not 8"):
        apply_plan(more, planned(more))
    held: list[Any] = kafka_admin.list_topics()
    assert topics.topic_name(engine_settings, topics.ACCEPTED) not in held


def test_a_topic_made_anew_has_another_id_and_a_missing_one_is_named(
    engine_settings: Settings, kafka_admin: KafkaAdminClient, wait_for: WaitFor
) -> None:
    plan = topics.generation_plan(engine_settings, ["ab12"])
    name = plan[0].name
    apply_plan(engine_settings, plan)
    before = read_ids(engine_settings, [name])
    kafka_admin.delete_topics([name])
    wait_for(lambda: name not in kafka_admin.list_topics())
    with pytest.raises(LiaisonError, match=name):
        read_ids(engine_settings, [name])
    apply_plan(engine_settings, plan)
    after = read_ids(engine_settings, [name])
    assert after.cluster == before.cluster
    assert after.topics[name] != before.topics[name]


def test_a_changed_configuration_is_mended_by_repair(
    engine_settings: Settings, kafka_admin: KafkaAdminClient, wait_for: WaitFor
) -> None:
    plan = planned(engine_settings)
    apply_plan(engine_settings, plan)
    cases = topics.topic_name(engine_settings, topics.CASES, agency="fr-pj")
    kafka_admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, cases, {"retention.ms": "1000"})])
    audit = topics.topic_name(engine_settings, topics.AUDIT)
    kafka_admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, audit, {"min.insync.replicas": "2"})])
    wait_for(lambda: len(apply_plan(engine_settings, plan).differences) == 2)
    repaired = repair_topics(engine_settings, plan, lambda done, total: None)
    assert sorted(repaired) == [
        f"{audit}: min.insync.replicas is 2, the catalogue says 1",
        f"{cases}: retention.ms is 1000, the catalogue says 604800000",
    ]
    wait_for(lambda: apply_plan(engine_settings, plan).differences == [])
    assert repair_topics(engine_settings, plan, lambda done, total: None) == []


def test_more_replicas_than_brokers_are_refused_in_one_line_and_nothing_is_created(
    engine_settings: Settings, kafka_admin: KafkaAdminClient
) -> None:
    asked = engine_settings.model_copy(update={"replication_factor": 3})
    with pytest.raises(LiaisonError) as refused:
        apply_plan(asked, planned(asked), patience_s=0)
    assert str(refused.value) == "LIAISON_REPLICATION_FACTOR is 3, but Kafka has 1 broker: no topic was created"
    assert not [name for name in kafka_admin.list_topics() if name.startswith(engine_settings.namespace)]


def test_fewer_replicas_than_asked_for_are_reported_and_a_worker_warns(
    engine_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    plan = [p for p in topics.generation_plan(engine_settings, ["ab12"]) if p.topic in (topics.PAIRS, topics.LINKS)]
    apply_plan(engine_settings, plan)
    asked = engine_settings.model_copy(update={"replication_factor": 3})
    pairs, links = (p.name for p in plan)
    assert apply_plan(asked, plan).differences == [
        f"{pairs}: replicas is 1, LIAISON_REPLICATION_FACTOR is 3",
        f"{pairs}: min.insync.replicas is 1, the catalogue says 2",
        f"{links}: replicas is 1, LIAISON_REPLICATION_FACTOR is 3",
        f"{links}: min.insync.replicas is 1, the catalogue says 2",
    ]
    with pytest.raises(LiaisonError, match="LIAISON_REPLICATION_FACTOR is 3, but only 1 broker is up"):
        repair_topics(asked, plan, lambda done, total: None)
    assert find_short_of_replicas(asked) == {pairs: 1, links: 1}
    with caplog.at_level(logging.WARNING):
        warn_of_missing_replicas(engine_settings)
        assert said_by_us(caplog) == []
        warn_of_missing_replicas(asked)
    [line] = said_by_us(caplog)
    assert line == (
        f"topics with fewer replicas than LIAISON_REPLICATION_FACTOR=3: 2, such as {links} (1), {pairs} (1); run"
        " `liaison topics apply --repair`"
    )


def said_by_us(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged, but for what Kafka's client says of a broker that is slow."""
    return [record.getMessage() for record in caplog.records if record.name.startswith("pipeline.")]


def test_two_that_apply_at_once_both_end_with_every_topic(engine_settings: Settings) -> None:
    plan = planned(engine_settings)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: apply_plan(engine_settings, plan), range(2))
    assert set(first.created) | set(second.created) == {p.name for p in plan}
    with admin_client(engine_settings) as client:
        states = read_states(client, [p.name for p in plan])
    assert {state.name: len(state.assigned) for state in states} == {p.name: p.partitions for p in plan}


def test_what_an_apply_that_was_cut_off_left_out_the_next_one_makes(engine_settings: Settings) -> None:
    plan = planned(engine_settings)
    apply_plan(engine_settings, plan[:3])
    applied = apply_plan(engine_settings, plan)
    assert applied.present == [p.name for p in plan[:3]]
    assert applied.created == [p.name for p in plan[3:]]
    assert applied.differences == []
