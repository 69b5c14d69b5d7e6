"""`topics apply --repair` on three brokers: what was made with one replica gets three, and keeps its records."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from aiokafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.topic_plans import apply_plan
from pipeline.streams.provisioning.setup import find_short_of_replicas
from support.cluster.engines import SIZE, EngineCluster, admin_client, await_all
from support.installation.command import LIAISON
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300)]

OFFSETS = "__consumer_offsets"

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def single(cluster_settings: Settings) -> Installation:
    """A further installation, made with one replica of everything."""
    own = {"namespace": f"r{uuid.uuid4().hex[:8]}-", "replication_factor": 1}
    found = Installation(cluster_settings.model_copy(update=own))
    found.prepare()
    return found


@pytest.fixture
def apply_topics(single: Installation, cluster_environment: dict[str, str]) -> Run:
    """`liaison topics apply --json` with LIAISON_REPLICATION_FACTOR=3 on it."""

    def run(*words: str) -> dict[str, Any]:
        environment = cluster_environment | {"LIAISON_NAMESPACE": single.settings.namespace}
        done = subprocess.run(
            [LIAISON, "topics", "apply", "--json", *words], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return run


def test_missing_replicas_are_reported_and_repaired(
    single: Installation, apply_topics: Run, cluster: EngineCluster, records: RecordMaker, wait_for: WaitFor
) -> None:
    pushed = single.push(records.feed(20))
    names = [name for name in states_of(cluster) if name.startswith(single.settings.namespace)]
    asked = single.settings.model_copy(update={"replication_factor": SIZE})
    before = apply_topics()
    assert len(before["differences"]) == 2 * len(names), "replicas and min.insync.replicas of each"
    assert before["created"] == []
    assert sorted(find_short_of_replicas(asked)) == sorted(names)
    repaired = apply_topics("--repair")
    assert sorted(repaired["repaired"]) == sorted(before["differences"])
    assert repaired["differences"] == []
    assert find_short_of_replicas(asked) == {}
    wait_for(cluster.kafka_is_whole)
    assert {len(brokers) for name in names for brokers in states_of(cluster)[name]} == {SIZE}
    assert single.accounting().waiting == len(pushed)
    assert apply_topics("--repair")["repaired"] == []


def test_kafka_s_own_topics_are_repaired(cluster: EngineCluster, apply_topics: Run, wait_for: WaitFor) -> None:
    apply_topics("--repair")
    with admin_client(cluster.kafka_url) as client:
        [topic] = client.describe_topics([OFFSETS])
        fewer = {TopicPartition(OFFSETS, p["partition_index"]): [p["leader_id"]] for p in topic["partitions"]}
        weaker = ConfigResource(ConfigResourceType.TOPIC, OFFSETS, {"min.insync.replicas": "1"})
        client.alter_configs([weaker])
        client.alter_partition_reassignments(fewer)
    wait_for(lambda: {len(brokers) for brokers in states_of(cluster)[OFFSETS]} == {1})
    expected = {
        f"{OFFSETS}: replicas is 1, LIAISON_REPLICATION_FACTOR is 3",
        f"{OFFSETS}: min.insync.replicas is 1, exactly-once needs 2",
    }
    assert expected <= set(apply_topics()["differences"])
    assert expected <= set(apply_topics("--repair")["repaired"])
    assert apply_topics()["differences"] == []
    wait_for(cluster.kafka_is_whole)


def test_more_replicas_than_brokers_are_refused(cluster: EngineCluster, cluster_settings: Settings) -> None:
    asked = cluster_settings.model_copy(update={"replication_factor": SIZE + 1, "namespace": "never-"})
    with pytest.raises(LiaisonError) as refused:
        apply_plan(asked, topics.plan_topics(asked, ["fr-pj"], []), patience_s=0)
    assert str(refused.value) == "LIAISON_REPLICATION_FACTOR is 4, but Kafka has 3 brokers: no topic was created"
    assert not [name for name in states_of(cluster) if name.startswith(asked.namespace)]


def test_missing_brokers_are_waited_for(cluster: EngineCluster, cluster_settings: Settings) -> None:
    """With one of three brokers left nothing can be created; the command goes on once the others are back."""
    own = cluster_settings.model_copy(update={"namespace": f"w{uuid.uuid4().hex[:8]}-"})
    planned = topics.plan_topics(own, ["fr-pj"], [])
    away = cluster.brokers[:2]
    for broker in away:
        broker.kill()
    with ThreadPoolExecutor(1) as pool:
        applying = pool.submit(apply_plan, own, planned)
        for broker in away:
            broker.start()
        await_all(away)
        applied = applying.result()
    assert sorted(applied.created) == sorted(p.name for p in planned)
    assert applied.differences == []
    cluster.await_whole()


def states_of(cluster: EngineCluster) -> dict[str, list[list[int]]]:
    """The brokers of each partition, by topic."""
    with admin_client(cluster.kafka_url) as client:
        return {t["name"]: [p["replica_nodes"] for p in t["partitions"]] for t in client.describe_topics()}
