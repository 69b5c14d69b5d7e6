"""One cluster and one installation for all tests of this folder, and the table of what each fault cost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from rich.console import Console

from pipeline.engines.ports import LOOPBACK
from pipeline.settings import Settings
from support.cluster.engines import SIZE, EngineCluster, engine_cluster
from support.cluster.faults import FaultReport, table_of
from support.cluster.traffic import Traffic
from support.installation.command import LIAISON
from support.installation.installation import Installation
from support.installation.status_ports import STAGES
from support.ports import own_port
from support.waiting import WaitFor

STARTED_WITHIN_S = 90.0
_reports = pytest.StashKey[list[FaultReport]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_reports] = []


@pytest.fixture(scope="session")
def reports(request: pytest.FixtureRequest) -> list[FaultReport]:
    """What the session's faults cost."""
    return request.config.stash[_reports]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if found := config.stash.get(_reports, []):
        Console(width=150, force_terminal=False).print(table_of(found))


@pytest.fixture(scope="session")
def cluster() -> Iterator[EngineCluster]:
    """Three brokers and three nodes."""
    with engine_cluster() as running:
        yield running


@pytest.fixture(scope="session")
def cluster_settings(cluster: EngineCluster, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An installation with as many replicas as there are servers."""
    return Settings(
        kafka_url=cluster.kafka_url,
        elasticsearch_url=cluster.elasticsearch_url,
        home=tmp_path_factory.mktemp("installation"),
        replication_factor=SIZE,
    )


@pytest.fixture(scope="session")
def cluster_environment(cluster_settings: Settings) -> dict[str, str]:
    """The same settings for processes."""
    return {
        **os.environ,
        "LIAISON_KAFKA_URL": cluster_settings.kafka_url,
        "LIAISON_ELASTICSEARCH_URL": cluster_settings.elasticsearch_url,
        "LIAISON_HOME": str(cluster_settings.home),
        "LIAISON_REPLICATION_FACTOR": str(SIZE),
        "LIAISON_INDEX_REPLICAS": str(SIZE - 1),
        "LIAISON_METRICS_PORT": "0",
        "LIAISON_REQUEST_RATE": "1000000",
    }


@pytest.fixture(scope="session")
def cluster_installation(cluster_settings: Settings) -> Installation:
    """Topics and agencies."""
    found = Installation(cluster_settings)
    found.prepare()
    return found


@pytest.fixture(scope="session")
def cluster_processes(
    cluster_installation: Installation, cluster_environment: dict[str, str]
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """A worker of each stage, and the API, whose port is in its name: `api:PORT`."""
    logs, port = cluster_installation.settings.home, own_port()
    words = {stage: ("worker", stage) for stage in STAGES} | {f"api:{port}": ("serve", "--port", str(port))}
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in words.items():
            with (logs / f"{name.partition(':')[0]}.log").open("wb") as log:
                running[name] = subprocess.Popen([LIAISON, *command], env=cluster_environment, stdout=log, stderr=log)
        yield running
    finally:
        for process in running.values():
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def traffic(
    cluster: EngineCluster,
    cluster_settings: Settings,
    cluster_processes: dict[str, subprocess.Popen[bytes]],
    wait_for: WaitFor,
) -> Traffic:
    """The load, not yet flowing, on an installation that has taken in and shows its first records."""
    [name] = [name for name in cluster_processes if name.startswith("api:")]
    url = f"http://{LOOPBACK}:{name.removeprefix('api:')}"
    wait_for(lambda: _is_ready(url), deadline_s=STARTED_WITHIN_S)
    found = Traffic(cluster_settings, url)
    with found.flowing():
        wait_for(lambda: found.has_caught_up(0.0) and found.searches and cluster.is_whole(), STARTED_WITHIN_S)
    return found


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
