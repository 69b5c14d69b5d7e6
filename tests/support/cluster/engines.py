"""Three Kafka brokers and three Elasticsearch nodes on loopback: processes that a test kills, freezes and restarts.

The ports lie below those that the kernel gives to outgoing connections. A client that tries again and again to reach a
dead server there would otherwise connect to itself sooner or later, and keep the port.
"""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from rich.console import Console

from pipeline.engines.layout import StackLayout
from pipeline.engines.ports import LOOPBACK
from pipeline.localstack import artifacts, processes, stack, start_cache
from pipeline.localstack.elasticsearch import Elasticsearch
from pipeline.localstack.engine import EngineLaunch, LocalServer
from pipeline.localstack.kafka import Kafka, new_cluster_id
from pipeline.settings import Settings
from support.ports import own_port

SIZE = 3

KAFKA_HEAP, ELASTICSEARCH_HEAP = "256m", "400m"

REPLICATED: dict[str, object] = {
    "default.replication.factor": SIZE,
    "min.insync.replicas": SIZE - 1,
    "offsets.topic.replication.factor": SIZE,
    "transaction.state.log.replication.factor": SIZE,
    "transaction.state.log.min.isr": SIZE - 1,
    "share.coordinator.state.topic.replication.factor": SIZE,
    "share.coordinator.state.topic.min.isr": SIZE - 1,
    # Kafka's defaults, where a local broker that is alone has shorter ones.
    "broker.session.timeout.ms": 9000,
    "broker.heartbeat.interval.ms": 2000,
}
"""What deploy/README.md asks of a cluster of three brokers."""

FAULT_DETECTION = {
    "cluster.fault_detection.follower_check.timeout": "3s",
    "cluster.fault_detection.leader_check.timeout": "3s",
}
"""What deploy/README.md asks of Elasticsearch: a node that hangs is put out after some 10 s."""

START_DEADLINE_S = 120.0
POLL_S = 0.1
ANSWER_TIMEOUT_S = 3.0


@dataclass
class Member:
    """One server of a cluster."""

    name: str
    engine: LocalServer
    launch: EngineLaunch
    process: psutil.Process | None = None

    def start(self) -> None:
        """Start its process; it need not serve yet."""
        self.engine.prepare_files(self.launch)
        layout = self.launch.layout
        layout.log(self.engine.address.name).parent.mkdir(parents=True, exist_ok=True)
        self.process = processes.spawn(
            self.engine.launch_command(self.launch), layout.console(self.engine.address.name), layout.home
        )

    def kill(self) -> None:
        """End it at once, frozen or not."""
        if self.process is not None:
            processes.kill_processes([self.process])
        self.process = None

    def stop(self) -> None:
        """End it in order."""
        assert self.process is not None
        killed = processes.stop_processes([self.process], grace_s=60)
        assert not killed, f"{self.name} did not end in order"
        self.process = None

    def freeze(self) -> None:
        """Stop its process where it is: its connections stay open and nobody answers."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def serves(self) -> bool:
        """Whether it answers requests now."""
        assert self.process is not None
        assert self.process.is_running(), f"{self.name} ended by itself: {self.end_of_log()}"
        launch = self.launch
        return processes.is_listening(self.process, launch.port) and self.engine.is_serving(
            launch.port, launch.layout, launch.settings
        )

    def end_of_log(self, lines: int = 15) -> str:
        """What it wrote last."""
        logs = (self.launch.layout.console(self.engine.address.name), self.launch.layout.log(self.engine.address.name))
        return "\n".join(line for log in logs if log.exists() for line in log.read_text().splitlines()[-lines:])


class EngineCluster:
    """The brokers and the nodes; `home` is the folder of all their data and logs."""

    def __init__(self, home: Path) -> None:
        jars = artifacts.fetch_jars(["kafka", "elasticsearch"], Settings(), Console(quiet=True))
        ports = [own_port() for _ in range(4 * SIZE)]
        clients, controllers, web, transport = (ports[at : at + SIZE] for at in range(0, 4 * SIZE, SIZE))
        self.brokers = [
            Member(f"broker {number}", engine, _launch(home / f"broker-{number}", jars["kafka"], port))
            for number, (engine, port) in enumerate(zip(_kafkas(clients, controllers), clients, strict=True), 1)
        ]
        self.nodes = [
            Member(f"node {number}", engine, _launch(home / f"node-{number}", jars["elasticsearch"], port))
            for number, (engine, port) in enumerate(zip(_elasticsearches(transport), web, strict=True), 1)
        ]

    @property
    def members(self) -> list[Member]:
        """All brokers and nodes."""
        return [*self.brokers, *self.nodes]

    @property
    def kafka_url(self) -> str:
        """All brokers' addresses."""
        return ",".join(f"{LOOPBACK}:{broker.launch.port}" for broker in self.brokers)

    @property
    def elasticsearch_url(self) -> str:
        """All nodes' addresses."""
        return ",".join(f"http://{LOOPBACK}:{node.launch.port}" for node in self.nodes)

    def start(self) -> None:
        """Start all, and return once they are whole."""
        for member in self.members:
            member.start()
        await_all(self.members, "serve")
        self.await_whole()

    def await_whole(self) -> None:
        """Return once nothing is missing."""
        _await(self.is_whole, "the clusters were not whole")

    def mend(self) -> None:
        """Thaw what is frozen and start what is dead."""
        for member in self.members:
            if member.process is None:
                member.start()
            member.thaw()
        await_all(self.members)
        self.await_whole()

    def kill(self) -> None:
        """End all at once."""
        processes.kill_processes([member.process for member in self.members if member.process is not None])

    def is_whole(self) -> bool:
        """Whether every broker and node takes part, and no replica of anything is missing or behind."""
        return self.kafka_is_whole() and self.elasticsearch_is_whole()

    def kafka_is_whole(self) -> bool:
        """Whether all brokers are registered and every partition has a leader and all its replicas in sync."""
        try:
            with admin_client(self.kafka_url) as client:
                registered = [b for b in client.describe_cluster()["brokers"] if not b.get("is_fenced")]
                partitions = [p for topic in client.describe_topics() for p in topic["partitions"]]
        except KafkaError:
            return False
        return len(registered) == SIZE and all(
            p["leader_id"] >= 0 and len(p["isr_nodes"]) == len(p["replica_nodes"]) for p in partitions
        )

    def elasticsearch_is_whole(self) -> bool:
        """Whether all nodes have joined and all shards are assigned, by the word of each node."""
        return all(self._is_green(node.launch.port) for node in self.nodes)

    def _is_green(self, port: int) -> bool:
        try:
            health = httpx.get(f"http://{LOOPBACK}:{port}/_cluster/health", timeout=ANSWER_TIMEOUT_S).json()
        except (httpx.HTTPError, ValueError):
            return False
        return bool(health.get("status") == "green" and health.get("number_of_nodes") == SIZE)


