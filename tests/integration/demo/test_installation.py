"""The demo's installation on real engines: each run starts empty, touches nothing else and leaves no process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psutil
import pytest
from aiokafka import TopicPartition
from elasticsearch import Elasticsearch
from kafka import KafkaAdminClient

from pipeline.correlation.store_file import lock_folder
from pipeline.demo.installation import NAMESPACE, Workers, demo_settings, reset_installation, running_workers
from pipeline.errors import LiaisonError
from pipeline.index.mappings import Indices
from pipeline.records.agencies import Agency
from pipeline.settings import Settings
from pipeline.streams.registers import registry
from pipeline.streams.runtime.stores import shared_root, store_folder
from pipeline.streams.workers.supervisor import STAGES

FRENCH, BELGIAN = Agency("fr-pj", "FR"), Agency("be-fp", "BE")


@pytest.fixture
def settings(engine_settings: Settings) -> Settings:
    return demo_settings(engine_settings)


def own_topics(admin: KafkaAdminClient, settings: Settings) -> set[str]:
    return {topic for topic in admin.list_topics() if topic.startswith(settings.namespace)}


def test_the_demo_works_in_a_namespace_within_that_of_the_environment(engine_settings: Settings) -> None:
    own = demo_settings(engine_settings)
    assert own.namespace == engine_settings.namespace + NAMESPACE


def test_a_second_run_finds_nothing_of_the_first(
    engine_settings: Settings, settings: Settings, kafka_admin: KafkaAdminClient, elasticsearch_client: Elasticsearch
) -> None:
    asyncio.run(reset_installation(settings, [FRENCH, BELGIAN]))
    index = Indices(settings.namespace, "").read_alias("old")
    elasticsearch_client.indices.create(index=index)
    held, others = (
        store_folder(shared_root(settings) / "0", "intake", "all", TopicPartition(f"{namespace}cases.be-fp", 0))
        for namespace in (settings.namespace, engine_settings.namespace)
    )
    for store in (held, others):
        lock_folder(store).close()
    asyncio.run(reset_installation(settings, [FRENCH]))
    assert list(asyncio.run(registry.read_agencies(settings))) == ["fr-pj"]
    assert f"{settings.namespace}cases.be-fp" not in own_topics(kafka_admin, settings)
    assert f"{settings.namespace}cases.fr-pj" in own_topics(kafka_admin, settings)
    assert not elasticsearch_client.indices.exists(index=index)
    assert not held.exists()
    assert others.exists()


def test_a_real_installation_beside_it_is_left_alone(
    engine_settings: Settings, settings: Settings, elasticsearch_client: Elasticsearch
) -> None:
    asyncio.run(registry.register_agency(engine_settings, BELGIAN))
    index = Indices(engine_settings.namespace, "").read_alias("cases")
    elasticsearch_client.indices.create(index=index)
    asyncio.run(reset_installation(settings, [FRENCH]))
    assert list(asyncio.run(registry.read_agencies(engine_settings))) == ["be-fp"]
    assert elasticsearch_client.indices.exists(index=index)


def test_workers_run_until_they_are_stopped_and_a_dead_one_is_noticed(
    settings: Settings, wait_for: Callable[..., object]
) -> None:
    asyncio.run(reset_installation(settings, [FRENCH]))
    with running_workers(settings) as own:
        # A child has its parent's command line until it executes its own.
        wait_for(lambda: set(_children()) == set(STAGES))
        children = _children()
        own.check_alive()
        children["correlate"].kill()
        wait_for(lambda: _noticed(own))
    assert not any(child.is_running() for child in children.values())


def _children() -> dict[str, psutil.Process]:
    return {stage: child for child in psutil.Process().children() for stage in STAGES if stage in _words(child)}


def _words(process: psutil.Process) -> list[str]:
    """Its command line; none of one that has just ended."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def _noticed(own: Workers) -> bool:
    try:
        own.check_alive()
    except LiaisonError as error:
        return "correlate worker ended" in str(error)
    return False
