"""A real Prometheus with the configuration and the rules of deploy/: it shows lag, and which feed is silent."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from aiokafka import AIOKafkaProducer
from elasticsearch import Elasticsearch
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.structs import TopicPartition

from pipeline.index.mappings import Indices
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import admin_client
from support.absences import PROMETHEUS_ABSENT, lack_package
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.installation.status_ports import STAGES, Ports
from support.ports import own_port
from support.waiting import PATIENCE_S

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300), pytest.mark.rare]

DEPLOY = Path(__file__).parents[3] / "deploy" / "prometheus"

TWO_DAYS_MS = 2 * 86_400_000


def configuration(folder: Path, ports: Ports) -> Path:
    """That of deploy/, asked every second, for workers on loopback; an alert need not last before it fires."""
    held = yaml.safe_load((DEPLOY / "prometheus.yml").read_text(encoding="utf-8"))
    held["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    (job,) = held["scrape_configs"]
    del job["dns_sd_configs"]
    job["static_configs"] = [{"targets": [url.removeprefix("http://") for url in ports.of.values()]}]
    rules = yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))
    for rule in rules["groups"][0]["rules"]:
        rule["for"] = "0s"
    (folder / "alerts.yml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    (folder / "prometheus.yml").write_text(yaml.safe_dump(held), encoding="utf-8")
    return folder / "prometheus.yml"


class Prometheus:
    """What a running Prometheus answers."""

    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, path: str, **parameters: str) -> httpx.Response:
        return httpx.get(self._url + path, params=parameters, timeout=PATIENCE_S)

    def ready(self) -> bool:
        try:
            return self.get("/-/ready").is_success
        except httpx.TransportError:
            return False

    def value(self, query: str) -> float | None:
        """The first result of a query."""
        found = self.get("/api/v1/query", query=query).json()["data"]["result"]
        return float(found[0]["value"][1]) if found else None

    def firing(self, alert: str) -> list[dict[str, str]]:
        """The labels of an alert's instances that fire."""
        found = self.get("/api/v1/alerts").json()["data"]["alerts"]
        return [one["labels"] for one in found if one["labels"]["alertname"] == alert and one["state"] == "firing"]


@pytest.fixture
def prometheus(ports: Ports, tmp_path: Path, wait_for: Callable[..., Any]) -> Iterator[Prometheus]:
    """Debian's prometheus on a free port of loopback, with storage of its own; ended by its id."""
    program = shutil.which("prometheus")
    if program is None:
        lack_package(PROMETHEUS_ABSENT)
    address = f"127.0.0.1:{own_port()}"
    words = [f"--config.file={configuration(tmp_path, ports)}", f"--storage.tsdb.path={tmp_path / 'tsdb'}"]
    with (tmp_path / "prometheus.log").open("wb") as log:
        command = [program, *words, f"--web.listen-address={address}", "--log.level=warn"]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        running = Prometheus(f"http://{address}")
        wait_for(running.ready)
        yield running
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


async def send_as_of(installation: Installation, records: RecordMaker, agency: str, at_ms: int) -> None:
    """One record that its agency sent at another time, the only one of its partition.

    The topic for once takes the sender's word for the time. A busy broker may write with its own time still after it
    accepted the topic's setting: then once more, and what was written before is deleted. Call it before workers start:
    they would take a record of now for the feed's last.
    """
    message = records.message(agency, "long-ago")
    topic = topics.topic_name(installation.settings, topics.CASES, agency=agency)
    with admin_client(installation.settings) as client:
        client.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, topic, {"message.timestamp.type": "CreateTime"})]
        )
        async with AIOKafkaProducer(bootstrap_servers=installation.settings.kafka_url) as producer:
            written_ms = None
            while written_ms != at_ms:
                sent = await producer.send_and_wait(topic, message.value, message.key, partition=0, timestamp_ms=at_ms)
                written_ms = sent.timestamp
        client.delete_records({TopicPartition(topic, 0): sent.offset})


def test_it_shows_the_lag_while_a_stage_is_held_up_and_the_feed_that_is_silent(
    prometheus: Prometheus,
    records: RecordMaker,
    installation: Installation,
    start_all: Callable[[], Any],
    wait_for: Callable[..., Any],
    elasticsearch_client: Elasticsearch,
) -> None:
    asyncio.run(send_as_of(installation, records, "nl-np", int(time.time() * 1000) - TWO_DAYS_MS))
    start_all()
    installation.push([records.message(agency, "1") for agency in ("fr-pj", "be-fp", "de-bk")])
    wait_for(lambda: prometheus.value('sum(up{job="liaison"})') == len(STAGES), 90)
    wait_for(lambda: (prometheus.value("sum(liaison_records_total{feed='intake'})") or 0) >= 4, 90)
    silent = wait_for(lambda: prometheus.firing("LiaisonFeedSilent"))
    assert [one["topic"] for one in silent] == ["cases.nl-np"]

    wait_for(installation.at_rest, 90)
    cases = Indices(installation.settings.namespace, installation.generation).write_alias("cases")
    lag = "sum(liaison_lag_records{feed='index-cases'})"
    wait_for(lambda: prometheus.value(lag) == 0)
    elasticsearch_client.indices.add_block(index=cases, block="write")
    installation.push([records.message("fr-pj", str(number)) for number in range(10, 30)])
    wait_for(lambda: (prometheus.value(lag) or 0) > 0)
    elasticsearch_client.indices.put_settings(index=cases, settings={"index.blocks.write": None})
    wait_for(lambda: prometheus.value(lag) == 0, 90)
    wait_for(lambda: prometheus.firing("LiaisonWorkerDown") == [])  # a busy worker may miss a scrape's second
