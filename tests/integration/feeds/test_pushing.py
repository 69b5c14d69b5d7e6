"""The agency's side on a real broker."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import MessageSizeTooLargeError

from pipeline.errors import LiaisonError
from pipeline.feeds.checking import Checked, Checker
from pipeline.feeds.pushing import CaseProducer, case_producer, push, registered
from pipeline.records.agencies import Agency
from pipeline.records.partitioning import partition_of
from pipeline.settings import Settings
from pipeline.streams import registry, topics

AGENCY = Agency("fr-pj", "FR")
MIB = 1 << 20
Message = tuple[int, bytes | None, bytes | None]


def record(number: int, **data: object) -> bytes:
    identity = {"case_id": str(number), "agency": "fr-pj", "country": "FR", "version": 1, "status": "active"}
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": f"fr-pj:{number}:1",
            "source": "/agencies/fr-pj",
            "type": "org.liaison.case.v1",
            "data": identity | data,
        }
    )


@pytest.fixture
def settings(engine_settings: Settings) -> Settings:
    asyncio.run(registry.add(engine_settings, AGENCY))
    return engine_settings


@pytest.fixture
def producer(settings: Settings) -> Iterator[CaseProducer]:
    with case_producer(settings) as made:
        yield made


def held(settings: Settings) -> list[Message]:
    """Partition, key and value of every message on the agency's topic, by partition and offset."""
    topic = topics.name(settings, topics.CASES, agency=AGENCY.name)
    consumer = KafkaConsumer(bootstrap_servers=settings.kafka_url, max_partition_fetch_bytes=8 * MIB)
    partitions = [TopicPartition(topic, number) for number in range(settings.case_partitions)]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    wanted = sum(consumer.end_offsets(partitions).values())
    found: list[Message] = []
    while len(found) < wanted:
        for records in consumer.poll(timeout_ms=1000).values():
            found += [(r.partition, r.key, r.value) for r in records]
    consumer.close()
    return found


def raw(*lines: bytes) -> list[Checked]:
    return [Checked(number, line) for number, line in enumerate(lines, start=1)]


def test_every_line_is_a_message_under_its_case_key_in_that_keys_partition(
    settings: Settings, producer: CaseProducer
) -> None:
    advanced: list[int] = []
    lines = raw(*(record(number) for number in range(60)))
    pushed = push(producer, "fr-pj", lines, lambda: advanced.append(1))
    assert (pushed.sent, pushed.left_out, len(advanced)) == (60, 0, 60)
    found = held(settings)
    assert sorted(value for _, _, value in found if value) == sorted(line.raw for line in lines)
    for partition, key, value in found:
        assert key == f"fr-pj:{orjson.loads(value or b'')['data']['case_id']}".encode()
        assert partition == partition_of(key, settings.case_partitions)
    assert {partition for partition, _, _ in found} == set(range(settings.case_partitions))


def test_versions_of_one_case_keep_their_order(settings: Settings, producer: CaseProducer) -> None:
    push(producer, "fr-pj", raw(*(record(1, version=version) for version in range(1, 40))), lambda: None)
    assert [orjson.loads(value or b"")["data"]["version"] for _, _, value in held(settings)] == list(range(1, 40))


def test_a_line_with_a_problem_is_reported_and_not_sent(settings: Settings, producer: CaseProducer) -> None:
    lines = enumerate([record(1), record(2, opened="2026-02-30"), b"{", record(3)], start=1)
    pushed = push(producer, "fr-pj", Checker("fr-pj", "FR").check(lines), lambda: None)
    assert (pushed.sent, pushed.left_out) == (2, 2)
    assert [(problem.line, problem.reason) for problem in pushed.problems] == [(2, "date"), (3, "not_json")]
    assert len(held(settings)) == 2


def test_without_validation_what_is_no_json_goes_under_a_null_key(settings: Settings, producer: CaseProducer) -> None:
    pushed = push(producer, "fr-pj", raw(b"{", b"", record(1)), lambda: None)
    assert (pushed.sent, pushed.left_out) == (3, 0)
    assert sorted((key, value) for _, key, value in held(settings) if key is None) == [(None, b""), (None, b"{")]


@pytest.mark.parametrize("size", [4 * MIB, 5 * MIB])
def test_a_line_too_large_for_the_producer_is_reported_like_a_rejection(
    settings: Settings, producer: CaseProducer, size: int
) -> None:
    large = record(2, extensions={"x": "x" * size})
    pushed = push(producer, "fr-pj", raw(record(1), large, record(3)), lambda: None)
    assert (pushed.sent, pushed.left_out) == (2, 1)
    assert [(problem.line, problem.reason) for problem in pushed.problems] == [(2, "too_large")]
    assert str(len(large)) in pushed.problems[0].message
    assert len(held(settings)) == 2


def test_a_message_up_to_the_limit_reaches_intake(settings: Settings, producer: CaseProducer) -> None:
    pushed = push(producer, "fr-pj", raw(record(1, extensions={"x": "x" * (4 * MIB - 2_000)})), lambda: None)
    assert pushed.sent == 1


def test_the_producer_itself_raises_for_what_never_fits(producer: CaseProducer) -> None:
    with pytest.raises(MessageSizeTooLargeError):
        producer.send("fr-pj", b"k", b"x" * (5 * MIB), lambda _error: None)


def test_only_a_registered_agency_may_push(settings: Settings) -> None:
    assert registered(settings, "fr-pj") == AGENCY
    with pytest.raises(LiaisonError, match="liaison ops agency add be-fp"):
        registered(settings, "be-fp")


def liaison(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_the_command_sends_a_file_and_says_what_it_left_out(
    settings: Settings, engine_environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "feed.ndjson"
    file.write_bytes(record(1) + b"\n" + record(2, opened="2026-02-30") + b"\n")
    done = liaison(engine_environment, "feed", "push", str(file), "--agency", "fr-pj")
    assert done.returncode == 1
    assert done.stdout.startswith(f"{file}:2: /data/opened: date: ")
    assert "1 of 2 lines sent to fr-pj" in done.stderr
    everything = liaison(engine_environment, "feed", "push", str(file), "--agency", "fr-pj", "--no-validate")
    assert everything.returncode == 0, everything.stderr
    assert len(held(settings)) == 3
