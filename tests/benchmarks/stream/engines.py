"""Engines for a benchmark: those that the environment names, else a stack of its own."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.stream.population import COUNTRIES, agency_of
from pipeline.localstack import stack
from pipeline.records.agencies import Agency
from pipeline.secret_file import make_secret
from pipeline.settings import Settings
from pipeline.streams.provisioning.setup import apply_all
from pipeline.streams.registers.registry import register_agency


@contextmanager
def engines(home: Path) -> Iterator[tuple[Settings, dict[str, psutil.Process]]]:
    """Where they are, under a namespace of its own, and the processes of those that were started."""
    given = Settings()
    if given.kafka_url and given.elasticsearch_url:
        settings = given.model_copy(update={"home": home, "namespace": unused_namespace()})
        if not settings.secret_path.exists():
            make_secret(settings)
        yield settings, {}
        return
    own = Settings(home=home / "engines", kafka_url="", elasticsearch_url="", kafka_port=0, elasticsearch_port=0)
    found = stack.start_engines(own)
    try:
        running = {status.name: psutil.Process(status.pid) for status in stack.engine_statuses(own) if status.pid}
        urls: dict[str, Any] = {"kafka_url": found.kafka, "elasticsearch_url": found.elasticsearch}
        yield Settings(home=home, namespace=unused_namespace(), secret_file=own.secret_path, **urls), running
    finally:
        stack.stop_engines(own)


def unused_namespace() -> str:
    """One that no installation has."""
    return f"bench{uuid.uuid4().hex[:8]}-"


async def prepared(settings: Settings) -> None:
    """Topics, and the population's agencies."""
    await apply_all(settings)
    for country in COUNTRIES:
        await register_agency(settings, Agency(agency_of(country), country))


def environment_of(settings: Settings) -> dict[str, str]:
    """What a worker of the installation is started with."""
    return os.environ | {
        "LIAISON_KAFKA_URL": settings.kafka_url,
        "LIAISON_ELASTICSEARCH_URL": settings.elasticsearch_url,
        "LIAISON_NAMESPACE": settings.namespace,
        "LIAISON_HOME": str(settings.home),
        "LIAISON_SECRET_FILE": str(settings.secret_path),
        "LIAISON_METRICS_PORT": "0",
        "LIAISON_CORRELATE_PARTITIONS": str(settings.correlate_partitions),
    }
