"""Who holds the broker forges cases, withdrawals, tombstones and registry entries: only the agency's own are taken."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from pipeline.feeds.files import numbered_lines
from pipeline.feeds.gateway import accept_upload
from pipeline.feeds.signing import RecordSigner, read_signer, signed_lines
from pipeline.records.agencies import Agency
from pipeline.records.agency_keys import agency_key
from pipeline.records.expiry import Expiry
from pipeline.records.hashing import canonical_json, content_hash, partition_of
from pipeline.records.signing_policy import SigningPolicy
from pipeline.streams.catalogues import topics
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.registers.registry import read_agencies
from pipeline.streams.registers.seals import sealed_expiry
from pipeline.times import unix_ms
from support.installation.command import RunLiaison
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.processes import warm
from support.processes.starting import Start
from support.records.signing import STRANGE_KEY
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300)]


@pytest.fixture
def run(engine_environment: dict[str, str]) -> RunLiaison:
    """A command that must succeed."""

    def ran(*words: object, code: int = 0) -> CompletedProcess[str]:
        done = warm.run([str(word) for word in words], engine_environment)
        assert done.returncode == code, done.stderr
        return done

    return ran


@pytest.fixture
def key(run: RunLiaison, installation: Installation, tmp_path: Path) -> Path:
    """fr-pj's private key; the installation has the public one, and takes nothing of fr-pj's unsigned."""
    private, public = tmp_path / "fr-pj.pem", tmp_path / "fr-pj.jwk"
    public.write_text(run("feed", "make-key", "--agency", "fr-pj", "-o", private).stdout)
    run("ops", "agency", "key", "add", "fr-pj", public, "--from", "1h")
    run("ops", "agency", "set", "fr-pj", "--require-signatures")
    return private


def signed(message: Any, signer: RecordSigner) -> Any:
    return message._replace(value=signer.sign(message.value))


def outcomes(installation: Installation, messages: list[Any], wait_for: WaitFor) -> list[str]:
    """What intake decides about messages that somebody wrote to Kafka directly: reason, or outcome."""
    positions = installation.push(messages)
    wait_for(lambda: set(positions) <= set(installation.receipts()), 90)
    receipts = installation.receipts()
    return [receipts[position].reason or receipts[position].outcome for position in positions]


def write(installation: Installation, topic: topics.Topic, key: str, value: msgspec.Struct) -> None:
    """Write to a topic of the installation's own, as whoever holds Kafka can."""

    async def written() -> None:
        settings, encoded = installation.settings, key.encode()
        partition = partition_of(encoded, topics.partition_count(settings, topic))
        async with AIOKafkaProducer(bootstrap_servers=settings.kafka_url) as producer:
            name = topics.topic_name(settings, topic)
            await producer.send_and_wait(name, msgspec.json.encode(value), key=encoded, partition=partition)

    asyncio.run(written())


def expiry_of(raw: bytes) -> Expiry:
    """What retention would ask for once the record's time has passed, without its seal."""
    data = json.loads(raw)["data"]
    digest = content_hash(canonical_json(data))
    return Expiry(f"{data['agency']}:{data['case_id']}", data["version"], digest)


@pytest.mark.rare
def test_only_the_agencys_own_records_are_taken(
    records: RecordMaker,
    installation: Installation,
    start_all: StartAll,
    run: RunLiaison,
    key: Path,
    tmp_path: Path,
    wait_for: WaitFor,
) -> None:
    start_all()
    feed = tmp_path / "feed.ndjson"
    feed.write_bytes(b"".join(records.message("fr-pj", str(number)).event + b"\n" for number in range(3)))
    pushed = run("feed", "push", feed, "--agency", "fr-pj", "--sign", key, "--wait")
    assert "3 accepted" in pushed.stderr

    own = read_signer("fr-pj", key, datetime.now(UTC))
    forger = RecordSigner("fr-pj", STRANGE_KEY, datetime.now(UTC))
    first, forged = signed(records.message("fr-pj", "0"), own), records.message("fr-pj", "forged")
    stolen = json.loads(first.value)["signature"]
    replayed = json.loads(records.message("fr-pj", "0", 2).event) | {"signature": stolen}
    bad = [
        forged,
        records.message("fr-pj", "0", 2),
        records.message("fr-pj", "0", 2, status="withdrawn"),
        first._replace(value=None),
        signed(forged, forger),
        first._replace(value=json.dumps(replayed).encode()),
    ]
    unsigned, wrong = ["unsigned"] * 3, ["bad_signature"] * 2
    assert outcomes(installation, bad, wait_for) == [*unsigned, "not_json", *wrong]

    held = asyncio.run(read_agencies(installation.settings))["fr-pj"]
    strange = agency_key("fr-pj", STRANGE_KEY, datetime(2020, 1, 1, tzinfo=UTC))
    policy = SigningPolicy((strange,), True, held.signing.changed_at)
    write(installation, topics.AGENCIES, "fr-pj", msgspec.structs.replace(held, signing=policy))
    assert outcomes(installation, [signed(forged, forger)], wait_for) == ["bad_signature"]
    write(installation, topics.AGENCIES, "fr-pj", Agency("fr-pj", "FR"))
    assert outcomes(installation, [forged], wait_for) == ["unsigned"]

    expiry = expiry_of(feed.read_bytes().splitlines()[0])
    write(installation, topics.EXPIRIES, "fr-pj:0", expiry)
    another = signed(records.message("fr-pj", "another"), own)
    assert outcomes(installation, [another, another], wait_for) == ["accepted", "duplicate"]
    wait_for(installation.at_rest)
    wait_for(lambda: len(installation.cases([f"fr-pj:{name}" for name in ("0", "1", "2", "another")])) == 4)
    assert installation.cases(["fr-pj:forged"]) == {}
    assert installation.accounting().balanced
    write(installation, topics.EXPIRIES, "fr-pj:0", sealed_expiry(expiry, key_ring(installation.settings)))
    wait_for(lambda: installation.cases(["fr-pj:0"]) == {})


