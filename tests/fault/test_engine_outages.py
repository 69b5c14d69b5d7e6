"""SIGKILL of an engine under load: workers wait, however long it takes, and lose nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.localstack import stack
from pipeline.localstack.ports import any_free
from pipeline.settings import Settings

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300)]


@pytest.fixture
def own_engines(tmp_path: Path) -> Iterator[Settings]:
    """A stack of this test's own, which it may kill."""
    home = Settings(
        home=tmp_path / "engines",
        kafka_url="",
        elasticsearch_url="",
        kafka_port=any_free(),
        elasticsearch_port=any_free(),
        offline=False,
    )
    stack.up(home)
    yield home
    stack.down(home)


@pytest.fixture
def engine_settings(own_engines: Settings, tmp_path: Path) -> Settings:
    """In place of the session's engines."""
    found = stack.endpoints(own_engines)
    return Settings(kafka_url=found.kafka, elasticsearch_url=found.elasticsearch, home=tmp_path, namespace="o-")


def kill(home: Settings, engine: str) -> None:
    found = next(status for status in stack.status(home) if status.name == engine)
    assert found.pid is not None
    os.kill(found.pid, signal.SIGKILL)


@pytest.mark.parametrize("engine", [pytest.param("elasticsearch", marks=pytest.mark.short), "kafka"])
def test_an_engine_killed_under_load(
    engine: str, own_engines: Settings, records: Any, installation: Any, start_all: Any, wait_for: Any
) -> None:
    feed = records.feed(200)
    half = len(feed) // 2
    workers = start_all()
    installation.push(feed[:half])
    wait_for(lambda: installation.accounting().decided > 0, deadline_s=60)
    kill(own_engines, engine)
    if engine == "elasticsearch":
        installation.push(feed[half:])
        wait_for(lambda: installation.accounting().decided == len(feed), deadline_s=60)
        assert not installation.at_rest()
    stack.up(own_engines)
    if engine == "kafka":
        installation.push(feed[half:])
    wait_for(lambda: installation.accounting().decided == len(feed) and installation.at_rest(), deadline_s=150)
    installation.holds(feed)
    assert [worker.poll() for worker in workers] == [None, None, None]
