"""The audit log on real Kafka: written by several processes at once, attested once, witnessed and verified."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from pipeline.access.audit import Act, ActFacts, ActKind, AuditEntry, ShownCase, ShownForm
from pipeline.access.audit_verification import TrailVerifier
from pipeline.feeds.client import FeedClient
from pipeline.ops.audit import check_log, known_log_key
from pipeline.settings import Settings
from pipeline.streams.audit.audit_log import audit_log
from pipeline.streams.audit.audit_tail import read_entries
from pipeline.streams.audit.log_keys import follow_log, signing_key, tag_keys
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.connection import client_options
from pipeline.streams.kafka.following import Followers
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.registers.control import read_control
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.times import now
from pipeline.transparency.checkpoints import Checkpoint, SignedHead, sign_head
from pipeline.transparency.growth import HEAD_ENTRIES
from pipeline.transparency.leaves import LogLeaf, encode64, new_seed, seal_entry
from pipeline.transparency.log_records import HEAD_KEY, HeadRecord, decode_head, leaf_key
from pipeline.transparency.merkle import leaf_hash, root_of
from pipeline.transparency.served_log import ServedLog
from pipeline.transparency.witness import LogFault
from support.earlier_version import EarlierVersion
from support.installation.installation import Installation
from support.processes import warm
from support.processes.starting import Start
from support.waiting import WaitFor

VERIFY = ("ops", "audit", "verify")
FORMAT = ("ops", "audit", "format")

pytestmark = [pytest.mark.engines, pytest.mark.timeout(240), pytest.mark.rare]


async def write(settings: Settings, writers: int = 3, acts: int = 20) -> None:
    """Let several processes' writers record acts at the same time; all are acknowledged at the end."""

    async def work(number: int) -> None:
        async with audit_log(settings, now, writer=f"host|{number}") as log:
            act = Act(ActKind.SEARCH, "bert", "be-fp", "BE", shown=(ShownCase(f"fr-pj:{number}", ShownForm.FULL),))
            await asyncio.gather(*(log.write(act) for _ in range(acts)))

    await asyncio.gather(*(work(number) for number in range(writers)))


def held(settings: Settings, topic: topics.Topic, agency: str = "") -> list[tuple[bytes, bytes]]:
    async def all_of_it() -> list[tuple[bytes, bytes]]:
        start = {TopicPartition(topics.topic_name(settings, topic, agency=agency), 0): 0}
        return [(record.key, record.value) async for records in read_partitions(settings, start) for record in records]

    return asyncio.run(all_of_it())


def written(settings: Settings) -> list[AuditEntry]:
    async def all_of_it() -> list[AuditEntry]:
        return [entry async for entry in read_entries(settings)]

    return asyncio.run(all_of_it())


def leaves(settings: Settings) -> list[tuple[bytes, bytes]]:
    return [one for one in held(settings, topics.AUDIT_LOG) if one[0] != HEAD_KEY]


def heads(settings: Settings) -> list[Checkpoint]:
    notes = [decode_head(value).head for key, value in held(settings, topics.AUDIT_LOG) if key == HEAD_KEY]
    return [SignedHead.from_signed_note(note, signing_key(settings, make=False).verifier).checkpoint for note in notes]


def is_covered(settings: Settings, count: int) -> bool:
    return count in {checkpoint.size for checkpoint in heads(settings)}


async def put(settings: Settings, topic: topics.Topic, messages: Sequence[tuple[bytes, bytes]]) -> None:
    """What somebody writes who holds the broker."""
    async with AIOKafkaProducer(**client_options(settings)) as producer:
        for key, value in messages:
            await producer.send_and_wait(topics.topic_name(settings, topic), value, key=key)


