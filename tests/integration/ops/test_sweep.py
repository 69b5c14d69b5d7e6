"""Erasure: a withdrawn case's canary is in no document after a sweep, and after compaction in no record of Kafka."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import TopicPartition
from elasticsearch import Elasticsearch
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.settings import Settings
from pipeline.streams.reading import read

pytestmark = [pytest.mark.engines, pytest.mark.timeout(420)]

CANARY = "Zyxwakanary"
COMPACTED = {"segment.ms": "100", "min.cleanable.dirty.ratio": "0.0", "min.compaction.lag.ms": "0"}
QUICKLY = {**COMPACTED, "max.compaction.lag.ms": "1000", "delete.retention.ms": "100"}
DELETED_QUICKLY = {"segment.ms": "100", "retention.ms": "1000"}


def documents(client: Elasticsearch, namespace: str) -> str:
    client.indices.refresh(index=f"{namespace}*")
    hits = client.search(index=f"{namespace}*", size=1000, version=True)["hits"]["hits"]
    return json.dumps([hit["_source"] for hit in hits])


def topics_of(admin: KafkaAdminClient, namespace: str) -> list[str]:
    return [topic for topic in admin.list_topics() if topic.startswith(namespace)]


def hurry(admin: KafkaAdminClient, namespace: str) -> None:
    """Let Kafka compact and delete within seconds what it would within days."""
    for topic in topics_of(admin, namespace):
        policy = DELETED_QUICKLY if topic.startswith(f"{namespace}cases.") else QUICKLY
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, policy)])


def holding(settings: Settings, admin: KafkaAdminClient) -> set[str]:
    """The topics in which the canary is still found."""
    described = admin.describe_topics(topics_of(admin, settings.namespace))
    starts = {TopicPartition(one["name"], p): 0 for one in described for p in range(len(one["partitions"]))}
    return asyncio.run(_holding(settings, starts))


async def _holding(settings: Settings, starts: dict[TopicPartition, int]) -> set[str]:
    needle = CANARY.lower().encode()
    return {
        record.topic
        async for records in read(settings, starts)
        for record in records
        if needle in (record.value or b"").lower()
    }


@pytest.fixture
def fillers(records: Any) -> Callable[[], list[Any]]:
    """New cases for every partition, so that Kafka rolls segments: the one in use is never compacted."""
    numbers = iter(range(100_000))
    return lambda: [records.message("de-bk", f"f{next(numbers)}") for _ in range(24)]


def test_a_withdrawn_case_leaves_no_trace(
    records: Any,
    installation: Any,
    start_stage: Any,
    liaison: Any,
    fillers: Any,
    wait_for: Any,
    kafka_admin: KafkaAdminClient,
    elasticsearch_client: Elasticsearch,
) -> None:
    namespace = installation.settings.namespace
    start_stage("intake")
    start_stage("project")
    correlating = start_stage("correlate")
    person = records.person(names=[{"given": "Ivan", "family": CANARY}])
    feed = [records.message(agency, "one", 1, [person], summary=CANARY) for agency in ("fr-pj", "be-fp")]
    installation.push(feed)
    wait_for(lambda: installation.accounting().decided == 2 and installation.at_rest(), deadline_s=90)
    assert len(installation.visible_links()) == 1

    correlating.terminate()
    assert correlating.wait(timeout=60) in (0, -signal.SIGTERM)
    gone = [records.message(agency, "one", 2, status="withdrawn") for agency in ("fr-pj", "be-fp")]
    installation.push(gone)
    wait_for(lambda: installation.cases(["fr-pj:one", "be-fp:one"]) == {}, deadline_s=90)
    assert installation.visible_links() == {}
    assert CANARY.lower() in documents(elasticsearch_client, namespace).lower(), "nobody has retracted the link yet"
    assert json.loads(liaison("sweep", "--json").stdout) == {"swept": 1}
    assert CANARY.lower() not in documents(elasticsearch_client, namespace).lower()
    assert json.loads(liaison("sweep", "--json").stdout) == {"swept": 0}

    start_stage("correlate")
    hurry(kafka_admin, namespace)

    def erased() -> bool:
        installation.push(fillers())
        return not holding(installation.settings, kafka_admin)

    wait_for(erased, deadline_s=180)
    wait_for(installation.at_rest, deadline_s=120)
    assert installation.visible_links() == {}
