"""The fixtures of a whole installation and its workers; they serve the suites whose conftest imports them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.settings import Settings
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.installation.status_ports import STAGES, Ports
from support.ports import own_ports
from support.processes.starting import Process, Start, started

STAGE_PROCESS = "support.installation.stage_process"

StartAll = Callable[[], list[Process]]
"""Starts one worker of each stage."""


@pytest.fixture
def records() -> RecordMaker:
    """The test's record maker."""
    return RecordMaker()


@pytest.fixture
def make_installation() -> type[Installation]:
    """For tests that prepare Kafka themselves."""
    return Installation


@pytest.fixture
def installation(engine_settings: Settings, request: pytest.FixtureRequest) -> Installation:
    """Topics and agencies, ready for workers."""
    on_shared_engines = "engines" in request.fixturenames  # elsewhere a test stops and starts its own
    found = Installation(engine_settings, request.getfixturevalue("kafka_admin") if on_shared_engines else None)
    found.prepare()
    return found


@pytest.fixture
def start_stage(engine_environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Start a stage's process; all are killed at the end."""
    with started(STAGE_PROCESS, engine_environment, tmp_path) as start:
        yield start


@pytest.fixture
def start_all(start_stage: Start) -> StartAll:
    """Start one worker of each stage."""
    return lambda: [start_stage(stage) for stage in STAGES]


@pytest.fixture
def ports(engine_environment: dict[str, str]) -> Ports:
    """The status ports of the workers that the test starts from here on."""
    first = own_ports(len(STAGES)).start
    engine_environment["LIAISON_METRICS_PORT"] = str(first)
    return Ports(first)
