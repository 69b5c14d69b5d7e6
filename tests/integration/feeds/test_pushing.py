"""The agency's side on a real broker."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import OffsetAndMetadata
from kafka import KafkaAdminClient

from pipeline.errors import LiaisonError
from pipeline.feeds import pushing
from pipeline.feeds.checking import CheckedLine, Checker
from pipeline.feeds.pushing import PushResult, push_lines, push_untaken, require_agency
from pipeline.feeds.signing import RecordSigner, checked_lines
from pipeline.feeds.uploads import MESSAGE_OVERHEAD, OtherLinesError, UploadLine, open_upload
from pipeline.records.agencies import Agency
from pipeline.records.hashing import partition_of
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.monitoring.lag import ends_of
from pipeline.streams.registers import registry
from support.feeds.pusher_process import EFFECTS
from support.processes import warm
from support.processes.starting import started
from support.records.builder import event_bytes
from support.records.signing import private_key
from support.waiting import WaitFor

pytestmark = pytest.mark.engines

AGENCY = Agency("fr-pj", "FR")
MIB = 1 << 20
PUSHER_PROCESS = "support.feeds.pusher_process"
Message = tuple[int, bytes | None, bytes | None]


def record(number: int, **data: Any) -> bytes:
    return event_bytes("fr-pj", str(number), **data)


@pytest.fixture
def settings(engine_settings: Settings) -> Settings:
    asyncio.run(registry.register_agency(engine_settings, AGENCY))
    return engine_settings


def held(settings: Settings) -> list[Message]:
    """Partition, key and value of every message on the agency's topic, by partition and offset."""
    topic = topics.topic_name(settings, topics.CASES, agency=AGENCY.name)

    async def committed() -> list[Message]:
        starts = {TopicPartition(topic, number): 0 for number in range(settings.case_partitions)}
        return [(r.partition, r.key, r.value) async for records in read_partitions(settings, starts) for r in records]

    return asyncio.run(committed())


def raw(*lines: bytes) -> list[CheckedLine]:
    return [CheckedLine(number, line) for number, line in enumerate(lines, start=1)]


def pushed_to(settings: Settings, lines: Iterable[CheckedLine], upload: str = "x") -> PushResult:
    return asyncio.run(push_lines(settings, "fr-pj", upload, lines, lambda _lines: None))


def test_every_line_is_a_message_under_its_case_key_in_that_keys_partition(settings: Settings) -> None:
    advanced: list[int] = []
    lines = raw(*(record(number) for number in range(60)))
    pushed = asyncio.run(push_lines(settings, "fr-pj", "x", lines, advanced.append))
    assert (pushed.sent, pushed.before, pushed.left_out, sum(advanced)) == (60, 0, 0, 60)
    found = held(settings)
    assert sorted(value for _, _, value in found if value) == sorted(line.raw for line in lines)
    for partition, key, value in found:
        assert key == f"fr-pj:{orjson.loads(value or b'')['data']['case_id']}".encode()
        assert partition == partition_of(key, settings.case_partitions)
    assert {partition for partition, _, _ in found} == set(range(settings.case_partitions))


def test_versions_of_one_case_keep_their_order(settings: Settings) -> None:
    pushed_to(settings, raw(*(record(1, version=version) for version in range(1, 40))))
    assert [orjson.loads(value or b"")["data"]["version"] for _, _, value in held(settings)] == list(range(1, 40))


def test_a_line_with_a_problem_is_reported_every_time_and_not_sent(settings: Settings) -> None:
    lines = list(enumerate([record(1), record(2, opened="2026-02-30"), b"{", record(3)], start=1))
    for sent in (2, 0):
        pushed = pushed_to(settings, Checker("fr-pj", "FR").check_lines(lines))
        assert (pushed.sent, pushed.before, pushed.left_out) == (sent, 2 - sent, 2)
        assert [(problem.line, problem.reason) for problem in pushed.problems] == [(2, "date"), (3, "not_json")]
    assert len(held(settings)) == 2


def test_what_is_no_json_goes_under_a_null_key_where_it_is_not_checked(settings: Settings) -> None:
    pushed = pushed_to(settings, raw(b"{", b"", record(1)))
    assert (pushed.sent, pushed.left_out) == (3, 0)
    assert sorted((key, value) for _, key, value in held(settings) if key is None) == [(None, b""), (None, b"{")]