def liaison(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return warm.run(words, environment)


@pytest.mark.parametrize("effect", ["publish", "transaction", "commit"])
def test_each_entry_has_one_leaf_in_its_place_however_the_stage_dies(
    installation: Installation, start_stage: Start, wait_for: WaitFor, effect: str
) -> None:
    settings = installation.settings
    killed = start_stage("attest", "--kill-after", effect)
    asyncio.run(write(settings))
    assert killed.wait(timeout=60) == -signal.SIGKILL
    start_stage("attest")
    asyncio.run(write(settings, acts=HEAD_ENTRIES // 3 + 1))
    made = written(settings)
    wait_for(lambda: is_covered(settings, len(made)), deadline_s=90)
    keys = tag_keys(key_ring(settings))
    bodies = [seal_entry(entry, keys, keys.current).leaf.encode() for entry in made]
    assert leaves(settings) == [(leaf_key(at), body) for at, body in enumerate(bodies)]
    hashes = list(map(leaf_hash, bodies))
    told = heads(settings)
    assert [checkpoint.root for checkpoint in told] == [root_of(hashes[: checkpoint.size]) for checkpoint in told]
    checked = asyncio.run(check_log(settings, known_log_key(settings, ""), TrailVerifier()))
    assert (checked.leaves, checked.waiting, checked.findings) == (len(made), 0, ())


def write_facts(settings: Settings) -> None:
    """An act with facts, in the format that `control` names."""

    async def work() -> None:
        async with audit_log(settings, now) as log:
            log.newest_format = (await read_control(settings)).audit_format
            await log.write(Act(ActKind.SEARCH, "bert", "be-fp", "BE", rule="role", facts=ActFacts(posed=True, hits=2)))

    asyncio.run(work())


def test_0_3_0_seals_and_verifies_what_this_version_writes_until_all_are_upgraded(
    installation: Installation,
    start_stage: Start,
    wait_for: WaitFor,
    engine_environment: dict[str, str],
    earlier_version: EarlierVersion,
    tmp_path: Path,
) -> None:
    """Both versions on one Kafka: either attests, either verifies, and an agency's witness of 0.3.0 goes on."""
    settings = installation.settings

    def verify_by_both() -> list[int]:
        ran = (earlier_version.liaison(engine_environment, *VERIFY), liaison(engine_environment, *VERIFY))
        return [done.returncode for done in ran]

    assert liaison(engine_environment, *FORMAT).stdout == "4\n", "no earlier version runs where all is new"
    assert liaison(engine_environment, *FORMAT, "3").returncode == 0
    write_facts(settings)
    attest = earlier_version.start_liaison(engine_environment, "worker", "attest")
    try:
        wait_for(lambda: is_covered(settings, len(written(settings))), deadline_s=90)
    finally:
        attest.send_signal(signal.SIGINT)
        attest.communicate(timeout=60)
    assert verify_by_both() == [0, 0]
    assert {LogLeaf.decode(body).format for _, body in leaves(settings)} == {2}
    start_stage("attest")
    write_facts(settings)
    wait_for(lambda: is_covered(settings, len(written(settings))), deadline_s=90)
    assert verify_by_both() == [0, 0]
    refused = liaison(engine_environment, *FORMAT, "4")
    assert (refused.returncode, liaison(engine_environment, *FORMAT).stdout) == (1, "3\n")
    assert "end its workers and servers" in refused.stderr
    assert liaison(engine_environment, *FORMAT, "4", "--all-upgraded").returncode == 0
    write_facts(settings)
    wait_for(lambda: is_covered(settings, len(written(settings))), deadline_s=90)
    assert [entry.facts for entry in written(settings) if entry.kind is ActKind.SEARCH] == [
        None, None, ActFacts(posed=True, hits=2),
    ]  # fmt: skip
    assert {LogLeaf.decode(body).format for _, body in leaves(settings)} == {2, 4}
    assert verify_by_both() == [1, 0]
    key = liaison(engine_environment, "ops", "audit", "key").stdout.strip()
    (tmp_path / "keys").write_text(liaison(engine_environment, "ops", "audit", "tag-keys", "be-fp").stdout)
    words = ("feed", "witness", "--agency", "be-fp", "--folder", str(tmp_path / "be-fp"))
    seen = earlier_version.liaison(engine_environment, *words, "--log-key", key, "--tag-keys", str(tmp_path / "keys"))
    assert (seen.returncode, seen.stdout) == (0, ""), seen.stderr
    assert f"{len(written(settings)):,} leaves, 3 with your tags" in seen.stderr


def test_agencies_witness_it_and_find_a_fork(
    installation: Installation,
    start_stage: Start,
    wait_for: WaitFor,
    engine_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    settings = installation.settings
    start_stage("attest")
    asyncio.run(write(settings))
    count = len(written(settings))
    wait_for(lambda: is_covered(settings, count), deadline_s=90)
    log_key = liaison(engine_environment, "ops", "audit", "key").stdout.strip()
    for agency in ("fr-pj", "nl-np"):
        keys = tmp_path / f"{agency}.json"
        keys.write_text(liaison(engine_environment, "ops", "audit", "tag-keys", agency).stdout)
        words = ("feed", "witness", "--agency", agency, "--folder", str(tmp_path / agency))
        seen = liaison(engine_environment, *words, "--log-key", log_key, "--tag-keys", str(keys))
        assert (seen.returncode, seen.stdout) == (0, ""), seen.stderr
        assert f"{count:,} leaves, {60 if agency == 'fr-pj' else 0} with your tags" in seen.stderr
    assert [key for key, _ in held(settings, topics.WITNESS, "fr-pj")] == [b"%d" % count]
    with FeedClient("fr-pj", settings) as client:
        assert [head.checkpoint for head in client.heads(log_key)] == heads(settings)
    key = signing_key(settings, make=False)
    forked = sign_head(Checkpoint(key.verifier.name, count, b"\0" * 32, now().isoformat()), key)
    name = settings.namespace + "witness.fr-pj"
    asyncio.run(put_to(settings, name, msgspec.json.encode(HeadRecord(forked))))
    seen = liaison(engine_environment, "feed", "witness", "--agency", "nl-np", "--folder", str(tmp_path / "nl-np"))
    assert seen.returncode == 1
    assert seen.stdout == f"forked\t{count}\tfr-pj has a signed head with another root\n"
    both = liaison(engine_environment, "feed", "heads", "--agency", "nl-np", "--folder", str(tmp_path / "nl-np"))
    assert len([one for one in both.stdout.splitlines() if f"\\n{count}\\n" in one]) == 2


async def put_to(settings: Settings, name: str, value: bytes) -> None:
    async with AIOKafkaProducer(**client_options(settings)) as producer:
        await producer.send_and_wait(name, value, key=b"1")


def test_the_operator_finds_what_is_not_as_it_was_logged(
    installation: Installation,
    start_stage: Start,
    wait_for: WaitFor,
    engine_environment: dict[str, str],
    kafka_admin: Any,
) -> None:
    """Whoever holds the broker writes `audit` anew, with all hashes made to match, and adds to the log."""
    settings = installation.settings
    stage = start_stage("attest")
    asyncio.run(write(settings))
    made = written(settings)
    wait_for(lambda: is_covered(settings, len(made)), deadline_s=90)
    sound = liaison(engine_environment, "ops", "audit", "verify", "--json")
    assert (sound.returncode, json.loads(sound.stdout)["log"]["findings"]) == (0, [])
    stage.send_signal(signal.SIGINT)
    stage.wait(timeout=60)
    extra = msgspec.structs.replace(made[-1], seed=new_seed())
    body = seal_entry(extra, tag_keys(key_ring(settings)), "k").leaf.encode()
    asyncio.run(put(settings, topics.AUDIT_LOG, [(leaf_key(len(made)), body), (leaf_key(3), body)]))
    found = json.loads(liaison(engine_environment, "ops", "audit", "verify", "--json").stdout)["log"]["findings"]
    assert {(one["fault"], one["at"]) for one in found} == {
        (LogFault.REWRITTEN, 3),
        (LogFault.MISSING, len(made)),
    }


def test_a_server_follows_it_and_goes_on_where_it_was(
    installation: Installation, start_stage: Start, wait_for: WaitFor, tmp_path: Path
) -> None:
    settings = installation.settings
    start_stage("attest")

    async def followed(count: int) -> None:
        served = ServedLog(tmp_path / "served")
        async with follow_log(settings, served, Followers()), asyncio.timeout(60):
            while (head := served.last_head()) is None or head.checkpoint.size < count:
                await asyncio.sleep(0.05)
        assert (served.store.size, served.mismatched) == (count, 0)
        served.close()

    for _ in range(2):
        asyncio.run(write(settings))
        asyncio.run(followed(len(written(settings))))


def test_a_restored_log_goes_on_behind_its_last_entry(
    installation: Installation, start_stage: Start, wait_for: WaitFor
) -> None:
    """No progress is restored, and the audit holds entries that the log does not."""
    settings = installation.settings
    asyncio.run(write(settings))
    made, keys, key = written(settings), tag_keys(key_ring(settings)), signing_key(settings, make=True)
    bodies = [seal_entry(entry, keys, keys.current).leaf.encode() for entry in made[:50]]
    restored = [(leaf_key(at), body) for at, body in enumerate(bodies)]
    asyncio.run(put(settings, topics.AUDIT_LOG, restored))
    behind = asyncio.run(check_log(settings, None, TrailVerifier()))
    assert (behind.waiting, behind.since) == (len(made) - 50, made[50].time)
    start_stage("attest")
    asyncio.run(write(settings, writers=1))
    count = len(written(settings))
    wait_for(lambda: is_covered(settings, count), deadline_s=90)
    checked = asyncio.run(check_log(settings, key.verifier, TrailVerifier()))
    assert (checked.leaves, checked.since, checked.findings) == (count, "", ())
    assert encode64(leaf_hash(leaves(settings)[49][1])) == encode64(leaf_hash(bodies[49]))
