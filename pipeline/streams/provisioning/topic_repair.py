"""`topics apply --repair`: existing topics get the replicas and settings that they lack; never other partitions.

Cut off, it is run again: brokers go on with what they have begun, and the rest is found by comparing anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from aiokafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.catalogues.topics import PlannedTopic
from pipeline.streams.kafka.admin import admin_client
from pipeline.streams.kafka.topic_state import (
    REPLICAS,
    TopicDifference,
    TopicState,
    compare_topics,
    internal_topics,
    read_states,
)
from pipeline.streams.provisioning.replica_placement import add_replicas

AT_A_TIME: Final = 24
"""Partitions that are copied at once: brokers go on serving meanwhile."""

POLL_S: Final = 0.5
"""Between two looks at what brokers have done."""

SEEN_WITHIN_S: Final = 10.0
"""Every broker knows of a change after this: the next question may go to another."""

ReportReplicas = Callable[[int, int], None]
"""Is told how many partitions have their replicas, of how many that lacked some."""


def repair_topics(settings: Settings, planned: Sequence[PlannedTopic], advance: ReportReplicas) -> list[str]:
    """Mend what differs in these topics, which exist, and in Kafka's own; returns a line for each thing mended.

    Replicas come first: with more required in sync than there are, nothing could be written.
    Raises LiaisonError where Kafka refuses, or too few brokers are up to hold the replicas.
    """
    with admin_client(settings) as client:
        names = [*(p.name for p in planned), *internal_topics(client)]
        states = read_states(client, names)
        found = _find_mendable(settings, planned, states)
        _await_copies(client, _read_assignments(states), lambda left: None)  # what a run that was cut off has begun
        if any(each.key == REPLICAS for each in found):
            _add_replicas(client, _read_assignments(states), settings.replication_factor, advance)
        _set_configuration(client, [each for each in found if each.key != REPLICAS])
        deadline = time.monotonic() + SEEN_WITHIN_S
        while _find_mendable(settings, planned, read_states(client, names)) and time.monotonic() < deadline:
            time.sleep(POLL_S)
    return [str(each) for each in found]


def _find_mendable(
    settings: Settings, planned: Sequence[PlannedTopic], states: Iterable[TopicState]
) -> list[TopicDifference]:
    return [each for each in compare_topics(planned, states, settings.replication_factor) if each.mendable]


def _read_assignments(states: Iterable[TopicState]) -> dict[TopicPartition, Sequence[int]]:
    return {TopicPartition(state.name, p): brokers for state in states for p, brokers in state.assigned.items()}


def _add_replicas(
    client: KafkaAdminClient, assigned: dict[TopicPartition, Sequence[int]], replicas: int, advance: ReportReplicas
) -> None:
    up = {b["broker_id"]: b["rack"] for b in client.describe_cluster()["brokers"] if not b.get("is_fenced")}
    if len(up) < replicas:
        have = "1 broker is" if len(up) == 1 else f"{len(up)} brokers are"
        raise LiaisonError(f"LIAISON_REPLICATION_FACTOR is {replicas}, but only {have} up: no replica was added")
    changed = add_replicas(assigned, up, replicas)
    partitions = list(changed)
    for begin in range(0, len(partitions), AT_A_TIME):
        batch = partitions[begin : begin + AT_A_TIME]
        _reassign_replicas(client, {partition: changed[partition] for partition in batch})
        _await_copies(client, batch, partial(_report_progress, advance, begin + len(batch), len(partitions)))


def _report_progress(advance: ReportReplicas, begun: int, total: int, copying: int) -> None:
    advance(begun - copying, total)


def _reassign_replicas(client: KafkaAdminClient, assignments: dict[TopicPartition, list[int]]) -> None:
    for partition, error in client.alter_partition_reassignments(assignments).items():
        if error is not None:
            raise LiaisonError(f"Kafka refused to add replicas to {partition.topic}: {error.__name__}")


def _await_copies(client: KafkaAdminClient, partitions: Iterable[TopicPartition], tell: Callable[[int], None]) -> None:
    """Return once none of these is being copied, however long it takes; `tell` hears how many still are."""
    wanted = list(partitions)
    while left := _count_copying(client, wanted):
        tell(left)
        time.sleep(POLL_S)
    tell(0)


def _count_copying(client: KafkaAdminClient, partitions: list[TopicPartition]) -> int:
    """How many partitions get replicas at the moment; all, while Kafka can't tell."""
    try:
        return len(client.list_partition_reassignments(partitions)) if partitions else 0
    except KafkaError as error:
        if not error.retriable:
            raise
        return len(partitions)


def _set_configuration(client: KafkaAdminClient, found: Sequence[TopicDifference]) -> None:
    if not found:
        return
    changes: dict[str, dict[str, str]] = {}
    for each in found:
        changes.setdefault(each.topic, {})[each.key] = each.wanted
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic, values) for topic, values in changes.items()]
    for answers in client.alter_configs(resources, incremental=True).values():
        for topic, answer in answers.items():
            if answer != "OK":
                raise LiaisonError(f"Kafka refused to change {topic}: {answer}")
