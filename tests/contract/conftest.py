"""Worker processes and what can be seen of them from outside, for the contract tests of streams."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.topic_plans import apply_plan
from support.processes.starting import Start, started
from support.streams.echo import EachOnce, EchoTopics

ECHO_STAGE = "support.streams.echo_stage"

PARTITIONS = 4
"""Of each topic, as by default: these tests count by them."""


@pytest.fixture
def engine_settings(engine_settings: Settings) -> Settings:
    """Settings for the session's engines with PARTITIONS."""
    return engine_settings.model_copy(update={"case_partitions": PARTITIONS, "correlate_partitions": PARTITIONS})


@pytest.fixture
def start_echo(engine_environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Start an echo worker; all are killed at the end."""
    with started(ECHO_STAGE, engine_environment, tmp_path) as start:
        yield start


@pytest.fixture
def echo(engine_settings: Settings, kafka_admin: KafkaAdminClient) -> EchoTopics:
    """The echo stage's topics, created."""
    apply_plan(engine_settings, topics.plan_topics(engine_settings, [], []))
    return EchoTopics(engine_settings, kafka_admin)


@pytest.fixture
def each_once() -> EachOnce:
    """Assert that every source record was copied exactly once, in order, by stores that missed none."""

    def check(echo: EchoTopics, per_partition: int) -> None:
        expected = [(n, n + 1) for n in range(per_partition)]
        assert echo.copies() == dict.fromkeys(range(echo.settings.case_partitions), expected)

    return check