@pytest.mark.parametrize("size", [4 * MIB, 5 * MIB])
def test_a_line_that_kafka_would_not_take_is_reported_like_a_rejection(settings: Settings, size: int) -> None:
    large = record(2, extensions={"x": "x" * size})
    pushed = pushed_to(settings, raw(record(1), large, record(3)))
    assert (pushed.sent, pushed.left_out) == (2, 1)
    assert [(problem.line, problem.reason) for problem in pushed.problems] == [(2, "too_large")]
    assert str(len(large)) in pushed.problems[0].message
    assert len(held(settings)) == 2


def test_a_message_up_to_the_limit_reaches_intake(settings: Settings) -> None:
    room = 4 * MIB - MESSAGE_OVERHEAD - len(record(1, extensions={"x": ""})) - len("fr-pj:1")
    assert pushed_to(settings, raw(record(1, extensions={"x": "x" * room}))).sent == 1


def test_a_longer_list_of_the_same_upload_goes_on_after_the_last_line(settings: Settings) -> None:
    lines = raw(*(record(number) for number in range(9)))
    first = pushed_to(settings, lines[:4])
    second = pushed_to(settings, lines)
    third = pushed_to(settings, lines)
    assert [(result.sent, result.before) for result in (first, second, third)] == [(4, 0), (5, 4), (0, 9)]
    assert third.reached == second.reached
    assert len(held(settings)) == 9
    assert pushed_to(settings, lines, "another").sent == 9


def test_other_lines_under_an_uploads_name_are_refused_and_none_is_sent(settings: Settings) -> None:
    lines = raw(*(record(number) for number in range(4)))
    pushed_to(settings, lines)
    for others in (
        raw(*(record(number) for number in range(10, 17))),
        lines[:3],
        [*lines[:3], *raw(*[record(9)] * 4)[3:]],
    ):
        with pytest.raises(OtherLinesError, match="under another name"):
            pushed_to(settings, others)
    assert len(held(settings)) == 4
    assert pushed_to(settings, lines).before == 4


def test_a_mark_of_an_earlier_version_which_tells_no_lines_is_none(settings: Settings) -> None:
    place = TopicPartition(topics.topic_name(settings, topics.UPLOADS), 0)
    group = f"{topics.upload_prefix(settings, 'fr-pj')}x"

    async def mark() -> None:
        consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_url, group_id=group, enable_auto_commit=False)
        consumer.assign([place])
        await consumer.start()
        try:
            await consumer.commit({place: OffsetAndMetadata(0, "[2,[0,0],[0,0],[0,0]]")})
        finally:
            await consumer.stop()

    asyncio.run(mark())
    assert pushed_to(settings, raw(record(1), record(2), record(3))).sent == 3
    assert len(held(settings)) == 3


def test_the_same_lines_signed_later_are_the_same_lines_and_by_another_key_others(settings: Settings) -> None:
    lines = [(number, record(number)) for number in range(1, 4)]
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def signed(name: str, minutes: int) -> Iterable[CheckedLine]:
        signer = RecordSigner("fr-pj", keys[name], at + timedelta(minutes=minutes))
        return checked_lines(lines, None, signer)

    keys = {name: private_key(seed) for seed, name in enumerate(("one", "other"))}
    assert pushed_to(settings, signed("one", 0)).sent == 3
    assert pushed_to(settings, signed("one", 5)).before == 3
    with pytest.raises(OtherLinesError):
        pushed_to(settings, signed("other", 5))