def test_the_gateway_carries_signatures(
    records: RecordMaker, installation: Installation, start_stage: Start, key: Path, tmp_path: Path, wait_for: WaitFor
) -> None:
    start_stage("intake")
    feed = tmp_path / "feed.ndjson"
    feed.write_bytes(b"".join(records.message("fr-pj", str(number)).event + b"\n" for number in range(3)))

    async def body() -> AsyncIterator[bytes]:
        for line in signed_lines(numbered_lines(feed), read_signer("fr-pj", key, datetime.now(UTC))):
            yield line
        yield records.message("fr-pj", "unsigned").event

    received = asyncio.run(accept_upload(installation.settings, Agency("fr-pj", "FR"), "upload", body()))
    assert received.pushed.sent == 4
    wait_for(lambda: len(installation.receipts()) == 4)
    found = [receipt.reason or receipt.outcome for receipt in installation.receipts().values()]
    assert sorted(found) == ["accepted", "accepted", "accepted", "unsigned"]


def test_a_key_that_has_ended_signs_nothing_whatever_time_the_message_claims(
    records: RecordMaker,
    installation: Installation,
    start_stage: Start,
    run: RunLiaison,
    tmp_path: Path,
    wait_for: WaitFor,
) -> None:
    """Not the sender but the broker says when a record came."""
    private, public = tmp_path / "old.pem", tmp_path / "old.jwk"
    public.write_text(run("feed", "make-key", "--agency", "fr-pj", "-o", private).stdout)
    run("ops", "agency", "key", "add", "fr-pj", public, "--from", "3h", "--until", "1h")
    start_stage("intake")
    then = datetime.now(UTC) - timedelta(hours=2)
    late = signed(records.message("fr-pj", "1"), read_signer("fr-pj", private, then))

    async def send() -> str:
        async with AIOKafkaProducer(bootstrap_servers=installation.settings.kafka_url) as producer:
            topic = topics.topic_name(installation.settings, topics.CASES, agency="fr-pj")
            partition = partition_of(late.key, installation.settings.case_partitions)
            at_ms = unix_ms(then)
            sent = await producer.send_and_wait(topic, late.value, late.key, partition=partition, timestamp_ms=at_ms)
            return f"{sent.topic}-{sent.partition}-{sent.offset}"

    position = asyncio.run(send())
    wait_for(lambda: position in installation.receipts())
    receipt = installation.receipts()[position]
    assert (receipt.reason, receipt.pointer) == ("bad_signature", "/signature")
    assert "when the record arrived" in receipt.message


@pytest.mark.rare
def test_what_was_taken_is_verified_offline_and_a_revoked_key_ends(
    records: RecordMaker,
    installation: Installation,
    start_all: StartAll,
    run: RunLiaison,
    key: Path,
    tmp_path: Path,
    wait_for: WaitFor,
) -> None:
    start_all()
    own = read_signer("fr-pj", key, datetime.now(UTC))
    taken = signed(records.message("fr-pj", "1"), own)
    plain = records.message("be-fp", "1")
    assert outcomes(installation, [taken, plain], wait_for) == ["accepted", "accepted"]
    wait_for(installation.at_rest)

    keys, cases = tmp_path / "keys.json", tmp_path / "cases.ndjson"
    keys.write_text(run("ops", "agency", "key", "list", "--json").stdout)
    assert run("feed", "keys").stdout == keys.read_text()
    run("export", "cases", "-o", cases)
    found = run("feed", "verify-case", cases, "--keys", keys, "--json", code=1)
    verdicts = {one["case"]: one["verdict"] for one in map(json.loads, found.stdout.splitlines())}
    assert verdicts == {"fr-pj:1": "good", "be-fp:1": "unsigned"}
    case = tmp_path / "case.json"
    case.write_text(run("case", "fr-pj:1", "--json").stdout)
    run("feed", "verify-case", case, "--keys", keys)
    case.write_text(case.read_text().replace('"Case"', '"Other"'))
    run("feed", "verify-case", case, "--keys", keys, code=1)

    run("ops", "agency", "key", "revoke", "fr-pj", own.kid)
    late = signed(records.message("fr-pj", "2"), own)
    wait_for(lambda: outcomes(installation, [late], wait_for) == ["bad_signature"])
    assert outcomes(installation, [taken], wait_for) == ["duplicate"]
    keys.write_text(run("ops", "agency", "key", "list", "--json").stdout)
    case.write_text(run("case", "fr-pj:1", "--json").stdout)
    assert "revoked after it signed" in run("feed", "verify-case", case, "--keys", keys).stdout

    assert "1 cases withdrawn" in run("ops", "agency", "remove", "fr-pj", "--yes").stdout
    wait_for(installation.at_rest)
    assert installation.cases(["fr-pj:1"]) == {}
    assert installation.accounting().balanced
