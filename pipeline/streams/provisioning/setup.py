"""Everything in Kafka that an installation needs, for the agencies and generations registered, and its repair.

`topics apply --repair` gives existing topics the replicas and settings that they lack; never other partitions. Cut off,
it is run again: brokers go on with what they have begun, and the rest is found by comparing anew. A worker warns where
a broker that is lost would take data with it.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from aiokafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError

from pipeline.errors import LiaisonError
from pipeline.matching.model import load_model
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.topics import PlannedTopic, is_named_by_catalogue
from pipeline.streams.kafka import admin
from pipeline.streams.kafka.admin import (
    REPLICAS,
    TopicDifference,
    TopicState,
    admin_client,
    compare_topics,
    internal_topics,
    read_states,
)
from pipeline.streams.registers.control import (
    GenerationControl,
    activate_generation,
    new_generation,
    read_control,
    register_generation,
)
from pipeline.streams.registers.registry import read_agencies

ReplicaAssignment = Mapping[TopicPartition, Sequence[int]]
"""The ids of the brokers that hold each partition, the preferred leader first."""


def add_replicas(
    assigned: ReplicaAssignment, racks: Mapping[int, str | None], replicas: int
) -> dict[TopicPartition, list[int]]:
    """Returns the new assignment of each partition that has fewer than `replicas`; what it has it keeps, in order.

    A new replica goes to a broker of a rack that holds none of the partition's, if there is one, and of those to the
    broker that holds fewest replicas. `racks` are the brokers that may take one, with the rack of each; a partition
    gets no more replicas than they allow.
    """
    held = Counter(broker for brokers in assigned.values() for broker in brokers)
    changed: dict[TopicPartition, list[int]] = {}
    for partition in sorted(assigned):
        brokers = list(assigned[partition])
        while len(brokers) < replicas and (free := sorted(racks.keys() - brokers)):
            used = {racks[broker] for broker in brokers if racks.get(broker) is not None}
            chosen = min(free, key=lambda broker: (racks[broker] in used, held[broker]))
            held[chosen] += 1
            brokers.append(chosen)
        if len(brokers) > len(assigned[partition]):
            changed[partition] = brokers
    return changed


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


async def apply_all(settings: Settings, mend: ReportReplicas | None = None) -> admin.TopicReport:
    """Create the missing topics of the installation, its agencies and its generations; with `mend`, repair the others.

    The model at hand makes the first generation; later ones come by `liaison ops generation build`. `mend` is told how
    far the copying of replicas has come.
    Raises LiaisonError.
    """
    own = new_generation(load_model(settings.model), settings.block_partitions)
    planned = topics.plan_topics(settings, [], [])
    found = admin.apply_plan(settings, planned)
    of_agencies = topics.agency_plan(settings, await read_agencies(settings))
    found += admin.apply_plan(settings, of_agencies)
    planned += of_agencies
    held = await read_control(settings)
    for generation in (held.generations or {own.id: own}).values():
        of_generation = topics.generation_plan(generation.apply_to_settings(settings), [generation.id])
        found += admin.apply_plan(settings, of_generation)
        planned += of_generation
    if not held.generations:
        await register_generation(settings, own)
    if not held.active:
        await activate_generation(settings, next(iter(held.generations), own.id))
    if mend is not None:
        found.repaired += repair_topics(settings, planned, mend)
    found.differences = [*map(str, admin.find_differences(settings, planned)), *_elsewhere_active(held, own.id)]
    return found


def _elsewhere_active(held: GenerationControl, own: str) -> list[str]:
    if not held.active or held.active == own:
        return []
    return [f"the model at hand makes generation {own}; {held.active} is active (see `liaison ops generation build`)"]


log = logging.getLogger(__name__)

TOPICS_NAMED: Final = 3
"""Topics that the one line of the log names; it counts all."""


def warn_of_missing_replicas(settings: Settings) -> None:
    """Log one line where topics have fewer replicas than LIAISON_REPLICATION_FACTOR asks for."""
    if settings.replication_factor == 1:
        return
    try:
        short = find_short_of_replicas(settings)
    except LiaisonError as error:
        log.warning("whether topics have all their replicas is not known: %s", error)
        return
    if short:
        named = ", ".join(f"{name} ({replicas})" for name, replicas in list(short.items())[:TOPICS_NAMED])
        log.warning(
            "topics with fewer replicas than LIAISON_REPLICATION_FACTOR=%d: %d, such as %s; run"
            " `liaison topics apply --repair`",
            settings.replication_factor,
            len(short),
            named,
        )


def find_short_of_replicas(settings: Settings) -> dict[str, int]:
    """This installation's topics with fewer replicas than asked for, as far as this user may see them.

    Returns how many replicas each has, by name. Raises LiaisonError.
    """
    with admin_client(settings) as client:
        held = {
            topic["name"]: min(len(p["replica_nodes"]) for p in topic["partitions"])
            for topic in client.describe_topics()
            if topic["partitions"] and is_named_by_catalogue(settings, topic["name"])
        }
    return {name: replicas for name, replicas in sorted(held.items()) if replicas < settings.replication_factor}
