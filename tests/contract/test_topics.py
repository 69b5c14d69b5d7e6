"""`topics apply` on the real broker: what it creates, reports and refuses."""

from __future__ import annotations

from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams import topics
from pipeline.streams.admin import apply, ids

pytestmark = pytest.mark.engines


def planned(settings: Settings) -> list[topics.Planned]:
    return topics.plan(settings, ["fr-pj"], ["ab12"])


def test_missing_topics_are_created_and_then_found_as_the_catalogue_says(engine_settings: Settings) -> None:
    plan = planned(engine_settings)
    first, second = apply(engine_settings, plan), apply(engine_settings, plan)
    assert first.created == second.present == [p.name for p in plan]
    assert first.present == second.created == []
    assert first.differences == second.differences == []


def test_a_changed_configuration_is_reported_and_left_alone(
    engine_settings: Settings, kafka_admin: KafkaAdminClient, wait_for: Any
) -> None:
    plan = planned(engine_settings)
    apply(engine_settings, plan)
    name = topics.name(engine_settings, topics.CASES, agency="fr-pj")
    kafka_admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, {"retention.ms": "1000"})])
    expected = [f"{name}: retention.ms is 1000, the catalogue says 604800000"]
    assert wait_for(lambda: apply(engine_settings, plan).differences) == expected
    assert apply(engine_settings, plan).differences == expected


def test_another_partition_count_is_refused_before_anything_is_created(
    engine_settings: Settings, kafka_admin: KafkaAdminClient
) -> None:
    apply(engine_settings, topics.generation_plan(engine_settings, ["ab12"]))
    more = engine_settings.model_copy(update={"block_partitions": 8})
    with pytest.raises(LiaisonError, match="has 4, not 8"):
        apply(more, planned(more))
    held: list[Any] = kafka_admin.list_topics()
    assert topics.name(engine_settings, topics.ACCEPTED) not in held


def test_a_topic_made_anew_has_another_id_and_a_missing_one_is_named(
    engine_settings: Settings, kafka_admin: KafkaAdminClient, wait_for: Any
) -> None:
    plan = topics.generation_plan(engine_settings, ["ab12"])
    name = plan[0].name
    apply(engine_settings, plan)
    before = ids(engine_settings, [name])
    kafka_admin.delete_topics([name])
    wait_for(lambda: name not in kafka_admin.list_topics())
    with pytest.raises(LiaisonError, match=name):
        ids(engine_settings, [name])
    apply(engine_settings, plan)
    after = ids(engine_settings, [name])
    assert after.cluster == before.cluster
    assert after.topics[name] != before.topics[name]
