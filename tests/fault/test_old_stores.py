"""A store that comes back after its partition was elsewhere, and Kafka has compacted what went on there."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from kafka import KafkaAdminClient

from pipeline.streams.catalogues import topics
from support.installation.compaction import TopicContents
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.processes.starting import Start
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(280)]

CANARY = "Zyxwakanary"


def test_a_link_that_was_asserted_elsewhere_is_still_retracted(
    records: RecordMaker,
    installation: Installation,
    start_stage: Start,
    kafka_admin: KafkaAdminClient,
    wait_for: WaitFor,
) -> None:
    """The record that brought the link is gone from `fingerprints` when the old store comes back."""
    kept = TopicContents(installation, kafka_admin)
    kept.compact_at_once()
    person = records.person(names=[{"given": "Ivan", "family": CANARY}])
    sent: list[Any] = []

    def take_in(message: Any) -> None:
        sent.append(message)
        installation.push([message])
        wait_for(lambda: installation.accounting().decided == len(sent))

    def correlate_as(name: str) -> None:
        worker = start_stage("correlate", "--machine", name)
        wait_for(installation.at_rest, deadline_s=90)
        worker.terminate()
        assert worker.wait(timeout=60) in (0, -signal.SIGTERM)

    start_stage("intake")
    start_stage("project")
    take_in(records.message("fr-pj", "one", 1, [person]))
    correlate_as("one")
    take_in(records.message("be-fp", "one", 1, [person]))
    correlate_as("two")
    assert len(installation.visible_links()) == 1

    take_in(records.message("be-fp", "one", 2, status="withdrawn"))
    settings = installation.settings
    fingerprints = topics.topic_name(settings, topics.FINGERPRINTS, generation=installation.generation)
    assert topics.LINKS.pattern in kept.naming(CANARY)
    kept.roll()
    wait_for(lambda: kept.records(fingerprints, b"be-fp:one") == 1, deadline_s=90)
    correlate_as("one")
    assert [hit["kind"] for hit in installation.hits()].count("retracted") == 2
    kept.roll()
    wait_for(lambda: topics.LINKS.pattern not in kept.naming(CANARY), deadline_s=90)
