"""A pusher killed halfway, by Kafka and by the gateway, and started again: every record gets exactly one outcome."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import orjson
import pytest
from aiokafka import TopicPartition

from pipeline.streams.catalogues import topics
from pipeline.streams.monitoring.lag import ends_of
from support.installation.command import LIAISON
from support.installation.installation import Installation
from support.ports import own_port
from support.processes.starting import Start
from support.records.builder import event_bytes
from support.waiting import PATIENCE_S, WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(1500)]

RECORDS = 100_000 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 20_000


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cases of a few fields each, and some lines that intake rejects."""
    file = tmp_path_factory.mktemp("feed") / "cases.ndjson"
    with file.open("wb") as out:
        for number in range(RECORDS):
            out.write(record(number, number % 1000 == 999) + b"\n")
    return file


def record(number: int, bad: bool) -> bytes:
    plate = {"type": "vehicle", "plate": f"XX-{number:06d}"}
    return event_bytes("fr-pj", str(number), [plate], country="BE" if bad else "FR", title=f"Case {number}")


@pytest.fixture
def gateway(
    installation: Installation, engine_environment: dict[str, str], tmp_path: Path, wait_for: WaitFor
) -> Iterator[str]:
    """A running API; its URL."""
    port = own_port()
    url = f"http://127.0.0.1:{port}"
    with (tmp_path / "serve.log").open("wb") as log:
        server = subprocess.Popen(
            [LIAISON, "serve", "--port", str(port)], env=engine_environment, stdout=log, stderr=log
        )
    try:
        wait_for(lambda: serves(url))
        yield url
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


def serves(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=PATIENCE_S).status_code < 500
    except httpx.TransportError:
        return False


def held(installation: Installation) -> int:
    """Positions on the national topics so far."""
    counted = installation.accounting()
    return counted.consumed + counted.waiting


def sent_so_far(installation: Installation) -> int:
    """The ends of the agency's partitions: a look that is quick beside the push."""
    name = topics.topic_name(installation.settings, topics.CASES, agency="fr-pj")
    partitions = [TopicPartition(name, number) for number in range(installation.settings.case_partitions)]
    return sum(asyncio.run(ends_of(installation.settings, partitions)).values())


def killed_halfway(
    command: list[str], environment: dict[str, str], installation: Installation, wait_for: Callable[..., object]
) -> None:
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as pusher:
        wait_for(lambda: pusher.poll() is not None or sent_so_far(installation) > 0, 300)
        assert pusher.poll() is None
        pusher.kill()
    assert 0 < held(installation) < RECORDS


def outcomes(installation: Installation) -> Counter[tuple[str, str]]:
    """How many receipts by case and outcome."""
    return Counter((receipt.case, receipt.outcome) for receipt in installation.receipts().values())


def each_record_once(installation: Installation, done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 1, done.stderr
    bad = RECORDS // 1000
    assert f"{RECORDS - bad:,} accepted, {bad:,} rejected" in done.stderr
    sent, before = re.search(r"([\d,]+) lines sent to fr-pj, ([\d,]+) had been sent before", done.stderr).groups()  # type: ignore[union-attr]
    assert int(sent.replace(",", "")) + int(before.replace(",", "")) == RECORDS
    assert int(before.replace(",", "")) > 0
    told = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert sorted(one["line"] for one in told) == list(range(1, RECORDS + 1))
    counted = installation.accounting()
    assert counted.balanced
    assert counted.consumed == RECORDS
    assert set(outcomes(installation).values()) == {1}


def test_a_push_to_kafka(
    feed: Path, installation: Installation, start_stage: Start, engine_environment: dict[str, str], wait_for: WaitFor
) -> None:
    start_stage("intake")
    command = [str(LIAISON), "feed", "push", str(feed), "--agency", "fr-pj", "--no-validate", "--wait", "--json"]
    killed_halfway(command, engine_environment, installation, wait_for)
    again = subprocess.run(command, env=engine_environment, capture_output=True, text=True, check=False, timeout=900)
    each_record_once(installation, again)


def test_a_push_to_the_gateway(
    feed: Path, installation: Installation, gateway: str, start_stage: Start,
    engine_environment: dict[str, str], wait_for: WaitFor,
) -> None:  # fmt: skip
    start_stage("intake")
    bearer = [str(LIAISON), "token", "--agency", "fr-pj", "--country", "FR", "--role", "feed"]
    token = subprocess.run(bearer, env=engine_environment, capture_output=True, text=True, check=True).stdout.strip()
    words = ["feed", "push", str(feed), "--agency", "fr-pj", "--no-validate", "--gateway", gateway, "--json"]
    command, environment = [str(LIAISON), *words], engine_environment | {"LIAISON_TOKEN": token}
    killed_halfway(command, environment, installation, wait_for)
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=900)
    each_record_once(installation, again)
