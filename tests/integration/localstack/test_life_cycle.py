"""`liaison up | down | status` on real engines: idempotence, crashes, data, ports.

The tests share one stack and bring it up as they need it, so that few starts serve them all.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from elasticsearch import Elasticsearch
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from pipeline.engines.endpoints import Endpoints, endpoints
from pipeline.errors import LiaisonError
from pipeline.secret_file import read_secrets
from pipeline.settings import Settings
from support.installation.command import Home, by_name
from support.installation.file_modes import open_to_others
from support.waiting import PATIENCE_S, wait

# The timeout is for a `down` that makes the start cache while other tests have the processors busy.
pytestmark = [pytest.mark.engines, pytest.mark.xdist_group("localstack"), pytest.mark.timeout(300), pytest.mark.rare]

TOPIC = "kept"
INDEX = "kept"
LARGEST = 15 * 1024 * 1024
"""Bytes of a message near the largest that a topic of ours allows (16 MiB)."""


def pids(states: dict[str, dict[str, Any]]) -> dict[str, int]:
    return {name: state["pid"] for name, state in states.items()}


def urls(states: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: state["url"] for name, state in states.items()}


def kill(pid: int) -> None:
    """SIGKILL, and wait until it is gone: a process with much memory lives on for a moment on a busy machine."""
    process = psutil.Process(pid)
    process.kill()
    wait(lambda: is_gone(process))


def is_gone(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


async def write(states: dict[str, dict[str, Any]], message: bytes) -> None:
    """Put `message` into Kafka and its size into Elasticsearch, both acknowledged as durable."""
    async with AIOKafkaProducer(bootstrap_servers=states["kafka"]["url"], max_request_size=2 * LARGEST) as producer:
        await producer.send_and_wait(TOPIC, message)
    with Elasticsearch(states["elasticsearch"]["url"], request_timeout=PATIENCE_S) as client:
        client.index(index=INDEX, id=str(len(message)), document={"size": len(message)})


async def read(states: dict[str, dict[str, Any]]) -> tuple[list[int], list[int]]:
    """The sizes of all messages in Kafka, and those that Elasticsearch holds."""
    partition = TopicPartition(TOPIC, 0)
    messages: list[int] = []
    async with AIOKafkaConsumer(bootstrap_servers=states["kafka"]["url"]) as consumer:
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        end = (await consumer.end_offsets([partition]))[partition]
        while await consumer.position(partition) < end:
            messages.append(len((await consumer.getone()).value))
    with Elasticsearch(states["elasticsearch"]["url"], request_timeout=PATIENCE_S) as client:
        client.indices.refresh(index=INDEX)
        hits = client.search(index=INDEX, size=100)["hits"]["hits"]
    return sorted(messages), sorted(hit["_source"]["size"] for hit in hits)


def make_topic_and_index(states: dict[str, dict[str, Any]]) -> None:
    with closing(KafkaAdminClient(bootstrap_servers=states["kafka"]["url"])) as admin:
        if TOPIC not in admin.list_topics():
            admin.create_topics([NewTopic(TOPIC, 1, 1)])
    with Elasticsearch(states["elasticsearch"]["url"], request_timeout=PATIENCE_S) as client:
        client.options(ignore_status=400).indices.create(index=INDEX)


@contextmanager
def occupied_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_two_at_once_start_one_stack_and_a_third_changes_nothing(shared_home: Home) -> None:
    shared_home.path.chmod(0o755)
    both = [shared_home.start("up", "--json") for _ in range(2)]
    ends = [(process.communicate(timeout=200), process.returncode) for process in both]
    assert [code for _, code in ends] == [0, 0]
    first, second = (by_name(output) for (output, _), _ in ends)
    assert pids(first) == pids(second) == pids(shared_home.up())
    assert sorted(process.pid for process in shared_home.processes()) == sorted(pids(first).values())
    assert len(read_secrets(Settings(home=shared_home.path, secret_file=None))) == 1
    assert open_to_others(shared_home.path) == []


async def test_killed_engines_are_reported_and_restarted_where_they_were(shared_home: Home) -> None:
    before = shared_home.up()
    make_topic_and_index(before)
    await write(before, b"x" * 3)
    await write(before, b"x" * LARGEST)
    for pid in pids(before).values():
        kill(pid)
    assert {state["state"] for state in shared_home.status().values()} == {"killed"}
    assert shared_home.run("status").returncode == 1
    with pytest.raises(LiaisonError, match=r"has stopped; start it again with `liaison up`"):
        endpoints(Settings(home=shared_home.path, kafka_url="", elasticsearch_url=""))
    after = shared_home.up()
    assert urls(after) == urls(before)
    assert set(pids(after).values()).isdisjoint(pids(before).values())
    assert await read(after) == ([3, LARGEST], [3, LARGEST])


def test_one_killed_engine_is_restarted_alone(shared_home: Home) -> None:
    before = shared_home.up()
    kill(before["kafka"]["pid"])
    states = {name: state["state"] for name, state in shared_home.status().items()}
    assert states == {"kafka": "killed", "elasticsearch": "running"}
    after = shared_home.up()
    assert after["elasticsearch"] == before["elasticsearch"]
    assert after["kafka"]["url"] == before["kafka"]["url"]
    assert after["kafka"]["pid"] != before["kafka"]["pid"]


async def test_down_leaves_no_process_and_the_next_start_finds_the_data_on_other_ports(shared_home: Home) -> None:
    before = shared_home.up()
    make_topic_and_index(before)
    await write(before, b"x" * 5)
    held = await read(before)
    assert shared_home.run("down").returncode == 0
    assert shared_home.processes() == []
    assert {state["state"] for state in shared_home.status().values()} == {"stopped"}
    with pytest.raises(
        LiaisonError, match=r"no local engines are running; start them with `liaison up`, or set LIAISON_KAFKA_URL"
    ):
        endpoints(Settings(home=shared_home.path, kafka_url="", elasticsearch_url=""))
    with occupied_port() as busy:
        done = shared_home.run("up", "--json", kafka_port=str(busy), elasticsearch_port=str(busy))
    after = by_name(done.stdout)
    assert f"Port {busy} is in use" in done.stderr
    assert not any(url.endswith(f":{busy}") for url in urls(after).values())
    settings = Settings(home=shared_home.path, kafka_url="", elasticsearch_url="")
    assert endpoints(settings) == Endpoints(**urls(after))
    assert await read(after) == held


def test_the_node_keeps_its_promises_to_the_index(shared_home: Home) -> None:
    with Elasticsearch(shared_home.up()["elasticsearch"]["url"], request_timeout=PATIENCE_S) as client:
        stray = client.options(ignore_status=404).index(index="stray", document={"a": 1})
        assert stray["error"]["type"] == "index_not_found_exception"
        location = str(Path(shared_home.path) / "data" / "snapshots")
        repository = {"type": "fs", "settings": {"location": location}}
        assert client.snapshot.create_repository(name="local", repository=repository)["acknowledged"]
        given = client.cluster.get_settings(flat_settings=True, include_defaults=True)
        assert given["defaults"]["cluster.routing.allocation.disk.threshold_enabled"] == "false"


def test_everything_listens_on_loopback_only(shared_home: Home) -> None:
    states = shared_home.up()
    for pid in pids(states).values():
        listening = [s for s in psutil.Process(pid).net_connections("tcp") if s.status == psutil.CONN_LISTEN]
        assert listening
        assert {s.laddr.ip.removeprefix("::ffff:") for s in listening} == {"127.0.0.1"}