@contextmanager
def engine_cluster() -> Iterator[EngineCluster]:
    """A running cluster, whose processes and data are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="liaison-cluster-") as folder:
        home = Path(folder)
        cluster = EngineCluster(home)
        _train(cluster, home / "training")
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.kill()


def _train(cluster: EngineCluster, home: Path) -> None:
    """Make Java's start cache where this machine has none: six processes that each made their own would be slow."""
    members = (cluster.brokers[0], cluster.nodes[0])
    if all(
        "AOTCacheOutput" not in start_cache.cache_options(member.engine.address.name, member.launch)[0]
        for member in members
    ):
        return
    settings = Settings(home=home, kafka_url="", elasticsearch_url="", kafka_port=0, elasticsearch_port=0)
    stack.start_engines(settings)
    stack.stop_engines(settings)


@contextmanager
def admin_client(url: str) -> Iterator[KafkaAdminClient]:
    """An admin client that gives up soon. Raises KafkaError."""
    patience_ms = int(ANSWER_TIMEOUT_S * 1000)
    client = KafkaAdminClient(
        bootstrap_servers=url.split(","), request_timeout_ms=patience_ms, bootstrap_timeout_ms=patience_ms
    )
    try:
        yield client
    finally:
        client.close()


def await_all(members: Iterable[Member], what: str = "serve again") -> None:
    """Return once all of these serve."""
    for member in members:
        _await(member.serves, f"{member.name} did not {what}", member)


def _await(condition: Any, what: str, member: Member | None = None) -> None:
    deadline = time.monotonic() + START_DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, (
            f"{what} within {START_DEADLINE_S} s {member.end_of_log() if member else ''}"
        )
        time.sleep(POLL_S)


def _launch(home: Path, jars: list[Path], port: int) -> EngineLaunch:
    settings = Settings(home=home, kafka_heap=KAFKA_HEAP, elasticsearch_heap=ELASTICSEARCH_HEAP)
    return EngineLaunch(StackLayout.of(home), settings, jars, port)


def _kafkas(clients: list[int], controllers: list[int]) -> list[Kafka]:
    cluster_id = new_cluster_id()
    voters = ",".join(f"{number}@{LOOPBACK}:{port}" for number, port in enumerate(controllers, 1))
    return [
        Kafka(
            REPLICATED
            | {
                "node.id": number,
                "controller.quorum.voters": voters,
                "listeners": f"PLAINTEXT://{LOOPBACK}:{client},CONTROLLER://{LOOPBACK}:{controller}",
            },
            cluster_id,
        )
        for number, (client, controller) in enumerate(zip(clients, controllers, strict=True), 1)
    ]


def _elasticsearches(transport: list[int]) -> list[Elasticsearch]:
    addresses = ",".join(f"{LOOPBACK}:{port}" for port in transport)
    names = ",".join(f"node-{number}" for number in range(1, SIZE + 1))
    return [
        Elasticsearch(
            FAULT_DETECTION
            | {
                "node.name": f"node-{number}",
                "discovery.type": "multi-node",
                "discovery.seed_hosts": addresses,
                "cluster.initial_master_nodes": names,
                "transport.port": str(port),
            }
        )
        for number, port in enumerate(transport, 1)
    ]