def test_sending_again_goes_on_where_it_was_cut_off_and_leaves_out_what_is_in(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = raw(*(record(number) for number in range(1, 7)), b"{")

    def again(some: Iterable[CheckedLine], taken: dict[str, int], upload: str = "x-again-1") -> tuple[int, bool]:
        sending = push_untaken(settings, "fr-pj", upload, some, taken, len(lines), lambda _lines: None)
        pushed, is_new = asyncio.run(sending)
        return pushed.sent, is_new

    taken = {"fr-pj:1": 1, "fr-pj:2": 7}
    monkeypatch.setattr(pushing, "CHUNK_LINES", 2)
    with pytest.raises(InterruptedError):
        again(cut_off_after(lines[:4]), taken)
    assert again(lines, taken) == (2, True)
    assert again(lines, taken) == (0, False)
    assert again(lines, {f"fr-pj:{number}": 1 for number in range(1, 7)}, "x-again-2") == (0, True)
    assert again(lines, taken, "x-again-2") == (4, True)


def test_no_upload_leaves_a_group_whose_lag_grows(settings: Settings, kafka_admin: KafkaAdminClient) -> None:
    """Every offset of every group counts, as those who watch groups count it: by the end of its partition."""
    pushed_to(settings, raw(record(1), record(2)), "done")
    asyncio.run(receipt_of_anything(settings))
    pushed_to(settings, raw(record(3)), "another")
    prefix = topics.upload_prefix(settings, "fr-pj")
    groups = [one["group_id"] for one in kafka_admin.list_groups() if one["group_id"].startswith(prefix)]
    assert sorted(groups) == [f"{prefix}another", f"{prefix}done"]
    offsets = kafka_admin.list_group_offsets(dict.fromkeys(groups))
    committed = [(partition, found.offset) for held in offsets.values() for partition, found in held.items()]
    assert len(committed) == 2
    ends = asyncio.run(ends_of(settings, [TopicPartition(*partition) for partition, _ in committed]))
    assert [ends[TopicPartition(*partition)] - offset for partition, offset in committed] == [0, 0]


def test_where_the_topic_of_uploads_is_missing_the_message_says_what_to_do(
    settings: Settings, kafka_admin: KafkaAdminClient, wait_for: WaitFor
) -> None:
    name = topics.topic_name(settings, topics.UPLOADS)
    kafka_admin.delete_topics([name])
    wait_for(lambda: name not in kafka_admin.list_topics())
    with pytest.raises(LiaisonError, match="liaison topics apply"):
        pushed_to(settings, raw(record(1)))


def cut_off_after(lines: Iterable[CheckedLine]) -> Iterator[CheckedLine]:
    yield from lines
    raise InterruptedError


async def receipt_of_anything(settings: Settings) -> None:
    """Something comes on the agency's receipts, as it does without end."""
    topic = topics.topic_name(settings, topics.RECEIPTS, agency="fr-pj")
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka_url) as producer:
        await producer.send_and_wait(topic, b"{}", partition=0)


def test_a_later_attempt_ends_an_earlier_one_that_still_runs(settings: Settings) -> None:
    lines = [UploadLine(b"fr-pj:1", record(1))]

    async def overtaken() -> None:
        async with open_upload(settings, "fr-pj", "x") as early:
            async with open_upload(settings, "fr-pj", "x") as late:
                await late.send_lines(lines, 1)
            await early.send_lines(lines, 1)

    with pytest.raises(LiaisonError, match="taken over"):
        asyncio.run(overtaken())
    assert len(held(settings)) == 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("effect", EFFECTS)
def test_a_pusher_killed_at_any_effect_is_gone_on_after(
    settings: Settings, engine_environment: dict[str, str], tmp_path: Path, effect: str, when: str
) -> None:
    file = tmp_path / "feed.ndjson"
    lines = [record(number) for number in range(35)]
    file.write_bytes(b"\n".join(lines))
    count = "13" if effect == "send" else "1"
    with started(PUSHER_PROCESS, engine_environment, tmp_path) as start:
        killed = start(str(file), effect, when, count)
        assert killed.wait(timeout=60) == -signal.SIGKILL
    pushed = pushed_to(settings, raw(*lines), "killed")
    assert (pushed.sent, pushed.before) == ((15, 20) if (effect, when) == ("commit_transaction", "after") else (25, 10))
    assert sorted(value for _, _, value in held(settings) if value) == sorted(lines)


def test_only_a_registered_agency_may_push(settings: Settings) -> None:
    assert asyncio.run(require_agency(settings, "fr-pj")) == AGENCY
    with pytest.raises(LiaisonError, match="liaison ops agency add be-fp"):
        asyncio.run(require_agency(settings, "be-fp"))


def liaison(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return warm.run(words, environment)


def test_the_command_sends_a_file_and_says_what_it_left_out(
    settings: Settings, engine_environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "feed.ndjson"
    file.write_bytes(record(1) + b"\n" + record(2, opened="2026-02-30") + b"\n")
    done = liaison(engine_environment, "feed", "push", str(file), "--agency", "fr-pj")
    assert done.returncode == 1
    assert done.stdout.startswith(f"{file}:2: /data/opened: date: ")
    assert "1 lines sent to fr-pj, 1 left out" in done.stderr
    again = liaison(engine_environment, "feed", "push", str(file), "--agency", "fr-pj")
    assert (again.returncode, again.stdout) == (1, done.stdout)
    assert "0 lines sent to fr-pj, 1 had been sent before, 1 left out" in again.stderr
    everything = liaison(engine_environment, "feed", "push", str(file), "--agency", "fr-pj", "--no-validate")
    assert everything.returncode == 0, everything.stderr
    assert len(held(settings)) == 3
