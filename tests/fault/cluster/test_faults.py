"""Brokers and nodes killed, frozen, restarted under load: nothing is lost, and searches go on.

`make test-cluster`; one fault by itself: `-k "node_frozen"`.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest

from pipeline.streams.kafka.producers import FAIL_OVER_S
from support.cluster.engines import EngineCluster, Member, admin_client, await_all
from support.cluster.faults import FaultReport, run_fault
from support.cluster.traffic import Traffic
from support.installation.command import LIAISON
from support.installation.installation import Installation
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(600)]

KILLED_S, FROZEN_S = 20.0, 30.0

Act = Callable[[], None]
Mend = Callable[[], Sequence[Member]]
RunFault = Callable[..., FaultReport]

NUMBERS = [0, 1, 2]


@pytest.fixture
def fault(
    cluster: EngineCluster,
    traffic: Traffic,
    reports: list[FaultReport],
    cluster_installation: Installation,
    cluster_processes: dict[str, subprocess.Popen[bytes]],
    cluster_environment: dict[str, str],
    wait_for: WaitFor,
) -> Iterator[RunFault]:
    """Run a fault under traffic; afterwards everything must be there, once, in each of its places."""

    def run(name: str, breaking: Act, mending: Mend, held_s: float, flows_meanwhile: bool = True) -> FaultReport:
        with traffic.flowing():
            began = time.monotonic()
            wait_for(lambda: traffic.has_caught_up(began))
            found = run_fault(cluster, traffic, name, breaking, mending, held_s, flows_meanwhile, wait_for)
            reports.append(found)
        nothing_is_lost()
        return found

    def nothing_is_lost() -> None:
        assert traffic.undelivered == []
        with suppress(pytest.fail.Exception):
            wait_for(cluster_installation.at_rest, deadline_s=120)
        assert cluster_installation.waiting() == []
        wait_for(lambda: not traffic.find_missing(), deadline_s=30)
        cluster_installation.holds(traffic.messages)
        assert audit_faults(cluster_environment) == []
        assert {name: process.poll() for name, process in cluster_processes.items()} == dict.fromkeys(cluster_processes)

    yield run
    cluster.mend()


def audit_faults(environment: dict[str, str]) -> list[Any]:
    words = [str(LIAISON), "ops", "audit", "verify", "--json"]
    verified = subprocess.run(words, env=environment, capture_output=True, text=True)
    found: list[Any] = json.loads(verified.stdout)["findings"]
    return found


def assert_searches_went_on(found: FaultReport, most_failed: float) -> None:
    assert found.failed_share <= most_failed, found
    assert max(found.slowest_s, found.longest_gap_s) <= FAIL_OVER_S + 2, found


@pytest.mark.parametrize("number", NUMBERS)
def test_broker_killed(number: int, cluster: EngineCluster, fault: Any) -> None:
    victim = cluster.brokers[number]
    found = fault(f"{victim.name} killed", victim.kill, lambda: started(victim), KILLED_S)
    assert_searches_went_on(found, 0.02)


@pytest.mark.parametrize("number", NUMBERS)
def test_node_killed(number: int, cluster: EngineCluster, fault: Any) -> None:
    victim = cluster.nodes[number]
    found = fault(f"{victim.name} killed", victim.kill, lambda: started(victim), KILLED_S)
    assert_searches_went_on(found, 0.02)


def test_broker_frozen(cluster: EngineCluster, fault: Any) -> None:
    victim = leader_of_audit(cluster)
    found = fault(f"{victim.name} frozen", victim.freeze, lambda: thawed(victim), FROZEN_S)
    assert_searches_went_on(found, 0.10)


def test_node_frozen(cluster: EngineCluster, fault: Any) -> None:
    victim = cluster.nodes[1]
    found = fault(f"{victim.name} frozen", victim.freeze, lambda: thawed(victim), FROZEN_S)
    assert found.failed_share <= 0.10, found


def test_two_brokers_down(cluster: EngineCluster, fault: Any) -> None:
    victims = cluster.brokers[:2]
    found = fault("two brokers down", lambda: killed(*victims), lambda: started(*victims), FROZEN_S, False)
    assert found.slowest_s <= FAIL_OVER_S + 1, found
    assert found.whole_s <= 30, found


def test_brokers_rolling(cluster: EngineCluster, fault: Any) -> None:
    found = fault("brokers rolling", lambda: rolled(cluster, cluster.brokers), list, 0.0)
    assert_searches_went_on(found, 0.02)


def test_nodes_rolling(cluster: EngineCluster, fault: Any) -> None:
    found = fault("nodes rolling", lambda: rolled(cluster, cluster.nodes), list, 0.0)
    assert_searches_went_on(found, 0.02)


def killed(*members: Member) -> None:
    for member in members:
        member.kill()


def started(*members: Member) -> Sequence[Member]:
    for member in members:
        member.start()
    return members


def thawed(member: Member) -> Sequence[Member]:
    member.thaw()
    return [member]


def rolled(cluster: EngineCluster, members: Sequence[Member]) -> None:
    """Restart one after another, each once all are whole again, as an upgrade does."""
    for member in members:
        member.stop()
        member.start()
        await_all([member])
        cluster.await_whole()


def leader_of_audit(cluster: EngineCluster) -> Member:
    """The broker that every answer of the API waits for."""
    with admin_client(cluster.kafka_url) as client:
        [topic] = client.describe_topics(["audit"])
    leader: int = topic["partitions"][0]["leader_id"]
    return cluster.brokers[leader - 1]
