"""Erasure: once Kafka has compacted, no canary of a withdrawn or expired case is in any topic, index, store or log."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from kafka import KafkaAdminClient

from pipeline.access.reviews import Review, Verdict
from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import DecisionLog
from pipeline.streams.catalogues import topics
from support.installation.command import RunLiaison
from support.installation.compaction import TopicContents
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.processes.starting import Start

pytestmark = [pytest.mark.engines, pytest.mark.timeout(400), pytest.mark.rare]

CANARY = "Zyxwakanary"


def in_indices(client: Elasticsearch, namespace: str, canary: str) -> set[str]:
    """The indices with a document that holds a canary, in whatever case."""
    client.indices.refresh(index=f"{namespace}*")
    hits = client.search(index=f"{namespace}*", size=10_000, version=True)["hits"]["hits"]
    return {hit["_index"] for hit in hits if canary.lower() in json.dumps(hit["_source"]).lower()}


def in_files(folder: Path, canary: str) -> set[str]:
    """The files below a folder that hold a canary, in whatever case; folders may go meanwhile."""
    files = [Path(parent, name) for parent, _, names in os.walk(folder) for name in names]
    return {str(file.relative_to(folder)) for file in files if canary.lower().encode() in content(file)}


def content(file: Path) -> bytes:
    """In lower case; none of what has just gone."""
    try:
        return file.read_bytes().lower()
    except FileNotFoundError:
        return b""


async def review(settings: Settings) -> None:
    """Somebody writes the name down as a reason."""
    one = Review(
        "r1", "0" * 32, "be-fp:gone", "fr-pj:gone", 1, 1, "g", Verdict.SAME, "fr-pj", "anna", datetime.now(UTC), CANARY
    )
    async with DecisionLog(settings) as log:
        await log.write(topics.REVIEWS, one.id, one)


def test_a_withdrawn_or_expired_case_leaves_no_trace(
    records: RecordMaker,
    installation: Installation,
    engine_environment: dict[str, str],
    start_all: StartAll,
    start_stage: Start,
    liaison: RunLiaison,
    kafka_admin: KafkaAdminClient,
    elasticsearch_client: Elasticsearch,
    wait_for: Callable[..., Any],
) -> None:
    namespace, home = installation.settings.namespace, installation.settings.home
    kept = TopicContents(installation, kafka_admin)
    kept.compact_at_once()
    engine_environment["LIAISON_ERASE_AFTER"] = "0"
    workers = [*start_all(), start_stage("notify")]
    found = records.person(names=[{"given": "Ivan", "family": CANARY}])
    staying = records.person()
    agencies = ("fr-pj", "be-fp")
    feed = [records.message(agency, "gone", 1, [found], summary=CANARY) for agency in agencies]
    today = datetime.now(UTC).date().isoformat()
    over = [records.message(agency, "over", 1, [found], summary=CANARY, retain_until=today) for agency in agencies]
    installation.push(over)
    feed += [records.message(agency, "staying", 1, [staying]) for agency in agencies]
    refused = records.message("fr-pj", "gone", 0, [found])
    installation.push([*feed, refused])
    asyncio.run(review(installation.settings))
    wait_for(
        lambda: installation.at_rest() and installation.accounting().decided == len(over + feed) + 1, deadline_s=90
    )
    assert len(installation.visible_links()) == 2
    assert kept.naming(CANARY) == {"cases.{agency}", "accepted", "blocks.{generation}", "links.{generation}", "reviews"}
    assert len(in_indices(elasticsearch_client, namespace, CANARY)) == 3, "cases, links and reviews"
    assert in_files(home / "stores", CANARY)

    feed += [records.message(agency, "gone", 2, status="withdrawn") for agency in agencies]
    installation.push(feed[-len(agencies) :])
    wait_for(
        lambda: installation.at_rest() and installation.accounting().decided == len(over + feed) + 1, deadline_s=90
    )
    assert json.loads(liaison("retention", "--json").stdout)["reviews"] == ["r1"]
    wait_for(installation.at_rest, deadline_s=90)
    kept.let_seven_days_pass()
    kept.roll()
    wait_for(lambda: not kept.naming(CANARY), deadline_s=90)
    wait_for(lambda: not in_indices(elasticsearch_client, namespace, CANARY))
    wait_for(lambda: not in_files(home / "stores", CANARY))
    for worker in workers:
        worker.terminate()
        worker.wait(60)
    assert in_files(home, CANARY) == set(), "stores, and the logs of all workers"
    assert installation.cases([f"{agency}:over" for agency in agencies]) == {}
