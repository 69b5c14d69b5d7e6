"""Homes and meeting places on the real engines: pairs across partitions, lost stores, what is garbage, what is over."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from kafka import KafkaAdminClient
from kafka.structs import OffsetAndMetadata

from pipeline.correlation.protocol import (
    Answer,
    CaseVersion,
    case_id,
    encode_pair_message,
    home_partition,
    order_pair,
    target_partition,
)
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import plain_consumer
from pipeline.streams.monitoring.lag import group_of
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import Message, RecordMaker
from support.processes.starting import Process, Start
from support.waiting import PATIENCE_S, WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(240)]


def case_at_home(installation: Installation, agency: str, home: int) -> str:
    """An id for a case of an agency whose home is this partition."""
    partitions = installation.settings.correlate_partitions
    return next(
        f"c{number}" for number in range(1000) if home_partition(case_id(f"{agency}:c{number}"), partitions) == home
    )


class Feed:
    """What was pushed, and a wait until it has gone through all stages."""

    def __init__(self, installation: Installation, wait_for: WaitFor) -> None:
        self._installation, self._wait_for = installation, wait_for
        self.sent: list[Message] = []

    def push(self, *messages: Message) -> None:
        """Send them, and wait until intake has decided on them."""
        self._installation.push(messages)
        self.sent += messages
        self._wait_for(lambda: self._installation.has_decided(len(self.sent)), deadline_s=90)

    def settle(self) -> dict[str, tuple[int, int, int]]:
        """Wait until the stages rest; then the links are those of a batch run, and hits tell of them once each."""
        found = self._installation
        self._wait_for(found.at_rest, deadline_s=120)
        expected = found.batch_links(self.sent)
        assert found.visible_links() == expected
        hits = found.hits()
        assert len({hit["id"] for hit in hits}) == len(hits)
        kinds = [hit["kind"] for hit in hits]
        assert kinds.count("new") - kinds.count("retracted") == 2 * len(expected)
        return expected


def test_cases_of_two_homes_are_linked_and_each_change_of_either_is_followed(
    records: RecordMaker, installation: Installation, start_all: StartAll, wait_for: WaitFor
) -> None:
    start_all()
    feed = Feed(installation, wait_for)
    one, other = records.person(), records.person()
    cases = [("fr-pj", case_at_home(installation, "fr-pj", 0)), ("be-fp", case_at_home(installation, "be-fp", 1))]
    feed.push(*(records.message(*case, 1, [one]) for case in cases))
    assert len(feed.settle()) == 1
    feed.push(records.message(*cases[0], 2, [other]))
    assert feed.settle() == {}
    feed.push(records.message(*cases[1], 2, [one, other]))
    assert len(feed.settle()) == 1
    feed.push(records.message(*cases[1], 3, status="withdrawn"))
    assert feed.settle() == {}


def stop(worker: Process) -> None:
    worker.terminate()
    assert worker.wait(PATIENCE_S) in (0, -signal.SIGTERM)


@pytest.mark.rare
@pytest.mark.parametrize("kept", ["fingerprints", "postings"])
def test_a_store_that_is_lost_is_rebuilt_with_the_same_links(
    kept: str, records: RecordMaker, installation: Installation, start_stage: Start, wait_for: WaitFor, tmp_path: Path
) -> None:
    """Some of what comes afterwards amends, and some withdraws, what had come before."""
    feed, parts = Feed(installation, wait_for), [records.feed(40, prefix) for prefix in "ab"]
    later = [records.message(one.agency, one.case.split(":")[1], 40, status="withdrawn") for one in parts[0][:10]]
    later += [records.message(one.agency, one.case.split(":")[1], 41) for one in parts[0][10:20]]
    start_stage("intake")
    start_stage("project")
    correlate = start_stage("correlate")
    feed.push(*parts[0])
    assert feed.settle()
    stop(correlate)
    stores = [folder for folder in tmp_path.glob(f"stores/*/correlate/*/*{kept}.*") if folder.is_dir()]
    assert len(stores) == installation.settings.correlate_partitions
    for folder in stores:
        shutil.rmtree(folder)
    feed.push(*parts[1], *later)
    start_stage("correlate")
    assert feed.settle()
    assert installation.faults() == []


@pytest.mark.rare
def test_an_answer_that_is_garbage_is_kept_and_the_pair_is_still_followed(
    records: RecordMaker, installation: Installation, start_all: StartAll, wait_for: WaitFor
) -> None:
    start_all()
    feed, one = Feed(installation, wait_for), records.person()
    cases = [("fr-pj", "1"), ("be-fp", "1")]
    feed.push(*(records.message(*case, 1, [one]) for case in cases))
    assert len(feed.settle()) == 1
    a, b = order_pair(*(case_id(":".join(case)) for case in cases))
    garbage = [Answer(a, b, CaseVersion(encoded=value)) for value in (b"{", b"{}", b"\xff\x00")]
    asyncio.run(send_pairs(installation, garbage))
    wait_for(lambda: installation.faults() == ["correlate_failed"] * len(garbage))
    feed.push(records.message(*cases[1], 2))
    assert feed.settle() == {}
    feed.push(records.message(*cases[1], 3, [one]))
    assert len(feed.settle()) == 1


async def send_pairs(installation: Installation, messages: Iterable[Answer]) -> None:
    settings = installation.settings
    topic = topics.topic_name(settings, topics.PAIRS, generation=installation.generation)
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka_url) as producer:
        for message in messages:
            key, value = encode_pair_message(message)
            partition = target_partition(message, settings.correlate_partitions)
            await producer.send_and_wait(topic, value, key=key, partition=partition)


async def bounds(settings: Settings, partitions: list[TopicPartition]) -> tuple[dict[Any, int], dict[Any, int]]:
    """Where partitions begin and end."""
    async with plain_consumer(settings, partitions) as consumer:
        return await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)


@pytest.mark.rare
def test_applied_pairs_are_deleted_and_a_worker_goes_on_behind_them(
    records: RecordMaker,
    installation: Installation,
    start_stage: Start,
    kafka_admin: KafkaAdminClient,
    wait_for: WaitFor,
) -> None:
    """Also one whose group has acknowledged less than what was deleted: it is killed, and its group set back."""
    settings, feed = installation.settings, Feed(installation, wait_for)
    topic = topics.topic_name(settings, topics.PAIRS, generation=installation.generation)
    pairs = [TopicPartition(topic, number) for number in range(settings.correlate_partitions)]

    def is_purged() -> bool:
        begins, ends = asyncio.run(bounds(settings, pairs))
        # The marker of the last transaction is left: it has an offset of its own behind what was applied.
        return all(0 < begins[pair] <= ends[pair] <= begins[pair] + 2 for pair in pairs)

    start_stage("intake")
    start_stage("project")
    worker = start_stage("correlate", "--purge-every", "0.5")
    feed.push(*records.feed(60, "a"))
    assert feed.settle()
    wait_for(is_purged)
    worker.kill()
    worker.wait(PATIENCE_S)
    group = group_of(settings, "correlate", installation.generation)
    wait_for(lambda: not kafka_admin.describe_groups([group])[group]["members"])
    kafka_admin.alter_group_offsets(group, {pair: OffsetAndMetadata(0, "", -1) for pair in pairs})
    feed.push(*records.feed(60, "b"))
    start_stage("correlate", "--purge-every", "0.5")
    assert feed.settle()
    wait_for(is_purged)
    assert installation.faults() == []


@pytest.mark.rare
@pytest.mark.parametrize(
    ("decided", "effect", "withdrawn"),
    [
        ("postings", "publish", "judge"),
        ("pairs", "publish", "judge"),
        ("pairs", "publish", "other"),
        ("pairs", "commit", "judge"),
        ("pairs", "commit", "other"),
    ],
)
def test_a_case_that_is_withdrawn_while_it_is_asked_for_is_not_linked(
    decided: str,
    effect: str,
    withdrawn: str,
    records: RecordMaker,
    installation: Installation,
    start_stage: Start,
    wait_for: WaitFor,
) -> None:
    """The first worker is killed with the posting or the ask decided on and not applied, or with the ask answered."""
    feed, one = Feed(installation, wait_for), records.person()
    start_stage("intake")
    start_stage("project")
    worker = start_stage("correlate", "--kill-after", effect, "--kill-on", decided)
    cases = [("fr-pj", "1"), ("be-fp", "1")]
    feed.push(*(records.message(*case, 1, [one]) for case in cases))
    assert worker.wait(PATIENCE_S) == -signal.SIGKILL
    judge = min(cases, key=lambda case: case_id(":".join(case)))
    gone = judge if withdrawn == "judge" else next(case for case in cases if case != judge)
    feed.push(records.message(*gone, 2, status="withdrawn"))
    start_stage("correlate")
    assert feed.settle() == {}
    feed.push(records.message(*gone, 3, [one]))
    assert len(feed.settle()) == 1
