"""What agencies hold that stands for hidden cases: nobody opens it by what Kafka or the index tells."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB
from kafka import KafkaAdminClient

from pipeline.access.audit import ActKind
from pipeline.correlation.key_ring import KeyRing, digest_name, digest_of
from pipeline.secret_file import read_secrets
from pipeline.settings import Settings
from pipeline.streams.audit.audit_tail import read_entries
from pipeline.streams.registers.installation_secret import key_ring
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.processes import warm
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.rare]

HIDDEN = {"code": "H2", "releasable_to": ["*"], "purposes": ["investigation", "correlation"]}
GUESSES = [f"be-fp:2026-{number:06}" for number in range(1000)]
"""Case numbers of another agency count up, so anyone can name them all."""


def openings(reference: str, agency: str, known: bytes) -> Iterator[str]:
    """What a reference decrypts to under what an agency knows, as a key and as what keys are derived from."""
    ring = KeyRing([known])
    yield digest_of(ring, agency, ring.first + reference[-32:]) or ""
    for key in (known, hashlib.sha256(known).digest()):
        own = hashlib.blake2b(f"references|{agency}".encode(), key=key, digest_size=32).digest()
        for block in (reference[:32], reference[-32:]):
            yield Cipher(AES256(own), ECB()).decryptor().update(bytes.fromhex(block)).hex()


def test_a_hits_reference_does_not_open_to_who_knows_the_clusters_id(
    installation: Installation,
    records: RecordMaker,
    start_all: Callable[[], list[subprocess.Popen[bytes]]],
    kafka_admin: KafkaAdminClient,
    wait_for: WaitFor,
) -> None:
    person = records.person()
    hidden = records.message("be-fp", "2026-000711", people=[person], handling=HIDDEN)
    installation.push([records.message("fr-pj", "own", people=[person]), hidden])
    start_all()
    told = wait_for(lambda: [one for one in installation.hits() if one["receiver"] == "fr-pj"], 90)

    cluster = str(kafka_admin.describe_cluster()["cluster_id"]).encode()
    found = {opening for one in told for opening in openings(one["reference"], "fr-pj", cluster)}
    assert [key for key in GUESSES if digest_name(key) in found] == []


def test_a_hit_says_which_secret_keys_it_and_leads_back_to_its_agency(
    installation: Installation,
    records: RecordMaker,
    start_all: Callable[[], list[subprocess.Popen[bytes]]],
    wait_for: WaitFor,
) -> None:
    person = records.person()
    installation.push([records.message(agency, "one", people=[person]) for agency in ("fr-pj", "be-fp")])
    start_all()
    told = {one["receiver"]: one for one in wait_for(lambda: two(installation.hits()), 90)}

    ring = key_ring(installation.settings)
    assert digest_of(ring, "fr-pj", told["fr-pj"]["reference"]) == digest_name("be-fp:one")
    assert {one[field][:8] for one in told.values() for field in ("id", "reference")} == {ring.first}


def two(hits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return hits if len(hits) == 2 else []


@pytest.mark.usefixtures("installation")
def test_no_worker_or_server_starts_without_a_secret(engine_environment: dict[str, str], tmp_path: Path) -> None:
    missing = {"LIAISON_SECRET_FILE": str(tmp_path / "none")}
    for command in (["worker", "intake"], ["worker", "notify"], ["serve", "--port", "0"]):
        done = warm.run(command, engine_environment | missing)
        assert done.returncode == 1
        assert "liaison ops secret new" in done.stderr


def test_the_setting_that_it_replaces_is_refused_with_the_way_to_move(engine_environment: dict[str, str]) -> None:
    done = warm.run(["status"], engine_environment | {"LIAISON_HIT_SECRET": "canary"})
    assert done.returncode == 1
    assert "LIAISON_SECRET_FILE" in done.stderr
    assert "canary" not in done.stderr


@pytest.mark.usefixtures("installation")
def test_the_commands_make_rotate_and_name_a_secret_and_never_show_it(
    engine_environment: dict[str, str], engine_settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "own" / "secret"
    environment = engine_environment | {"LIAISON_SECRET_FILE": str(file)}

    def run(*words: str) -> str:
        done = warm.run(words, environment)
        assert done.returncode == 0, done.stderr
        secrets = read_secrets(Settings(secret_file=file))
        assert not [secret for secret in secrets if secret in (done.stdout + done.stderr).encode()]
        return done.stdout

    made = json.loads(run("ops", "secret", "new", "--json"))
    assert warm.run(["ops", "secret", "new"], environment).returncode == 1
    rotated = json.loads(run("ops", "secret", "rotate", "--json"))
    assert rotated["key_ids"] == [made["current"], rotated["current"]]
    assert rotated["current"] in run("ops", "secret", "show")
    recorded = asyncio.run(operations(engine_settings))
    assert "secret rotate" in recorded
    told = run("ops", "backup", str(tmp_path / "backup"))
    assert f"key id {', '.join(rotated['key_ids'])}: keep {file} apart" in told


async def operations(settings: Settings) -> list[str]:
    return [entry.object async for entry in read_entries(settings) if entry.kind is ActKind.OPERATION]
