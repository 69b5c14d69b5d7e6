"""Erasure: once Kafka has compacted, no canary of a withdrawn or expired case is in any topic, index, store or log."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from elasticsearch import Elasticsearch
from kafka import KafkaAdminClient

from pipeline.access.folders import FolderChart, ItemKind, Reference, edit_item, make_folder, make_item
from pipeline.access.requester import Grounds, Purpose
from pipeline.access.reviews import Review, Verdict
from pipeline.correlation.postings import decode_postings
from pipeline.correlation.protocol import case_id
from pipeline.correlation.sorted_runs import turn_keys
from pipeline.matching.screening.small_screening import SmallSketchScreen
from pipeline.ops.folder_erasure import apply_erasure, read_erasure
from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import DecisionLog, NewValue
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_partitions
from support.access.requesters import make_requester
from support.correlation.store_content import read_content
from support.installation.command import RunLiaison
from support.installation.compaction import TopicContents, holds_any
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


def in_files(folder: Path, *canaries: str | bytes) -> set[str]:
    """The files below a folder that hold one of some canaries, in whatever case; folders may go meanwhile."""
    files = [Path(parent, name) for parent, _, names in os.walk(folder) for name in names]
    return {str(file.relative_to(folder)) for file in files if holds_any(read_content(file), canaries)}


async def read_postings(settings: Settings, generation: str) -> list[ConsumerRecord]:
    """All that `postings` holds but what closes segments."""
    name = topics.topic_name(settings, topics.POSTINGS, generation=generation)
    starts = {TopicPartition(name, number): 0 for number in range(settings.correlate_partitions)}
    return [one async for some in read_partitions(settings, starts) for one in some if one.value is not None]


def posted_of(installation: Installation, cases: Collection[str]) -> set[bytes]:
    """What postings say of these cases and of no others: keys, as they come and as runs have them, and small sketches.

    A sketch of few words may be that of others too, or be found by chance.
    """
    ids = {case_id(case) for case in cases}
    words = SmallSketchScreen.words
    said: dict[bool, set[bytes]] = {True: set(), False: set()}
    for record in asyncio.run(read_postings(installation.settings, installation.generation)):
        found = decode_postings([record.key], [record.value], words)
        sketches = {sketch.tobytes() for sketch in found.sketches}
        said[record.key in ids] |= {one.tobytes() for one in (*found.keys, *turn_keys(found.keys))} | sketches
    return said[True] - said[False]


def folder_of(file: str) -> str:
    """The kind of topic for whose partition a store's file is."""
    return Path(file).parent.name.partition("-")[2].partition(".")[0]


async def review(settings: Settings) -> None:
    """Somebody writes the name down as a reason."""
    one = Review(
        "r1", "0" * 32, "be-fp:gone", "fr-pj:gone", 1, 1, "g", Verdict.SAME, "fr-pj", "anna", datetime.now(UTC), CANARY
    )
    async with DecisionLog(settings) as log:
        await log.write(topics.REVIEWS, one.id, one)


FOLDERS = {"folders", "folder_items", "folder_charts"}


async def keep(settings: Settings) -> None:
    """The name stands in a note, a chart and the name of a folder."""
    by, now = make_requester("fr-pj", subject="anna"), datetime.now(UTC)
    folder = make_folder("f1", CANARY, by, Grounds(Purpose.INVESTIGATION, "2026/1"), now)
    chart = edit_item(make_item("ab" * 8, folder, Reference(ItemKind.CHART), by, now), by, now, text=CANARY)
    content = FolderChart("f1", chart.id, "fr-pj", now, CANARY)
    async with DecisionLog(settings) as log:
        await log.write_all([
            NewValue(topics.FOLDERS, "f1", folder), NewValue(topics.FOLDER_ITEMS, chart.key, chart),
            NewValue(topics.FOLDER_CHARTS, chart.key, content),
        ])  # fmt: skip


async def close(settings: Settings) -> None:
    """All folders are closed."""
    async with DecisionLog(settings) as log:
        await apply_erasure(log, await read_erasure(settings, lambda _: True, datetime.now(UTC)))


def test_a_withdrawn_or_expired_case_leaves_no_trace(
    records: RecordMaker,
    installation: Installation,
    engine_environment: dict[str, str],
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
    workers = [start_stage(stage) for stage in ("intake", "project", "notify")]
    workers.append(start_stage("correlate", "--purge-every", "1"))
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
    asyncio.run(keep(installation.settings))
    assert kept.naming(CANARY) >= FOLDERS
    asyncio.run(close(installation.settings))
    wait_for(
        lambda: installation.at_rest() and installation.accounting().decided == len(over + feed) + 1, deadline_s=90
    )
    assert len(installation.visible_links()) == 2
    of_generation = {f"{topic}.{{generation}}" for topic in ("fingerprints", "links")}
    passing = {topics.PAIRS.pattern, *FOLDERS}  # gone once it is applied or compacted, which may have been done
    assert kept.naming(CANARY) - passing == {"cases.{agency}", "accepted", *of_generation, "reviews"}
    posted = posted_of(installation, [f"{agency}:{case}" for agency in agencies for case in ("gone", "over")])
    assert kept.naming(*posted) == {topics.POSTINGS.pattern}
    assert len(in_indices(elasticsearch_client, namespace, CANARY)) == 3, "cases, links and reviews"
    assert {folder_of(file) for file in in_files(home / "stores", CANARY)} >= {"fingerprints"}
    assert {folder_of(file) for file in in_files(home / "stores", *posted)} == {"postings"}

    feed += [records.message(agency, "gone", 2, status="withdrawn") for agency in agencies]
    installation.push(feed[-len(agencies) :])
    wait_for(
        lambda: installation.at_rest() and installation.accounting().decided == len(over + feed) + 1, deadline_s=90
    )
    assert json.loads(liaison("retention", "--json").stdout)["reviews"] == ["r1"]
    wait_for(installation.at_rest, deadline_s=90)
    kept.let_seven_days_pass()
    kept.roll()
    wait_for(lambda: not kept.naming(CANARY, *posted), deadline_s=90)
    wait_for(lambda: not in_indices(elasticsearch_client, namespace, CANARY))
    wait_for(lambda: not in_files(home / "stores", CANARY, *posted))
    for worker in workers:
        worker.terminate()
        worker.wait(60)
    assert in_files(home, CANARY, *posted) == set(), "stores, and the logs of all workers"
    assert installation.cases([f"{agency}:over" for agency in agencies]) == {}
